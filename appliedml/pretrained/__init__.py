"""Networks that others trained: their weights, verified, as Keras models."""
