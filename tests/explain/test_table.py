"""Composite rows of arrays and mixed tables."""

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import StageError
from appliedml.explain.players import Players
from appliedml.explain.table import TableMasker, _mixed


def mixed(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": rng.normal(size=n),
            "count": rng.integers(0, 9, n),
            "kind": pd.Categorical(rng.choice(["a", "b"], n), categories=["a", "b", "c"]),
            "flag": rng.random(n) < 0.5,
            "text": rng.choice(["x", "yy", "zzz"], n),
            "small": rng.normal(size=n).astype("float32"),
            "time": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 9, n), unit="D"),
        }
    )


def test_composite_frames_hold_the_row_where_shown_and_the_background_elsewhere_with_types_kept():
    rows, background = mixed(3, 0), mixed(5, 1)
    players = Players(("a", "b", "c", "d"), ((0, 2), (1,), (3, 4), (5, 6)))
    masker = TableMasker(rows, background, players)
    rng = np.random.default_rng(2)
    chosen, draws = np.array([2, 0]), rng.integers(0, 5, 6)
    present = rng.random((2, 6, 4)) < 0.5

    found = masker.masked(chosen, present, draws)

    assert found.dtypes.equals(rows.dtypes)
    assert list(found.columns) == list(rows.columns)
    for i, row in enumerate(chosen):
        for j, draw in enumerate(draws):
            for column, name in enumerate(rows.columns):
                source = rows.loc[row, name] if present[i, j, players.of_column[column]] else background.loc[draw, name]
                assert found.loc[i * 6 + j, name] == source


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_numeric_tables_take_the_short_way_with_the_same_result(kind):
    rng = np.random.default_rng(0)
    rows, background = rng.normal(size=(3, 4)).astype("float32"), rng.normal(size=(5, 4)).astype("float32")
    wrap = (lambda x: x) if kind == "array" else (lambda x: pd.DataFrame(x, columns=list("abcd")))
    present = rng.random((3, 7, 4)) < 0.5
    draws = rng.integers(0, 5, 7)

    found = np.asarray(TableMasker(wrap(rows), wrap(background)).masked(np.arange(3), present, draws))

    assert found.dtype == np.float32
    expected = np.where(present, rows[:, None], background[draws][None]).reshape(21, 4)
    np.testing.assert_array_equal(found, expected)


def test_a_category_missing_from_the_background_survives():
    rows = pd.DataFrame({"kind": pd.Categorical(["c"], categories=["a", "c"])})
    background = pd.DataFrame({"kind": pd.Categorical(["a"], categories=["a", "c"])})

    found = TableMasker(rows, background).masked(np.array([0]), np.array([[[True], [False]]]), np.array([0, 0]))

    assert found["kind"].tolist() == ["c", "a"]


def test_columns_are_grouped_by_their_source():
    table = pd.DataFrame({"kind_a": [1.0], "kind_b": [0.0], "amount": [2.0]})

    assert TableMasker(table, table, sources={"kind_a": "kind", "kind_b": "kind"}).names == ("kind", "amount")


@pytest.mark.parametrize(
    ("rows", "background", "message"),
    [
        (np.zeros((1, 2)), np.zeros((1, 3)), "equal width"),
        (np.zeros((0, 2)), np.zeros((1, 2)), "needs rows"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), "same columns"),
        (pd.DataFrame({"a": [1]}), np.zeros((1, 1)), "both"),
    ],
)
def test_tables_that_do_not_fit_are_refused(rows, background, message):
    with pytest.raises(StageError, match=message):
        TableMasker(rows, background)


def test_players_must_cover_the_columns():
    with pytest.raises(StageError, match="cover 1 columns"):
        TableMasker(np.zeros((1, 2)), np.zeros((1, 2)), Players(("a",), ((0,),)))


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int64", "int8", "bool", "datetime64[s]"])
@pytest.mark.parametrize("n_masks", [1, 3])
def test_a_choice_of_bits_is_that_of_where(kind, n_masks):
    rng = np.random.default_rng(0)
    own, other = (rng.integers(-90, 90, (n, 4)).astype(kind) for n in (3, 5))
    shown = rng.random((n_masks, 5, 4)) < 0.5
    if kind.startswith("float"):
        own[0, 0], other[1, 1], other[2, 2] = np.nan, -np.inf, -0.0

    expected = np.where(shown, own[:, None], other[None]).reshape(15, 4)
    found = _mixed(shown, own, other)

    assert found.dtype == expected.dtype
    assert found.tobytes() == expected.tobytes()


def test_tables_of_two_types_are_mixed_in_the_wider_one():
    own, other = np.array([[1, 2]]), np.array([[0.5, 1.5]], dtype=np.float32)
    shown = np.array([[[True, False]]])

    np.testing.assert_array_equal(_mixed(shown, own, other), [[1.0, 1.5]])
