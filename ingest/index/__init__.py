"""Users and items as vectors and readable profiles, in Chroma."""
