"""The README keeps its word: paths, make targets and commands are there, and no placeholder is left."""

import re

import pytest
import yaml

from appliedml import cli
from appliedml.gates.policy import policy_from


@pytest.fixture(scope="module")
def text(root):
    return (root / "README.md").read_text(encoding="utf-8")


def test_the_two_commands_stand_at_the_top(text):
    assert text.splitlines()[3].startswith("make demo")
    assert text.splitlines()[4].startswith("make test")


def test_every_path_it_names_is_there(root, text):
    paths = set(re.findall(r"\]\(([^)#:]+)\)", text)) | set(
        re.findall(r"`((?:pipelines|data|tests|appliedml)/[\w/.]*)`", text)
    )
    assert paths
    assert [path for path in sorted(paths) if not (root / path).exists()] == []


def test_every_make_target_it_names_has_a_rule_whose_files_exist(root, text):
    makefile = (root / "Makefile").read_text()
    for target in set(re.findall(r"`?make ([a-z-]+)`?", text)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for script in re.findall(r"\$\(BIN\)/python ([\w/]+\.py)", makefile):
        assert (root / script).is_file(), script


def test_every_command_it_names_exists(text):
    commands = {command.name for command in cli.app.registered_commands} | {
        command.callback.__name__ for command in cli.app.registered_commands
    }
    commands |= {group.name for group in cli.app.registered_groups}
    assert set(re.findall(r"^appliedml ([a-z]+) ", text, re.MULTILINE)) <= commands


def test_the_policy_it_shows_is_one_and_its_waiver_is_whole(text):
    (shown,) = re.findall(r"```yaml\n(version: 1\ngates:.*?)```", text, re.DOTALL)
    policy = policy_from(yaml.safe_load(shown))
    (waiver,) = policy.waivers
    assert waiver.gate in [gate.name for gate in policy.gates]
    assert all((waiver.owner, waiver.reason, waiver.until))


def test_no_placeholder_is_left(text):
    assert re.findall(r"\b[A-Z]+_[A-Z_]+\b|TODO|FIXME|XXX", text) == []
