import pytest

from appliedml.core.registry import build
from appliedml.core.schema import Schema
from appliedml.execution.verify_data import verify_data


@pytest.fixture
def place(tmp_path, claims_table, monkeypatch):
    (tmp_path / "data").mkdir()
    claims_table().to_csv(tmp_path / "data" / "claims.csv", index=False)
    (tmp_path / "reports" / "run").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def info_of(place, path="../data/claims.csv", **data):
    schema = {"target": "fraud", "sensitive": ["sex"], "row_id": "claim_id"}
    samples = build("sources", {"table": {"path": str(place / "data" / "claims.csv")}}).read(Schema(**schema), None)
    found = {"fingerprint": samples.fingerprint(), "n_rows_read": len(samples)} | data
    return {"plan": {"data": {"table": {"path": path}}, "schema": schema}, "data": found}


def check(place, info, given=None):
    return verify_data(info, place / "reports" / "run", given)


def test_the_same_file_is_found_from_the_working_directory_and_from_above_the_run(place, tmp_path, monkeypatch):
    found = check(place, info_of(place))
    assert (found.what, found.status) == ("data", "ok")
    assert "the same 300 rows" in found.detail
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert check(place, info_of(place)).status == "ok"
    assert check(place, info_of(place, str(place / "data" / "claims.csv"))).status == "ok"


def test_one_changed_value_is_found_and_the_file_is_named(place):
    info = info_of(place)
    file = place / "data" / "claims.csv"
    file.write_text(file.read_text().replace("home", "car", 1))
    found = check(place, info)
    assert found.status == "differs"
    assert str(file) in found.detail


def test_a_file_that_is_not_here_is_not_checked_unless_it_is_given(place):
    info = info_of(place)
    (place / "data" / "claims.csv").rename(place / "moved.csv")
    found = check(place, info)
    assert found.status == "not checked"
    assert "--data" in found.detail
    assert check(place, info, place / "moved.csv").status == "ok"
    assert check(place, info, place / "nowhere.csv").status == "differs"


def test_a_file_of_the_same_name_with_other_columns_is_a_difference_not_a_crash(place):
    info = info_of(place)
    (place / "data" / "claims.csv").write_text("a,b\n1,2\n")
    found = check(place, info)
    assert found.status == "differs"
    assert "cannot be used as the run did" in found.detail


def test_what_a_simulator_made_is_made_again(place):
    entry = {"simulate_transactions": {"n_rows": 2000}}
    source = build("sources", entry)
    fingerprint = source.read(None, None).fingerprint()
    info = {"plan": {"data": entry}, "data": {"fingerprint": fingerprint, "n_rows_read": 2000}}
    assert check(place, info).status == "ok"
    info["data"]["fingerprint"] = "0" * 64
    assert check(place, info).status == "differs"
    assert check(place, info, place / "data").status == "differs"


def test_rows_given_in_python_cannot_be_read_again(place):
    assert check(place, {"plan": {}, "data": {}}).status == "not checked"
