"""The profile of a data set, in numbers, pictures and a page."""
