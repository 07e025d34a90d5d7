"""Stages that run once, before the split, and learn nothing."""
