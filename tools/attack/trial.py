"""Try mutants out in one process: tests are collected once, and every mutant gets a fork in which they run.

A mutant never comes to a file. A function's code object is replaced in the fork, or a constant of a module is assigned
again, so that a mutant costs no more than the tests that reach it.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import pickle
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NoReturn

import coverage
import pytest

from attack.mutants import Mutant, alone, codes, mutants, mutated
from attack.reach import Reach

MEMORY = 4 << 30
LONGEST_TRIAL = 40.0  # seconds by the clock on the wall
MOST_WORK = 15.0  # seconds of work, so that what runs in circles does not have the whole of that
_Cached = type(lru_cache(bool))
_TOO_LONG = (signal.SIGALRM, signal.SIGPROF)
_PASSED, _FAILED = 0, 1


class Trial:
    """The pytest plugin that runs mutants in place of tests."""

    def __init__(self, modules: list[str], order: list[tuple[str, int]], *, minutes: float, jobs: int) -> None:
        self._package = Path.cwd() / "overlay" / "metrics24"
        self._modules, self._order, self._jobs = modules, order, jobs
        self._seconds = minutes * 60
        self._failed = False
        self.verdicts: list[dict[str, Any]] = []
        self.failing: list[str] = []

    def pytest_collection(self) -> None:
        """Let equal mutants meet equal examples. Not imported before: pytest wants to be the first."""
        import hypothesis

        hypothesis.settings.register_profile("attack", derandomize=True, database=None, deadline=None)
        hypothesis.settings.load_profile("attack")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notice that a test failed."""
        self._failed = self._failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the mutants, and no test as such."""
        if session.testsfailed:
            raise session.Interrupted("Some tests cannot be read.")
        self._items = session.items
        reach = self._in_fork(self._reach)
        reach.failing |= self._in_fork(lambda: self._unreliable(reach))
        self.failing = sorted(self._items[test].nodeid for test in reach.failing)
        self._functions = dict(_functions(self._package))
        gc.collect()
        gc.freeze()
        running: dict[int, tuple[str, Mutant]] = {}
        end = time.monotonic() + self._seconds
        known = {name: {each.number: each for each in mutants(self._source(name))} for name in self._modules}
        for module, number in self._order:
            if time.monotonic() > end:
                break
            mutant = known[module][number]
            tests = reach.of(mutant, str(self._package / module), *self._readers(module, mutant))
            if not tests:
                self._judge(module, mutant, "survived", 0)
                continue
            running[self._start(module, mutant, tests)] = module, mutant
            if len(running) >= self._jobs:
                self._reap(running)
        while running:
            self._reap(running)
        return True

    def _source(self, module: str) -> str:
        return (self._package / module).read_text("utf-8")

    def _readers(self, module: str, mutant: Mutant) -> list[str]:
        """The files that read what a constant's statement names; the tests that reach those meet the constant too."""
        statement = None if mutant.function else mutated(self._source(module), mutant.number)[1]
        stored = [] if statement is None else [each for each in ast.walk(statement) if isinstance(each, ast.Name)]
        names, own = {each.id for each in stored if isinstance(each.ctx, ast.Store)}, vars(_module(module))
        return [
            str(other.__file__)
            for key, other in sys.modules.items()
            if key.startswith("metrics24.") and any(vars(other).get(name, own) is own.get(name) for name in names)
        ]

    def _judge(self, module: str, mutant: Mutant, verdict: str, status: int) -> None:
        told = {key: value for key, value in asdict(mutant).items() if key != "lines"}
        self.verdicts.append({"module": module, **told, "verdict": verdict, "status": status})

    def _reap(self, running: dict[int, tuple[str, Mutant]]) -> None:
        process, status = os.wait()
        if process not in running:
            return
        module, mutant = running.pop(process)
        slow = os.WIFSIGNALED(status) and os.WTERMSIG(status) in _TOO_LONG
        verdict = "survived" if status == _PASSED else "timed out" if slow else "killed"
        self._judge(module, mutant, verdict, status)

    def _unreliable(self, reach: Reach) -> set[int]:
        """The tests that fail where mutants are tried, although nothing is changed: they would notice every mutant."""
        _confine(0, 0)
        tests = reach.quickest(reach.seconds, most=float("inf"))
        return {test for test, next_ in zip(tests, [*tests[1:], None], strict=True) if not self._passes(test, next_)}

    def _start(self, module: str, mutant: Mutant, tests: list[int]) -> int:
        process = os.fork()
        if process:
            return process
        _confine(LONGEST_TRIAL, MOST_WORK)
        try:
            self._infect(module, mutant)
            for test, following in zip(tests, [*tests[1:], None], strict=True):
                if not self._passes(test, following):
                    os._exit(_FAILED)
        except BaseException:  # noqa: BLE001 - whatever a mutant does ends here
            os._exit(_FAILED)
        os._exit(_PASSED)

    def _passes(self, test: int, following: int | None) -> bool:
        self._failed, item = False, self._items[test]
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None if following is None else self._items[following])
        return not self._failed

    def _infect(self, module: str, mutant: Mutant) -> None:
        path = str(self._package / module)
        tree, statement = mutated(self._source(module), mutant.number)
        if mutant.function:
            found = {(code.co_qualname, code.co_firstlineno): code for code in codes(compile(tree, path, "exec"))}
            for function in self._functions[path, mutant.function]:
                old = function.__code__
                function.__code__ = found[old.co_qualname, old.co_firstlineno]
            return
        if statement is None:
            raise LookupError(mutant.change)
        here = vars(_module(module))
        before = dict(here)
        exec(compile(alone(tree, statement), path, "exec"), here)  # noqa: S102
        for key, value in here.items():
            _spread(key, before.get(key), value)

    def _reach(self) -> Reach:
        """Run every test once, and note what it reaches."""
        reach = Reach()
        seen = coverage.Coverage(data_file=None, include=[f"{self._package}/*"], config_file=False)
        caches = [each for each in gc.get_objects() if isinstance(each, _Cached) and "metrics24" in each.__module__]
        seen.start()
        for test in range(len(self._items)):
            seen.switch_context(str(test))
            for each in caches:  # or only the first test that needs what is in them would reach it
                each.cache_clear()
            begun = time.process_time()
            if not self._passes(test, test + 1 if test + 1 < len(self._items) else None):
                reach.failing.add(test)
            reach.seconds[test] = time.process_time() - begun
        seen.stop()
        for path in seen.get_data().measured_files():
            lines: dict[int, list[int]] = defaultdict(list)
            for line, tests in seen.get_data().contexts_by_lineno(path).items():
                lines[line] += [int(test) for test in tests if test]
            reach.lines[path] = dict(lines)
        return reach

    def _in_fork(self, work: Any) -> Any:
        """Do something in a fork, so that it leaves nothing behind, and give its result."""
        reading, writing = os.pipe()
        if not os.fork():
            os.close(reading)
            with os.fdopen(writing, "wb") as end:
                pickle.dump(work(), end)
            os._exit(_PASSED)
        os.close(writing)
        with os.fdopen(reading, "rb") as end:
            result = pickle.load(end)  # noqa: S301 - our own fork wrote it
        os.wait()
        return result


