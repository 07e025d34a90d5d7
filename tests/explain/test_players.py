"""Players: columns that belong together."""

import pytest

from appliedml.errors import StageError
from appliedml.explain.players import Players, players_of


def test_one_hot_columns_and_the_missing_indicator_of_a_category_are_one_player():
    sources = {"kind_car": "kind", "kind_home": "kind", "kind_missing": "kind", "amount": "amount"}

    players = players_of(["amount", "kind_car", "speed", "kind_home", "kind_missing"], sources)

    assert players.names == ("amount", "kind", "speed")
    assert players.columns == ((0,), (1, 3, 4), (2,))
    assert players.of_column.tolist() == [0, 1, 2, 1, 1]


@pytest.mark.parametrize("columns", [((0,), (0, 1)), ((0,), (2,)), ((0, 1), ())])
def test_a_column_shared_or_left_out_is_refused(columns):
    with pytest.raises(StageError, match="exactly one player"):
        Players(("a", "b"), columns)
