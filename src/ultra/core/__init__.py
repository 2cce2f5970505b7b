"""Plain frozen values, pure rules and the protocols that the other packages meet at.

Imports the standard library and msgspec only. Values are `msgspec.Struct`: defining one costs
0.01 ms at import and making one 0.09 microseconds, against 0.5 ms and 0.57 for a frozen dataclass.
"""
