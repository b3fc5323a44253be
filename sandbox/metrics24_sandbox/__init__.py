"""A local 24Metrics: a real HTTP server with made-up data, for demos, tests and trying things out.

    from metrics24_sandbox import Sandbox

    with Sandbox() as box:
        print(box.base_url, box.api_key)

Routes, parameters and limits come from the project's OpenAPI spec. What the documentation leaves open can be chosen
with `SandboxOptions` and, for one request, with `X-Sandbox-...` headers (`Behaviour`).
"""

from .journal import Seen
from .options import Behaviour, SandboxOptions
from .server import Sandbox

__all__ = ["Behaviour", "Sandbox", "SandboxOptions", "Seen"]
