"""From examples to a trained model: the loop, the best epoch, continuing, forgetting."""
