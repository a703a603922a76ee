"""Metrics, held-out data and the baselines to beat."""
