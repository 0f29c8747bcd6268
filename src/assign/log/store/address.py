"""
The address of a log → its store.
"""

from __future__ import annotations

from assign.errors import BadOption

from .file_url import file_of
from .interface import Store
from .postgresql import PostgresStore
from .sqlite import SqliteStore, require_sound


def open_store(url: str, *, create: bool = False) -> Store:
    """
    Open a database of logs.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute/path.db` or `postgresql://…` (as libpq reads it).
        create: Whether to make the file, and the tables, where they are not there.

    Raises:
        BadOption: Neither. StoreMissing: Nothing is there. StoreRefused: It cannot keep the promise. StoreError.
    """
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return SqliteStore(file_of(url), create=create)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return PostgresStore("postgresql" + url[len(scheme) :], create=create)
    raise BadOption(
        "記録の場所は `sqlite:///ファイル` か `postgresql://…` です",
        "a log is at `sqlite:///FILE` or `postgresql://…`",
        ["sqlite:///", "postgresql://"],
    )


def require_fit(url: str) -> None:
    """Require that a file can be made there for a log, before anything is. A server says so itself. Raises as `open_store`."""
    if url.partition(":")[0] == "sqlite":
        require_sound(file_of(url), create=True)
