"""Cassettes as vcrpy writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

LIVE = "https://api.live.example"


def interaction(path: str, body: Any, *, status: Any = 200, method: str = "GET", host: str = LIVE) -> dict[str, Any]:
    """One request and its response; `body` is JSON unless it is a mapping of vcrpy's."""
    given = (
        body if isinstance(body, dict) and body.keys() & {"string", "base64_string"} else {"string": json.dumps(body)}
    )
    return {
        "request": {"method": method, "uri": f"{host}{path}?page%5Bsize%5D=1", "body": "", "headers": {}},
        "response": {"body": given, "headers": {}, "status": {"code": status, "message": "x"}},
    }


def keep(file: Path, *interactions: Any, header: str = "") -> Path:
    """Write a cassette and return its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump({"interactions": list(interactions), "version": 1}, allow_unicode=True)
    file.write_text(header + text, encoding="utf-8")
    return file.parent
