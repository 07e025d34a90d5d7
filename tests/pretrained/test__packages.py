"""The table of weight packages."""

from __future__ import annotations

import json
import re

import pytest

from appliedml.pretrained._packages import PACKAGES


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_every_package_names_exact_files_a_licence_and_who_trained_it(name):
    package = PACKAGES[name]

    assert package.name == name
    assert re.fullmatch(r"\d+(\.\d+)+", package.version)
    assert package.licence and package.source and package.citation
    assert len({file.name for file in package.files}) == len(package.files) > 0
    for file in package.files:
        assert file.size > 0
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert "/" not in file.name and ".." not in file.member


def test_facts_are_json_and_hold_the_hash_of_every_file():
    facts = PACKAGES["efficientnet_lite0"].facts()

    assert json.loads(json.dumps(facts)) == facts
    assert facts["sha256"]["efficientnet-lite0-57934424.pth"].startswith("57934424")
    assert facts["licence"] == "Apache-2.0"
