"""Tables in: reading, checking and freezing interaction data, the home folder and the vector store."""
