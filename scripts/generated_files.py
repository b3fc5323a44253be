"""The lock file of the generated package, and what differs between two generations of it.

`python scripts/generated_files.py lock OUTPUT` writes OUTPUT/lock.json; `... compare GENERATED FRESH` says which files
of GENERATED are not what was generated afresh, and ends with status 1 if there are any. Standard library only.
"""

import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = "lock.json"


def files(folder: Path) -> dict[str, bytes]:
    """Contents by relative path; what Python and its tools cache does not count."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"__pycache__", ".mypy_cache", ".ruff_cache"} & set(path.parts)
    }


def inputs() -> dict[str, str]:
    """Hashes of everything that decides what the output looks like."""
    paths = [
        ROOT / "openapi/spec.yaml",
        ROOT / "openapi/generator.yaml",
        *(ROOT / "openapi/templates").rglob("*.jinja"),
    ]
    scripts = ("regenerate.sh", "operation_table.py", "export_filter.py", "generator-requirements.txt")
    paths += [ROOT / "scripts" / name for name in scripts]
    return {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)}


def lock(output: Path) -> None:
    """Record what the output was made from, and with what."""
    tools = {name: version(name) for name in ("openapi-python-client", "ruff")}
    text = json.dumps({"tools": tools, "inputs": inputs()}, indent=2, sort_keys=True)
    (output / LOCK).write_text(text + "\n", encoding="utf-8")


def edited(generated: Path) -> list[str]:
    """Inputs that are not what the lock file recorded."""
    path = generated / LOCK
    recorded = json.loads(path.read_bytes())["inputs"] if path.exists() else {}
    current = inputs()
    return [name for name in sorted(recorded | current) if recorded.get(name) != current.get(name)]


def differences(generated: Path, fresh: Path) -> list[str]:
    """One line for each input that was edited and each file that is changed, missing or extra."""
    found, wanted = files(generated), files(fresh)
    lines = [f"edited without regenerating: {name}" for name in edited(generated)]
    for name in sorted(found | wanted):
        if name not in found:
            lines.append(f"missing: {generated.name}/{name}")
        elif name not in wanted:
            lines.append(f"extra: {generated.name}/{name}")
        elif found[name] != wanted[name]:
            lines.append(f"changed: {generated.name}/{name}")
    return lines


def main(command: str, *folders: str) -> int:
    """Run a command; the status is 1 where a comparison found something."""
    if command == "lock":
        lock(Path(folders[0]))
        return 0
    lines = differences(Path(folders[0]), Path(folders[1]))
    if lines:
        print("\n".join(lines), file=sys.stderr)
        print("Edit openapi/ rather than generated/, then run `make regenerate` and commit both.", file=sys.stderr)
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
