import numpy as np

from appliedml.core.small_counts import count_text


def test_counts_that_would_point_at_a_person_are_not_written():
    assert [count_text(n) for n in (0, 1, 4, 5, 1200)] == ["0", "<5", "<5", "5", "1,200"]
    assert count_text(np.float64(12.0)) == "12"
