"""Data that grow and shrink: what is added, merged and forgotten since the ingest."""
