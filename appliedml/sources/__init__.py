"""Ways to read or make samples; one file each."""
