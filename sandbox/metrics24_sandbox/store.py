"""Storage of filter groups and exports, as JSON in SQLite (in memory or in a file)."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = """
create table if not exists things (
    number integer primary key autoincrement,
    kind text not null,
    id text not null,
    parent text not null,
    created integer not null,
    deleted integer not null default 0,
    body text not null,
    unique (kind, id)
);
"""

Thing = dict[str, Any]


def _unusable(path: str | Path | None, error: sqlite3.Error) -> ValueError:
    return ValueError(f"the database {path} cannot be used: {error}")


class Store:
    """Things of a kind, each with an id and a parent (its integration), in the order of their creation.

    ValueError if the file cannot be a database: its folder is missing, it may not be written, or holds something else.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        # The event loop's thread alone uses the connection; another one may open and close it.
        try:
            self._connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        except sqlite3.Error as error:
            raise _unusable(path, error) from error
        try:
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            self._connection.close()
            raise _unusable(path, error) from error

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def next_number(self) -> int:
        """A number that no thing has had yet."""
        row = self._connection.execute("select seq from sqlite_sequence where name = 'things'").fetchone()
        return (row[0] if row else 0) + 1

    def add(self, kind: str, thing: Thing, *, parent: str, created: int) -> None:
        """Keep a new thing; its `id` must be new."""
        self._connection.execute(
            "insert into things (kind, id, parent, created, body) values (?, ?, ?, ?, ?)",
            (kind, thing["id"], parent, created, json.dumps(thing)),
        )

    def get(self, kind: str, identity: str, *, parent: str | None = None) -> Thing | None:
        """A thing by its id; None if there is none or it was deleted."""
        row = self._connection.execute(
            "select body from things where kind = ? and id = ? and not deleted and parent = coalesce(?, parent)",
            (kind, identity, parent),
        ).fetchone()
        return row and _parsed(row[0])

    def things(self, kind: str, *, parent: str | None = None) -> list[Thing]:
        """Things in the order of their creation."""
        rows = self._connection.execute(
            "select body from things where kind = ? and not deleted and parent = coalesce(?, parent) order by number",
            (kind, parent),
        )
        return [_parsed(body) for (body,) in rows]

    def replace(self, kind: str, thing: Thing) -> None:
        """Keep a changed thing."""
        self._connection.execute(
            "update things set body = ? where kind = ? and id = ?", (json.dumps(thing), kind, thing["id"])
        )

    def delete(self, kind: str, identity: str, *, parent: str | None = None) -> bool:
        """Delete a thing; whether there was one."""
        deleted = self._connection.execute(
            "update things set deleted = 1 where kind = ? and id = ? and not deleted and parent = coalesce(?, parent)",
            (kind, identity, parent),
        )
        return deleted.rowcount > 0

    def created_since(self, kind: str, moment: int) -> int:
        """Count the things created since a moment, deleted ones included."""
        row = self._connection.execute(
            "select count(*) from things where kind = ? and created >= ?", (kind, moment)
        ).fetchone()
        count: int = row[0]
        return count

    def clear(self) -> None:
        """Forget everything, numbers included."""
        self._connection.executescript("delete from things; delete from sqlite_sequence;")

    def is_empty(self) -> bool:
        """Return True if nothing was ever stored."""
        return self.next_number() == 1


def _parsed(body: str) -> Thing:
    thing: Thing = json.loads(body)
    return thing
