"""Language models: which one, how it is reached, what may go wrong, what it is asked."""
