from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from appliedml.errors import StageError
from appliedml.stages.prepare.ranges_to_numbers import RangesToNumbers

# What a reader of the file would say the order of the levels is.
CLAIMS = {
    "VehiclePrice": "less than 20000, 20000 to 29000, 30000 to 39000, 40000 to 59000, 60000 to 69000, more than 69000",
    "Days_Policy_Accident": "none, 1 to 7, 8 to 15, 15 to 30, more than 30",
    "Days_Policy_Claim": "none, 8 to 15, 15 to 30, more than 30",
    "PastNumberOfClaims": "none, 1, 2 to 4, more than 4",
    "AgeOfVehicle": "new, 2 years, 3 years, 4 years, 5 years, 6 years, 7 years, more than 7",
    "AgeOfPolicyHolder": "16 to 17, 18 to 20, 21 to 25, 26 to 30, 31 to 35, 36 to 40, 41 to 50, 51 to 65, over 65",
    "NumberOfSuppliments": "none, 1 to 2, 3 to 5, more than 5",
    "AddressChange_Claim": "under 6 months, 1 year, 2 to 3 years, 4 to 8 years, no change",
    "NumberOfCars": "1 vehicle, 2 vehicles, 3 to 4, 5 to 8, more than 8",
}


def test_the_ranges_of_the_real_claims_become_numbers_in_order_and_nothing_else_changes(shared_data):
    path = shared_data / "vehicle_claims" / "claims.csv"
    if not path.is_file():
        pytest.skip(f"the real claims are not here: {path} does not exist")
    claims = pd.read_csv(path)
    stage = RangesToNumbers()

    out = stage.fit_transform(claims)

    assert set(stage.readings_) == set(CLAIMS)
    for column, levels in CLAIMS.items():
        numbers = stage.readings_[column]
        assert ", ".join(sorted(numbers, key=numbers.__getitem__)) == levels
        assert len(set(numbers.values())) == len(numbers)
        assert out[column].notna().all()
    others = [column for column in claims.columns if column not in CLAIMS]
    pd.testing.assert_frame_equal(out[others], claims[others])
    assert stage.notes_ == []


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "moved": ["under 6 months", "1 year", "2 to 3 years", "4 to 8 years", "no change"],
            "age": ["16 to 17", "31 to 35", "over 65", "new", None],
            "policy": ["Sedan - Liability", "Sedan - Collision", "Sport - Liability", "none", "none"],
        }
    )


def test_units_are_joined_and_what_never_happened_lies_beyond_all(table):
    stage = RangesToNumbers()

    out = stage.fit_transform(table)

    assert out["moved"].tolist() == pytest.approx([0.25, 1, 2.5, 6, 10])
    assert out["age"].tolist()[:4] == [16.5, 33, 81.25, 0]
    assert out["age"].isna().tolist() == [False] * 4 + [True]
    assert out["policy"].tolist() == table["policy"].tolist()
    assert stage.units_ == {"moved": "year", "age": ""}


def test_words_and_the_factor_for_open_ranges_can_be_set(table):
    out = RangesToNumbers(words={"No  change": 0}, beyond=2).fit_transform(table)

    assert out["moved"].tolist()[4] == 0
    assert out["age"].tolist()[2] == 130


def test_the_highest_word_lies_beyond_open_ranges_too():
    table = pd.DataFrame({"moved": ["1 to 2 years", "over 8 years", "never"]})

    assert RangesToNumbers().fit_transform(table)["moved"].tolist() == [1.5, 10, 12.5]


def test_new_levels_are_read_by_the_same_grammar_and_strange_ones_are_missing(table):
    stage = RangesToNumbers().fit(table)

    out = stage.transform(table.assign(age=["66 to 70", "seventy", "3 doors", "16 to 17", "Over 65"]))["age"]

    np.testing.assert_array_equal(out, [68, np.nan, np.nan, 16.5, 81.25])


def test_a_column_is_read_only_if_enough_of_its_levels_are_understood_and_losses_are_noted():
    levels = ["1 to 2", "3 to 4", "5 to 6", "more than 6", "who knows"]
    table = pd.DataFrame({"n": levels})

    stage = RangesToNumbers(min_share=0.8)
    assert stage.fit_transform(table)["n"].isna().tolist() == [False] * 4 + [True]
    assert stage.notes_ == ["n: levels not understood as numbers, set to missing: ['who knows']."]
    assert RangesToNumbers(min_share=0.9).fit_transform(table)["n"].tolist() == levels


@pytest.mark.parametrize(
    "levels",
    [["01234", "98765", "55555"], ["2 doors", "4 cylinders"], ["none", "new"], [f"{i} to {i + 1}" for i in range(300)]],
    ids=["codes", "units that differ", "words only", "too many levels"],
)
def test_columns_that_only_look_alike_are_left_alone(levels):
    table = pd.DataFrame({"c": levels})

    assert RangesToNumbers().fit_transform(table)["c"].tolist() == levels


def test_a_named_column_is_read_even_if_it_holds_plain_numbers_only():
    out = RangesToNumbers(columns=["c"]).fit_transform(pd.DataFrame({"c": ["1", "20"], "d": ["1 to 2", "3"]}))

    assert out["c"].tolist() == [1, 20]
    assert out["d"].tolist() == ["1 to 2", "3"]


def test_a_named_column_that_is_not_understood_is_refused_with_the_reason(table):
    with pytest.raises(StageError, match=r"1 of its 4 levels are understood, .* Not understood: \['Sedan"):
        RangesToNumbers(columns=["policy"]).fit(table)
    with pytest.raises(StageError, match=r"do not fit together: \['cylinder', 'door'\]"):
        RangesToNumbers(columns=["c"]).fit(pd.DataFrame({"c": ["2 doors", "4 cylinders"]}))


def test_category_columns_are_read_too(table):
    out = RangesToNumbers().fit_transform(table.astype({"moved": "category"}))

    assert out["moved"].dtype == np.float64
