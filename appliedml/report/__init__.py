"""From a run to one HTML file a reviewer can keep."""
