"""Question text → a typed Question and the tool calls that answer it."""
