"""Keras models as scikit-learn estimators."""
