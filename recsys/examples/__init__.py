"""Training examples: feature fields, histories, negatives and batches as arrays."""
