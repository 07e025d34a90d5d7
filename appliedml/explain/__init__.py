"""Shapley values over compiled batched calls."""
