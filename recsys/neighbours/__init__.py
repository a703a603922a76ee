"""Exact Jaccard neighbours, and the fast way to them on large data."""
