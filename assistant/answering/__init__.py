"""From a question to its answer: computed, worded by a model, verified, told in parts."""
