import pytest

from appliedml.core import params
from appliedml.core.params import AnyOf, Boolean, Choice, Integer, ListOf, MapOf, Null, Real, Record, Scalar, Text


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (Integer(1, 5), [1, 5], [0, 6, True, 2.0, "3", None]),
        (Real(0, 1, open_low=True), [0.1, 1, 1.0], [0, 1.1, float("nan"), float("inf"), True, "1"]),
        (Boolean(), [True, False], [0, "no", None]),
        (Text(), ["a"], ["", 1, None]),
        (Scalar(), ["a", 1, 2.5, False], [None, [], {}]),
        (Choice("a", "b"), ["a"], ["c", None, ["a"]]),
        (Null(), [None], [0, False, ""]),
        (ListOf(Integer(), 1), [[1], (1, 2)], [[], ["a"], "12", None]),
        (MapOf(Real()), [{"a": 1.5}, {}], [{"a": "b"}, {1: 2.0}, []]),
        (
            Record({"a": Text(), "b": Real()}, optional=("b",)),
            [{"a": "x"}, {"a": "x", "b": 1}],
            [{}, {"a": "x", "c": 1}],
        ),
        (AnyOf(Null(), Integer()), [None, 3], ["a", 2.5]),
    ],
)
def test_rules_accept_and_refuse(rule, good, bad):
    assert all(rule.accepts(value) for value in good)
    assert not any(rule.accepts(value) for value in bad)
    assert rule.describe()


def test_a_close_choice_is_suggested():
    sentence = params.rule_sentence("Smote", "kind", Choice("svm", "plain"), "smv")
    assert sentence.endswith("Did you mean 'svm'?")


def test_long_values_are_shortened_in_the_sentence():
    assert len(params.rule_sentence("A", "b", Integer(), "x" * 10_000)) < 200
