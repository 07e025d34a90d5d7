from __future__ import annotations

import json
import subprocess
import sys

from appliedml.report._artist import SCRIPT


def test_one_answer_a_line_and_null_for_what_cannot_be_drawn():
    lines = [{"mark": "point"}, {"mark": {"type": "no such mark"}}, {"mark": "point"}]
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT)],
        input="\n".join(json.dumps(line) for line in lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert first.startswith("<svg")
    assert second is None
    assert third == first
