"""The same script with its key in the keyring."""

import os
import runpy
from pathlib import Path

import keyring

os.environ["BENCH_KEY"] = keyring.get_password("ultra", "bench") or ""
runpy.run_path(str(Path(__file__).with_name("httpx_script.py")), run_name="__main__")
