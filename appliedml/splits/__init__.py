"""Ways to split rows into folds."""
