"""The recommender: DeepFM, exact Jaccard neighbours and the one list they make together."""
