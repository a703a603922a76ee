"""The one list: neighbours' votes and DeepFM's scores, blended."""
