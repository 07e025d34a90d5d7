"""Stages that make more training rows out of training rows; one file each."""
