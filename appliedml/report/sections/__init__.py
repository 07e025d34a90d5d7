"""Report sections; one file each."""
