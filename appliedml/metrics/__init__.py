"""Measures, their intervals, thresholds and calibration."""
