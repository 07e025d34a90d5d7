"""Policies, and the verdict on a run."""
