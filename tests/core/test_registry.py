import textwrap

import pytest
from sklearn.preprocessing import StandardScaler

from appliedml.core import registry
from appliedml.core.registry import build, entry_of, find, names, problems_of, split_entry
from appliedml.errors import StageError


@pytest.mark.parametrize("kind", sorted(registry.ROOMS))
def test_every_registered_file_holds_the_class_of_its_name(kind):
    for name in names(kind):
        if (kind, name) == ("engines", "ray"):
            continue
        assert find(kind, name).__doc__


def test_a_misspelt_name_is_answered_with_the_closest():
    with pytest.raises(StageError, match=r"'smoet' is not a stage. Did you mean 'smote'"):
        find("stages", "smoet")


def test_all_problems_of_an_entry_come_together():
    problems = problems_of("splits", {"kfold": {"folds": 1, "shufle": True}}, "split")
    assert len(problems) == 2
    assert {problem.where for problem in problems} == {"split"}


@pytest.mark.parametrize("entry", [{"a": 1, "b": 2}, 7, {"smote": [1]}, {"smote": {1: 2}}, None])
def test_an_entry_of_another_form_is_refused(entry):
    with pytest.raises(StageError, match="must be a name"):
        split_entry(entry)


def test_an_entry_comes_back_from_its_object_without_defaults():
    entry = {"kfold": {"folds": 3}}
    assert entry_of(build("splits", entry)) == entry
    assert entry_of(build("splits", "kfold")) == "kfold"


def test_scikit_learn_stages_have_names_too():
    assert entry_of(StandardScaler(with_mean=False)) == {"standard_scaler": {"with_mean": False}}


def test_an_object_without_a_name_cannot_be_put_in_a_plan():
    class Mine:
        def get_params(self, deep=True):
            return {}

    with pytest.raises(StageError, match="no registry name"):
        entry_of(Mine())


def test_a_parameter_that_is_no_json_value_cannot_be_put_in_a_plan():
    with pytest.raises(StageError, match="not a JSON value"):
        entry_of(build("splits", "kfold").set_params(folds=object()))


def test_a_name_is_never_a_dotted_import():
    with pytest.raises(StageError, match="is not a stage"):
        find("stages", "os.system")


def test_names_are_listed_without_importing_them(run_python):
    code = """
        import sys
        from appliedml.core.registry import names
        names("stages"), names("audits"), names("builders")
        assert "appliedml.stages.balance.smote" not in sys.modules
        assert "imblearn" not in sys.modules
    """
    run_python(textwrap.dedent(code))
