"""The commands, one file per family: parse, call, print."""
