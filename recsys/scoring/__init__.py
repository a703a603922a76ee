"""What a trained model says: scores, the best items, probabilities and their causes."""
