"""The checks of `ultra doctor`, a module for each part of the house. None of them writes."""
