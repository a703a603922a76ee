"""The assistant: questions in, computed and verified answers out."""
