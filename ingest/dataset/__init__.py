"""The frozen data set: its tables, ids, matrix and splits."""
