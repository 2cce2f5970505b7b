"""The composition root: profile, providers, policies, store and strategies put together.

The only wiring in the house, a factory a module; it decides nothing. Front ends meet the rest of
ultra here.
"""
