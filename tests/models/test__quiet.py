import warnings

import pytest

from appliedml.models._quiet import quiet_keras


def test_only_the_known_warning_is_left_out():
    with pytest.warns(DeprecationWarning, match="another") as seen, quiet_keras():
        warnings.warn("__array__ implementation doesn't accept a copy keyword", DeprecationWarning, stacklevel=1)
        warnings.warn("another", DeprecationWarning, stacklevel=1)

    assert len(seen) == 1
