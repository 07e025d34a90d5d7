import subprocess

from appliedml.execution.environment import git_commit, versions


def test_versions_name_what_decides_results():
    assert {"python", "tensorflow", "keras", "numpy", "appliedml"} <= set(versions())


def test_a_folder_outside_a_repository_has_no_commit(tmp_path):
    assert git_commit(tmp_path) is None


def test_changed_files_show_beside_the_commit(tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True)

    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-qm", "first")
    commit = git_commit(tmp_path)
    assert len(commit) == 40
    (tmp_path / "a").write_text("2")
    assert git_commit(tmp_path) == f"{commit}+changes"
