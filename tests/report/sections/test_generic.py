from __future__ import annotations

from appliedml.core.artifact import Artifact, Status
from appliedml.report import blocks
from appliedml.report.sections.generic import Generic, artifact_blocks


def test_an_artifact_that_nobody_reads_shows_all_it_has(demo, tmp_path):
    found = Generic().blocks(demo.demo_run(tmp_path))

    assert found[0] == blocks.Subheading("Demo audit")
    captions = [block.caption for block in found if isinstance(block, blocks.Table)]
    assert captions == ["Demo audit: findings", "Demo audit: scores", "Demo audit: by group", "Demo audit: empty"]
    (values,) = [block for block in found if isinstance(block, blocks.KeyValues)]
    assert dict(values.items) == {"n": "3", "nested": "a: 1, 2", "threshold": "0.12"}
    assert found[-1].text == "Arrays in the run folder: weights 3 x 2."


def test_artifacts_that_others_read_are_not_repeated(demo, tmp_path):
    assert Generic().blocks(demo.demo_run(tmp_path, demo.gates_artifact())) == []


def test_a_skipped_artifact_is_its_reason():
    found = artifact_blocks(Artifact("my_audit", Status.NOT_APPLICABLE, reason="three classes"))

    assert found[1] == blocks.Callout("neutral", "My audit: not applicable", "three classes")
    assert len(found) == 2
