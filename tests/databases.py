"""Databases of each dialect for the tests of exported SQL, and the scripts that they load."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.export.sql import script
from assign.resources import rules_folder

from .servers import Server, missing, private_server

CASES = (
    "CREATE TABLE cases (id integer PRIMARY KEY, division text, item text, channel text, act text, received_on {date})"
)
ASKED = {
    "postgresql": "assign_decide(c.division, c.item, c.channel, c.act, c.received_on)",
    "duckdb": 'assign_decide(c.division, c.item, c.channel, act := c.act, "on" := c.received_on)',
}
Case = tuple[str | None, str | None, str | None, str | None, date | str | None]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A private cluster in a temporary folder, which ends with the tests."""
    with private_server("-c fsync=off -c timezone=America/Los_Angeles") as running:
        yield running


class Database:
    """One database of one dialect."""

    def __init__(self, dialect: str, connection: Any) -> None:
        self.dialect = dialect
        self.connection = connection
        self.rows(CASES.format(date="text" if dialect == "sqlite" else "date"))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives, or nothing."""
        query: Any = sql.encode() if self.dialect == "postgresql" else sql
        done = self.connection.execute(query)
        return list(done.fetchall()) if done.description else []

    def load(self, text: str) -> None:
        """The whole script, as a program gives it."""
        if self.dialect == "sqlite":
            self.connection.executescript(text)
        else:
            self.connection.execute(text.encode() if self.dialect == "postgresql" else text)

    def cases_are(self, query: str) -> None:
        """SQLite: a view in the place of the script's own table of cases, or of the view before."""
        for (kind,) in self.rows("SELECT type FROM sqlite_master WHERE name = 'assign_case'"):
            self.rows(f"DROP {kind} assign_case")
        self.rows(f"CREATE VIEW assign_case AS {query}")

    def ask(self, cases: Sequence[Case]) -> list[tuple[str, ...]]:
        """The lookup's row for each case, in order."""
        self.rows("DELETE FROM cases")
        columns = [list(range(len(cases))), *map(list, zip(*cases, strict=True))]
        if self.dialect == "postgresql":
            with self.connection.cursor().copy("COPY cases FROM STDIN") as copy:
                for row in zip(*columns, strict=True):
                    copy.write_row(row)
        elif self.dialect == "duckdb":
            self.connection.execute(
                "INSERT INTO cases SELECT " + ", ".join(f"unnest(${n})" for n in range(1, 7)), columns
            )
        else:
            days = [day.isoformat() if isinstance(day, date) else day for day in columns[5]]
            self.connection.executemany(
                "INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?)", zip(*columns[:5], days, strict=True)
            )
            self.cases_are('SELECT id AS case_id, division, item, channel, act, received_on AS "on" FROM cases')
        source = (
            f"cases AS c CROSS JOIN LATERAL {ASKED[self.dialect]} AS d"
            if self.dialect in ASKED
            else "cases AS c JOIN assign_decided AS d ON d.case_id = c.id"
        )
        return self.rows(
            "SELECT d.assignee, d.certainty, d.rules, d.row_ids, d.caveats, d.reason, d.error, d.message "  # noqa: S608  # words of this file
            f"FROM {source} ORDER BY c.id"
        )


@lru_cache
def written(desk: Desk, dialect: str, schema: str | None = None) -> str:
    """The script in Japanese, made once."""
    return script(desk, dialect, schema=schema)


Opened = Callable[[str], Database]


@pytest.fixture(scope="module")
def opened(request: pytest.FixtureRequest) -> Iterator[Opened]:
    """Makes an empty database of a dialect."""
    connections: list[Any] = []

    def make(dialect: str) -> Database:
        if dialect == "postgresql":
            server: Server = request.getfixturevalue("server")
            name = f"city{len(connections)}"
            server.database(name)
            connection = server.connect(name)
        elif dialect == "duckdb":
            try:
                connection = import_module("duckdb").connect()
            except ImportError:
                missing("duckdb")
        else:
            connection = sqlite3.connect(":memory:", isolation_level=None)
        connections.append(connection)
        return Database(dialect, connection)

    yield make
    for connection in connections:
        connection.close()


def ruled(folder: Path, old: str, new: str, *, file: str = "rulings.yaml") -> Desk:
    """A desk whose rules are changed in one place."""
    shutil.copytree(rules_folder(), folder)
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8", newline="")
    return Desk.open(rules=folder)
