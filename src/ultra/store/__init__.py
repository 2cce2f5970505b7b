"""The log: one SQLite file that knows of every attempt before its first byte leaves."""
