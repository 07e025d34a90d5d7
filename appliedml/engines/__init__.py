"""Where fold jobs run."""
