"""
Where a log is kept: SQLite in a file, or PostgreSQL on a server. Five tables, and three verbs: create, insert, select.

    log          a log's name, and its number in this database
    record       at = log * 2**40 + sequence number; the record's bytes; the tree hashes that it completes; its key
    publication  which editions and keys a log has published, and in which record     (derived from the records)
    edition      the text of an edition, under its SHA-256
    checkpoint   notes that were made here; the copy that proves something is the one outside

A commit that is acknowledged is on the disk. Where that cannot be promised (a SQLite with the WAL-reset defect, a network
file system under a WAL, a server with `fsync` or `synchronous_commit` off) the store refuses to open and says what to do.
Reading needs no index but the tables' own order, so a damaged or missing index never locks an auditor out.
"""

from __future__ import annotations

from pathlib import Path

from assign.errors import BadOption

from .interface import (
    PATIENCE,
    SHIFT,
    ExtraMissing,
    Known,
    New,
    Row,
    Store,
    StoreError,
    StoreMissing,
    StoreRefused,
    Writing,
    as_bytes,
    at_fork,
)  # fmt: skip
from .postgresql import PostgresStore
from .schema import NAMES, Strange
from .sqlite import SqliteStore, sound_sqlite
from .watch import network_file_system

__all__ = [
    "ExtraMissing", "Known", "NAMES", "New", "PATIENCE", "PostgresStore", "Row", "SHIFT", "SqliteStore", "Store",
    "StoreError", "StoreMissing", "StoreRefused", "Strange", "Writing", "as_bytes", "at_fork", "network_file_system",
    "open_store", "sound_sqlite",
]  # fmt: skip


def open_store(url: str, *, create: bool = False) -> Store:
    """
    Open a database of logs.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute/path.db` or `postgresql://…` (as libpq reads it).
        create: Whether to make the file, and the tables, where they are not there.

    Raises:
        BadOption: Neither. StoreMissing: Nothing is there. StoreRefused: It cannot keep the promise. StoreError.
    """
    if url.startswith("sqlite:///"):
        return SqliteStore(Path(url.removeprefix("sqlite:///")), create=create)
    scheme = url.partition(":")[0]
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return PostgresStore("postgresql" + url[len(scheme) :], create=create)
    raise BadOption(
        "記録の場所は `sqlite:///ファイル` か `postgresql://…` です",
        "a log is at `sqlite:///FILE` or `postgresql://…`",
        ["sqlite:///", "postgresql://"],
    )
