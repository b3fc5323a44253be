"""A local 24Metrics for testing programs that use metrics24; it needs no account and no key.

    from metrics24.testing import sandbox

    with sandbox(conversions_per_day=20) as box, box.client() as client:
        rows = list(client.reports.conversions(box.integrations[0], start="2025-02-01", end="2025-02-02"))

With pytest, `pytest_plugins = ["metrics24.testing.plugin"]` in the top conftest.py gives the fixtures
`metrics24_sandbox`, `metrics24_client`, `metrics24_async_client` and `metrics24_environment`.
"""

from __future__ import annotations

from metrics24.testing.sandboxes import Choices, SandboxBox, sandbox, sandbox_process

__all__ = ["Choices", "SandboxBox", "sandbox", "sandbox_process"]
