"""Names of classes in the registry; apart from the classes, so that names can be read without scikit-learn."""

from __future__ import annotations

import re


def snake_case(name: str) -> str:
    """Registry name of a class name.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> snake_case("SmoteNc"), snake_case("GroupKFold"), snake_case("PCA")
    ('smote_nc', 'group_kfold', 'pca')
    """
    # "KFold" is one word of the field, as in scikit-learn's module names.
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.replace("KFold", "Kfold")).lower()
