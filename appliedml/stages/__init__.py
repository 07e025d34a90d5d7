"""Stages, by what they do; one file = one class = one registry name."""
