"""Audits: evidence per fold, one artifact at the end."""
