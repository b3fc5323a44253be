"""What is loaded when; import-linter's contracts in pyproject.toml say who may import whom at all."""

from __future__ import annotations

import ast
import subprocess
import sys

from repository.tree import place, python_files, syntax_tree

LOADED_FROM_ELSEWHERE = """
import sys
import metrics24
packages = {name.partition(".")[0] for name in sys.modules}
print(*sorted(packages - sys.stdlib_module_names - set(sys.argv[1:]) - {"metrics24"}))
"""


def third_party_modules(program: str, *known: str) -> set[str]:
    """The top packages that a program prints, run in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", program, *known], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_client_loads_nothing_third_party() -> None:
    """`import metrics24` loads nothing but the standard library and itself."""
    at_startup = third_party_modules(LOADED_FROM_ELSEWHERE.replace("import metrics24\n", ""))
    assert third_party_modules(LOADED_FROM_ELSEWHERE, *at_startup) == set()


def test_the_command_line_loads_the_sandbox_only_to_start_it() -> None:
    """No module of the command line imports the sandbox outside a function, since it is an extra of its own."""
    early = [
        place(path, statement.lineno)
        for path in python_files("overlay")
        for statement in syntax_tree(path).body
        if isinstance(statement, ast.Import | ast.ImportFrom) and "metrics24_sandbox" in ast.unparse(statement)
    ]
    assert early == []
