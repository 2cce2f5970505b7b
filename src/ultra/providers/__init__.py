"""How providers are spoken to: the only HTTP in the house."""
