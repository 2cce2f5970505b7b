"""The command line: each module parses one verb, calls the runtime and returns an exit code."""
