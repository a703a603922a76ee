"""Layouts that say what their columns mean, and the data sets known by name."""
