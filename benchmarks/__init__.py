"""How fast ultra is beside the bare tools it stands on: `python -m benchmarks [name...]`.

Every bench runs ultra and its peer by turns (A B B A ...) in one go on one machine and tells the
median of the paired ratios. A bench fails when the server did not see as many concurrent
connections, or the log did not get as many rows, as were asked for.
"""
