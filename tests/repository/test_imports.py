"""Imports are lazy; import-linter's contracts in pyproject.toml say which modules may import which."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from repository.tree import place, python_files, syntax_tree

LOADED_FROM_ELSEWHERE = """
import sys
import metrics24
packages = {name.partition(".")[0] for name in sys.modules}
print(*sorted(packages - sys.stdlib_module_names - set(sys.argv[1:]) - {"metrics24"}))
"""

LOADED_BY = "import sys, metrics24; {0}; print(*sys.modules)"
DEPENDENCIES = {"anyio", "attr", "attrs", "certifi", "dateutil", "h11", "httpcore", "httpx", "idna", "msgspec", "six"}
CONNECTIONS = {"SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}


def loaded_by(statement: str) -> set[str]:
    """All modules that are loaded after a statement, where the environment says nothing of connections."""
    environment = {name: value for name, value in os.environ.items() if name not in CONNECTIONS}
    command = [sys.executable, "-c", LOADED_BY.format(statement)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.split())


def third_party_modules(program: str, *known: str) -> set[str]:
    """The top packages that a program prints, run in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", program, *known], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_client_loads_nothing_third_party() -> None:
    """`import metrics24` loads nothing but the standard library and itself."""
    at_startup = third_party_modules(LOADED_FROM_ELSEWHERE.replace("import metrics24\n", ""))
    assert third_party_modules(LOADED_FROM_ELSEWHERE, *at_startup) == set()


@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
def test_a_client_loads_no_optional_package(kind: str) -> None:
    """Making a client loads the packages that requests need, and neither data frames nor the sandbox."""
    packages = {name.partition(".")[0] for name in loaded_by(f"metrics24.{kind}(api_key='k')")}
    assert packages >= {"attrs", "httpx", "msgspec", "metrics24_api"}
    assert packages & {"pyarrow", "polars", "pandas", "metrics24_sandbox", "yaml"} == set()


@pytest.mark.parametrize(
    ("statement", "models"),
    [
        ("metrics24.Client(api_key='k').reports", {"artifact_status", "export", "filter_group"}),
        ("metrics24.ListMeta", {"list_meta"}),
        ("import metrics24_api.models; metrics24_api.models.ListMeta", {"list_meta"}),
    ],
)
def test_models_load_one_by_one(statement: str, models: set[str]) -> None:
    """Of the generated models, only those that are asked for are loaded."""
    prefix = "metrics24_api.models."
    assert {name.removeprefix(prefix) for name in loaded_by(statement) if name.startswith(prefix)} == models


def test_the_command_line_loads_the_sandbox_only_to_start_it() -> None:
    """No module of the command line imports the sandbox outside a function, since it is an extra of its own."""
    early = [
        place(path, statement.lineno)
        for path in python_files("overlay")
        for statement in syntax_tree(path).body
        if isinstance(statement, ast.Import | ast.ImportFrom) and "metrics24_sandbox" in ast.unparse(statement)
    ]
    assert early == []
