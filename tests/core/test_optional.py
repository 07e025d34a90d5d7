import pytest

from appliedml.core.optional import require
from appliedml.errors import MissingExtraError


def test_a_missing_package_says_how_to_install_it():
    with pytest.raises(MissingExtraError, match=r"Ray engine needs the package 'no_such_module'.*appliedml\[ray\]"):
        require("no_such_module", "ray", "Ray engine")
