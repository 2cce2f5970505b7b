"""Choose among models and combine their answers; one strategy a module."""
