"""Tables in: reading, checking and freezing data, the home folder and the vector store."""
