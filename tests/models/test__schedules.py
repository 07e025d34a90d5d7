import numpy as np
import pytest

from appliedml.errors import StageError
from appliedml.models._schedules import SCHEDULE_RULE, Schedule


def first_rates(schedule, epochs, n_steps=10):
    made = Schedule(1.0, schedule, epochs)
    return [float(made.rates(epoch, n_steps)[0]) for epoch in range(epochs)]


def test_no_schedule_keeps_the_rate():
    assert first_rates(None, 3) == [1.0, 1.0, 1.0]


def test_step_multiplies_every_few_epochs():
    assert first_rates({"step": {"every_epochs": 2, "factor": 0.1}}, 5) == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_exponential_falls_by_its_factor_an_epoch():
    assert first_rates({"exponential": {"factor": 0.5}}, 3) == pytest.approx([1, 0.5, 0.25])


def test_cosine_warms_up_and_ends_at_its_floor():
    schedule = Schedule(1.0, {"cosine": {"warmup_epochs": 2, "floor": 0.1}}, 10)
    rates = np.concatenate([schedule.rates(epoch, 100) for epoch in range(10)])

    assert rates[0] == pytest.approx(0.005)
    assert rates.argmax() == pytest.approx(200, abs=1)
    assert rates.max() == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.1, abs=1e-3)
    assert rates[600] == pytest.approx(0.55, abs=1e-3)


def test_cyclical_peaks_in_the_middle_of_a_cycle_and_decays():
    rates = first_rates({"cyclical": {"cycle_epochs": 4, "peak": 3.0, "decay": 0.5}}, 8)

    assert rates == pytest.approx([1, 2, 3, 2, 1, 1.5, 2, 1.5])


def test_reduce_on_plateau_waits_then_reduces_down_to_its_floor():
    plateau = {"reduce_on_plateau": {"patience_epochs": 2, "factor": 0.1, "floor": 0.05}}
    schedule = Schedule(1.0, plateau, 10)
    seen = []
    for value in (1.0, 0.9, 0.9, 0.9, 0.9, 0.9):
        schedule.saw(value)
        seen.append(float(schedule.rates(0, 1)[0]))

    assert seen == pytest.approx([1, 1, 1, 0.1, 0.1, 0.05])


@pytest.mark.parametrize("good", [None, "cosine", {"step": {}}, {"cyclical": {"peak": 2}}])
def test_the_rule_accepts_names_and_mappings(good):
    assert SCHEDULE_RULE.accepts(good)


@pytest.mark.parametrize("bad", ["cosin", {"step": {"factor": 2}}, {"step": {}, "cosine": {}}, {}, 3])
def test_the_rule_refuses_the_rest(bad):
    assert not SCHEDULE_RULE.accepts(bad)


def test_an_unknown_name_is_refused():
    with pytest.raises(StageError, match="'linear' is not known"):
        Schedule(1.0, "linear", 3)
