"""The memory of what a client has created."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from metrics24._core.retry import CreatedIds


def test_an_id_is_one_calls_work() -> None:
    """An id can be claimed once for an operation, and ids of another operation are others."""
    made = CreatedIds()
    assert [made.claim("create", 7), made.claim("create", "7"), made.claim("export", 7)] == [True, False, True]
    assert (made.knows("create", "7"), made.knows("create", "8")) == (True, False)


def test_many_threads_cannot_claim_one_id_twice() -> None:
    """Of many threads that claim the same id at once, one has it."""
    made = CreatedIds()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: made.claim("create", "g1"), range(200))) == 1


def test_the_memory_is_bounded() -> None:
    """The oldest ids are forgotten, so that a client that creates for years does not grow."""
    made = CreatedIds()
    for number in range(1001):
        made.claim("create", number)
    assert [made.knows("create", number) for number in (0, 1, 1000)] == [False, True, True]
