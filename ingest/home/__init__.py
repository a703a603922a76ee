"""The home folder: generations of parts, one writer, published by one rename."""
