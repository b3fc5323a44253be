"""Fork during an iteration, and go on with it in both processes; each prints how it went. Argument: base URL."""

import os
import sys
import time

import metrics24

client = metrics24.Client(api_key="k", base_url=sys.argv[1])
records = client.reports.clicks("amid", start="2025-02-01", end="2025-02-27", page_size=1).records()
rows = [next(records) for _ in range(3)]
if sys.argv[2] == "idle":
    time.sleep(0.3)  # the page that is fetched ahead has arrived
child = os.fork()
try:
    told = f"{len([*rows, *records])} rows"
except metrics24.Metrics24Error as error:
    told = type(error).__name__
os.write(1, f"{'parent' if child else 'child'}: {told}\n".encode())
if not child:
    os._exit(0)
os.waitpid(child, 0)
