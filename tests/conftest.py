"""What the whole test run needs: interrupts that arrive."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Heed SIGINT, which shells let background jobs ignore; programs that tests start would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
