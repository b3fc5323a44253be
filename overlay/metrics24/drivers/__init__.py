"""The only places with I/O: they run flows over httpx, a clock and threads or tasks."""
