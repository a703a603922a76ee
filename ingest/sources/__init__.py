"""Readers: text, Parquet, JSON Lines and SQL into Arrow tables, untyped as they stand."""
