"""How one call is made: one policy a module, composed around the provider's stream."""
