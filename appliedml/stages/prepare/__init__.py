"""Stages fitted on the training fold that keep the rows."""
