import pytest

from appliedml.core.listing import describe_names
from appliedml.core.registry import names
from appliedml.errors import StageError


@pytest.mark.parametrize("kind", ["stages", "audits", "builders", "splits", "sources", "sections"])
def test_everything_registered_is_listed_with_its_first_line(kind):
    rows = describe_names(kind)
    assert {name for name, _, _ in rows} == set(names(kind))
    assert all(line.endswith(".") for _, _, line in rows), [row for row in rows if not row[2].endswith(".")]


def test_an_unknown_kind_is_refused():
    with pytest.raises(StageError, match="Kinds: sources, stages"):
        describe_names("stage")
