"""
Who believes what, where the log is in PostgreSQL: the same kinds, commands and table as in `test_believed`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from assign import Desk

from .believers import swift
from .servers import Server
from .tampered import World
from .tampers import KINDS
from .test_believed import held

ON_A_SERVER = ("rule instead nothing", "earlier schema")


@pytest.fixture(scope="module")
def served(table_desk: Desk, durable_server: Server, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A log on a server, read and written by the role that docs/audit.md grants."""
    with swift():
        return World(tmp_path_factory.mktemp("world") / "log", table_desk, durable_server)


@pytest.mark.long
def test_a_sample_on_a_server_is_judged_as_the_table_says(served: World, tmp_path: Path) -> None:
    """What only a server has."""
    held(served, "postgresql", list(ON_A_SERVER), tmp_path)


@pytest.mark.soak  # of SQLite it is tried in CI
def test_every_kind_on_a_server_is_judged_as_the_table_says(served: World, tmp_path: Path) -> None:
    """All of them, in a database of PostgreSQL."""
    held(served, "postgresql", [each.name for each in KINDS.values() if each.on != "sqlite"], tmp_path)
