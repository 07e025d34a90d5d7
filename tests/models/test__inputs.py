import numpy as np
import pandas as pd
import pytest

from appliedml.errors import DataError
from appliedml.models._inputs import MOST_CODES, InputSpec, TableEncoder


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "age": [30, 40, 50],
            "member": [True, False, True],
            "colour": ["red", None, "blue"],
            "size": pd.Categorical([2, 1, 2]),
        }
    )


def test_columns_are_told_apart_by_their_type(table):
    spec = TableEncoder.learn(table).spec

    assert spec == InputSpec(("age", "member"), ("colour", "size"), (4, 4))


def test_levels_get_codes_in_sorted_order_and_missing_ones_code_0(table):
    codes = TableEncoder.learn(table).encode(table)["codes"]

    assert codes.tolist() == [[2, 2], [0, 1], [1, 2]]
    assert codes.dtype == np.int32


def test_a_level_unknown_in_training_gets_code_0(table):
    later = table.assign(colour=["green", "red", "blue"])

    assert TableEncoder.learn(table).encode(later)["codes"][:, 0].tolist() == [0, 2, 1]


def test_integers_that_became_floats_are_the_same_levels():
    """A missing value elsewhere in the column turns 1 into 1.0."""
    encoder = TableEncoder.learn(pd.DataFrame({"k": pd.Series([1, 2], dtype=object)}))
    later = pd.DataFrame({"k": pd.Series([2.0, None, 1.0], dtype=object)})

    assert encoder.encode(later)["codes"][:, 0].tolist() == [2, 0, 1]


def test_a_fold_without_a_rare_level_has_the_same_shape():
    full = TableEncoder.learn(pd.DataFrame({"k": ["a", "b", "c"]}))
    fold = TableEncoder.learn(pd.DataFrame({"k": ["a", "b", "b"]}))

    assert full.spec == fold.spec


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_numbers_that_are_not_finite_are_refused_with_the_column_named(table, value):
    broken = table.assign(age=[30.0, value, 50.0])

    with pytest.raises(DataError, match="'age'.*Impute"):
        TableEncoder.learn(table).encode(broken)


def test_text_where_training_had_numbers_is_refused(table):
    with pytest.raises(DataError, match="'age' held numbers in training"):
        TableEncoder.learn(table).encode(table.assign(age=["x", "y", "z"]))


def test_dates_are_refused():
    with pytest.raises(DataError, match="neither a number nor a category"):
        TableEncoder.learn(pd.DataFrame({"when": pd.to_datetime(["2024-01-01"])}))


def test_repeated_column_names_are_refused():
    with pytest.raises(DataError, match="more than once: a"):
        TableEncoder.learn(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_an_encoder_of_arrays_takes_tables_by_position():
    encoder = TableEncoder.learn(np.zeros((1, 2)))

    assert encoder.encode(pd.DataFrame({"p": [1.0], "q": [2.0]}))["numbers"].tolist() == [[1.0, 2.0]]


def test_an_encoder_survives_json(table):
    encoder = TableEncoder.learn(table)
    again = TableEncoder.from_json(encoder.to_json())

    assert again.encode(table)["codes"].tolist() == encoder.encode(table)["codes"].tolist()


def test_a_number_with_few_values_can_be_a_category_too(table):
    encoder = TableEncoder.learn(table.assign(wide=[0.1, 0.2, 0.30000001]), embed_numbers_up_to=2)
    arrays = encoder.encode(table.assign(wide=[0.1, 0.2, 0.3], member=[False, True, False]))

    assert encoder.spec.numbers == ("age", "member", "wide")
    assert encoder.spec.categories == ("member", "colour", "size")
    assert arrays["codes"][:, 0].tolist() == [1, 2, 1]


def test_an_array_can_have_embedded_numbers():
    encoder = TableEncoder.learn(np.array([[1.0, 5.0], [2.0, 6.0], [1.0, 7.0]]), embed_numbers_up_to=2)

    assert encoder.encode(np.array([[2.0, 5.0], [3.0, 5.0]]))["codes"].tolist() == [[2], [0]]


@pytest.mark.parametrize("dtype", [object, "str"])
def test_measurements_in_text_are_a_category_with_a_warning(dtype):
    table = pd.DataFrame(
        {
            "a": ["1.5", None, "-2e3"] * 20,
            "b": ["x", "1.5", "2"] * 20,
            "c": [str(place) for place in range(MOST_CODES + 10)],
        },
        dtype=dtype,
    )

    with pytest.warns(UserWarning, match=r"the text of 'a', 'c' reads as numbers\. .*astype\(float\).*category"):
        encoder = TableEncoder.learn(table)

    assert encoder.spec.categories == ("a", "b", "c")


def test_many_columns_of_such_text_are_counted():
    with pytest.warns(UserWarning, match="'k4' and 3 more reads as numbers"):
        TableEncoder.learn(pd.DataFrame({f"k{place}": ["0.5", "1"] for place in range(8)}))


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["1.5", "2"], dtype="category"),
        pd.Series(["007", "1.5"]),
        pd.Series([str(place) for place in range(MOST_CODES)]),
        pd.Series([1.5, 2], dtype=object),
        pd.Series([None, None], dtype=object),
        pd.Series(["1.5", "two"]),
        pd.Series(["1.5", "inf"]),
    ],
)
def test_codes_and_categories_are_no_measurements(column, recwarn):
    encoder = TableEncoder.learn(pd.DataFrame({"k": column}))

    assert encoder.spec.categories == ("k",)
    assert not len(recwarn)
