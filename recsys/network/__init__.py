"""DeepFM as a module, its losses, and the kernels that make its steps fast."""
