"""The only package with network I/O: it runs flows over httpx, a clock, threads and tasks."""
