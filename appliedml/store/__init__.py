"""The run directory: layout, writing, reading."""
