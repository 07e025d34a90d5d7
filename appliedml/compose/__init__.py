"""The leak-safe pipeline and its adapters."""
