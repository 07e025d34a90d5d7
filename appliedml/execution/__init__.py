"""Plans, fold jobs and runs."""