def _confine(seconds: float, work: float) -> None:
    """Bound what a mutant can do to the machine: its time, its memory, and what it says."""
    os.setpgrp()
    for each in _TOO_LONG:
        signal.signal(each, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_PROF, work)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _module(path: str) -> ModuleType:
    return import_module("metrics24." + path.removesuffix(".py").replace("/", "."))


def _functions(package: Path) -> Iterator[tuple[tuple[str, str], list[FunctionType]]]:
    found: dict[tuple[str, str], list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(str(package)):
            found[each.__code__.co_filename, each.__code__.co_qualname].append(each)
    yield from found.items()


def _spread(name: str, old: object, new: object) -> None:
    """Give a constant's new value to the modules that imported it."""
    for key, module in list(sys.modules.items()):
        if old is not new and key.startswith("metrics24") and vars(module).get(name) is old:
            vars(module)[name] = new


def main(request: str, result: str) -> NoReturn:
    """Do what a file says, and write the verdicts to another."""
    asked = json.loads(Path(request).read_text("utf-8"))
    trial = Trial(
        asked["modules"], [tuple(each) for each in asked["order"]], minutes=asked["minutes"], jobs=asked["jobs"]
    )
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
    status = pytest.main([*options, *asked["tests"]], plugins=[trial])
    Path(result).write_text(json.dumps({"verdicts": trial.verdicts, "failing": trial.failing}), "utf-8")
    sys.exit(int(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
