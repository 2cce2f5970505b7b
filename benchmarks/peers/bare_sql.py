"""One question in SQL and nothing else; prints the seconds from opening the log to the last row."""

import sqlite3
import sys
import time

start = time.perf_counter()
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
rows = connection.execute(sys.argv[2]).fetchall()
print(time.perf_counter() - start)
if not rows:
    sys.exit("nothing was found")
