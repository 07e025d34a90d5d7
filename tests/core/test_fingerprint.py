from datetime import date

import numpy as np
import pandas as pd

from appliedml.core.fingerprint import canonical_json, file_sha256, fingerprint


def test_column_order_and_names_count():
    table = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert fingerprint(table) != fingerprint(table[["b", "a"]])
    assert fingerprint(table) == fingerprint(table.copy())


def test_shape_and_type_of_arrays_count():
    values = np.arange(4.0)
    assert len({fingerprint(values), fingerprint(values.reshape(2, 2)), fingerprint(values.astype("float32"))}) == 3


def test_mixed_python_objects_can_be_fingerprinted():
    assert fingerprint(pd.Series([1, "a", None], dtype=object)) == fingerprint(pd.Series([1, "a", None], dtype=object))


def test_numpy_values_and_dates_are_plain_in_json():
    assert (
        canonical_json({"n": np.int64(3), "d": date(2026, 1, 2), "t": (1, 2)}) == '{"d":"2026-01-02","n":3,"t":[1,2]}'
    )


def test_files_hash_as_their_bytes(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert file_sha256(path).startswith("ba7816bf")
