"""Claims against evidence: what a sentence says, and whether its item carries it."""
