"""Exports from the request to the file against the sandbox, with faults on the way. Its time passes as clients wait."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from metrics24 import AmbiguousWrite, NotFound
from metrics24_sandbox import Sandbox, SandboxOptions
from metrics24_sandbox.options import Behaviour
from support.account import leftovers
from support.clock import FakeClock
from support.running import Running, collect

FIELDS = ["real_tx_id", "request_time", "status", "offer_id"]
DAYS = {"start": "2025-02-01", "end": "2025-02-02"}


class Account:
    """A sandbox of one's own, and a client whose pauses let its time pass."""

    def __init__(self, run: Running, box: Sandbox) -> None:
        self.run, self.box, self.least_pause = run, box, 0.0
        self.clock = FakeClock(on_sleep=lambda clock: box.advance(max(clock.slept[-1], self.least_pause)))

    def client(self, **options: Any) -> Any:
        """Give a client for the sandbox."""
        return self.run.client(self.box.base_url, clock=self.clock, api_key=self.box.api_key, **options)

    def start(self, *, client: Any = None, **options: Any) -> Any:
        """Ask for an export of clicks."""
        exports = (client or self.client()).exports
        wanted = {"fields": FIELDS, **DAYS, **options}
        return self.run.result(exports.start("clicks", self.box.integrations[0], **wanted))


NewAccount = Callable[..., Account]


@pytest.fixture
def account(run: Running) -> Iterator[NewAccount]:
    """Start sandboxes of one's own; none may have seen a credential at its storage."""
    with ExitStack() as stack:

        def begin(**behaviour: Any) -> Account:
            own = {name: behaviour.pop(name) for name in ("export_rows",) if name in behaviour}
            options = SandboxOptions(
                now="2025-03-01T12:00:00", clicks_per_day=40, behaviour=Behaviour(**behaviour), preloaded=False, **own
            )
            box = stack.enter_context(Sandbox(options))
            stack.callback(lambda: leaked.append(box.leaked_credentials))
            return Account(run, box)

        leaked: list[int] = []
        yield begin
    assert {*leaked} == {0}


@pytest.mark.parametrize("form", [{}, {"wrap": "data", "answer": "204", "empty": "null"}], ids=["bare", "wrapped"])
def test_from_the_request_to_the_file(account: NewAccount, tmp_path: Path, form: dict[str, str]) -> None:
    """An export is requested once, waited for, saved with the rows that the server counts, and deleted."""
    here, target = account(**form), tmp_path / "clicks.csv"
    job = here.start()
    saved = here.run.result(job.save(target))
    with target.open(newline="", encoding="utf-8") as lines:
        table = list(csv.reader(lines))
    assert (table[0], len(table) - 1) == (FIELDS, saved.rows)
    assert job.export.results_meta.total == saved.rows
    assert (job.rows, job.done, saved.bytes) == (saved.rows, True, target.stat().st_size)
    assert (here.box.hits("downloadClicks"), here.box.hits("storage"), leftovers(tmp_path)) == (1, 1, ["clicks.csv"])
    assert sum(here.clock.slept) >= 3
    here.run.result(job.delete())
    with pytest.raises(NotFound):
        here.run.result(job.refresh())


def test_fault_36_40_47_faults_of_storage_do_not_show_in_the_file(account: NewAccount, tmp_path: Path) -> None:
    """Faults 36, 40 and 47: whatever storage does on the way, a URL that expires included, the file is exact."""
    here = account(url_lifetime=60)
    job = here.start(client=here.client(timeout=0.5))
    expected, here.least_pause = b"".join(collect(here.run, job.iter_bytes())), 100
    here.box.fail_next("storage", "503x2,reset,cut")
    here.run.result(job.save(tmp_path / "clicks.csv"))
    assert (tmp_path / "clicks.csv").read_bytes() == expected
    assert leftovers(tmp_path) == ["clicks.csv"]
    assert here.box.hits("getExportUrl") >= 3


@pytest.mark.parametrize("plan", ["lost", "504"])
def test_fault_35_a_lost_response_costs_one_export_at_most(account: NewAccount, tmp_path: Path, plan: str) -> None:
    """Fault 35: of a request whose response was lost one export exists at most; if it exists it is taken."""
    here = account()
    here.box.fail_next("downloadClicks", plan)
    if plan == "lost":
        assert here.run.result(here.start().save(tmp_path / "clicks.csv")).rows > 0
    else:
        with pytest.raises(AmbiguousWrite, match=r"exports\.list"):
            here.start()
    assert here.box.hits("downloadClicks") == 1
    assert len(collect(here.run, here.client().exports.list())) == (plan == "lost")


def test_an_equal_export_is_reused_only_if_asked(account: NewAccount) -> None:
    """With reuse= an equal export that is young enough is taken; another, an old one, or without reuse, is not."""
    here = account()
    first = here.start()
    assert here.start(reuse=3600).id == first.id
    assert (
        len({first.id, here.start(reuse=3600, fields=FIELDS[::-1]).id, here.start(reuse=3600, delimiter=";").id}) == 3
    )
    assert here.start().id != first.id
    here.box.advance(7200)
    assert here.start(reuse=3600).id != first.id
