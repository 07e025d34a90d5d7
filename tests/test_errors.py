import pickle

import pytest

from appliedml import errors


def test_the_docstring_draws_the_whole_tree():
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert name in errors.__doc__


def test_several_problems_stand_under_each_other():
    error = errors.PlanError([errors.Problem("a", "is wrong."), errors.Problem("long[2]", "too.")], "p.yaml")
    assert str(error) == "2 problems in p.yaml\n  a        is wrong.\n  long[2]  too."


@pytest.mark.parametrize(
    "error",
    [errors.PlanError([errors.Problem("a", "b")], "c"), errors.DataError("d"), errors.MissingExtraError("e")],
)
def test_errors_come_back_from_worker_processes(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_data_errors_are_value_errors_for_scikit_learn():
    assert issubclass(errors.DataError, ValueError)
    assert issubclass(errors.ParameterError, errors.StageError)
