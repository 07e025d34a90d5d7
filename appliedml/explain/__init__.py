"""Shapley values and checks of how far an explanation can be trusted."""
