"""Stages that add, drop or weigh training rows."""
