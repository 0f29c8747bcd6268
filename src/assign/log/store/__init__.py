"""
Where a log is kept: SQLite in a file, or PostgreSQL on a server. Five tables; rows are only ever inserted.

    log          a log's name, and its number in this database
    record       at = log * 2**40 + sequence number; the record's bytes; the tree hashes that it completes; its key
    publication  which editions and keys a log has published, and in which record     (derived from the records)
    edition      the text of an edition, under its SHA-256
    checkpoint   signed notes that were made here; what proves something is the copy outside

A commit that is acknowledged is on the disk. Where that cannot be promised (a SQLite with the WAL-reset defect, a network
file system under a WAL, a server with `fsync` or `synchronous_commit` off) the store refuses to open and says what to do.
Reading needs no index but the tables' own order, so a damaged or missing index never locks an auditor out.
"""

from .address import open_store, require_fit
from .interface import (
    SEQ,
    ExtraMissing,
    Known,
    New,
    NumberTaken,
    Row,
    Store,
    StoreDamaged,
    StoreError,
    StoreMissing,
    StoreRefused,
    Writing,
    as_bytes,
    at_fork,
)

__all__ = [
    "SEQ", "ExtraMissing", "Known", "New", "NumberTaken", "Row", "Store", "StoreDamaged", "StoreError", "StoreMissing", "StoreRefused",
    "Writing", "as_bytes", "at_fork", "open_store", "require_fit",
]  # fmt: skip
