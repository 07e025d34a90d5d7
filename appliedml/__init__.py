"""Keras pipelines that hand their reviewer the evidence."""
