import pytest

from appliedml.engines.local import Local
from appliedml.errors import DataError, EngineError, ParameterError


def times(shared, job):
    return shared * job


def refuse(shared, job):
    raise DataError(f"job {job}")


def test_results_come_in_the_order_of_the_jobs():
    assert list(Local().map(times, 3, [1, 2, 3])) == [3, 6, 9]


def test_worker_processes_give_the_same_results():
    assert list(Local(workers=2).map(pow, 3, [1, 2, 3, 4])) == [3, 9, 27, 81]


def test_errors_of_a_job_come_through():
    with pytest.raises(DataError, match="job 1"):
        list(Local().map(refuse, None, [1]))


def test_parameters_are_checked():
    with pytest.raises(ParameterError, match="Local: workers must be"):
        list(Local(workers=0).map(times, 1, [1]))


def test_a_dead_worker_is_one_sentence():
    with pytest.raises(EngineError, match="a worker process died"):
        # A builtin, so that a worker needs none of this file: eval(code, globals).
        list(Local(workers=2).map(eval, "__import__('os')._exit(3)", [{}, {}]))
