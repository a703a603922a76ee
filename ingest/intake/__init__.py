"""From raw tables to a data set: what columns mean, what is wrong, what is left."""
