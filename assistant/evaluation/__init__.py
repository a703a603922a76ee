"""Batch evaluation: suites of cases, computed checks, statistics, runs, reports."""
