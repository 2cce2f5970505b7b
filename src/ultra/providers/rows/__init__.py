"""The vendors that ultra knows, as data: one row each, by the kind of company they are."""
