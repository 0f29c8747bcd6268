"""
A log → a copy of it, record for record; and its derived tables, made again from the records.
"""

from __future__ import annotations

from itertools import islice

from assign.errors import BadRequest, shown
from assign.log import merkle
from assign.log.checkpoint import parse
from assign.log.kinds import Kind
from assign.log.log import Log
from assign.log.reading import record_of
from assign.log.record import publishes
from assign.log.store import New, Store, StoreError

from .chosen import Unread, missing, records


def copy(log: Log, target: Store) -> int:
    """
    Copy a whole log into another database, in one transaction: records byte for byte, their hashes computed again and compared.

    Returns:
        How many records.

    Raises:
        BadRequest: The target has records of that name already. StoreError: It could not be read or written, or a record
        is missing or does not fit its hash.
    """
    number = target.create(log.origin)
    if target.size(number):
        raise BadRequest(
            f"{target.shown} には {shown(log.origin)} の記録がもうあります（空のところへ戻してください）",
            f"{target.shown} has records of {shown(log.origin)} already (choose an empty place)",
        )
    tree = merkle.Frontier()
    with target.writing(number) as writing:
        writing.lock_and_read_tail()
        kept = log.rows()
        while page := list(islice(kept, 2000)):
            rows, published, editions = [], [], []
            for row in page:
                if row.seq != tree.size:
                    raise missing(tree.size, row.seq)
                record = record_of(row, log.origin)
                nodes = tree.append(merkle.leaf_hash(row.payload))
                if nodes != row.nodes:  # new hashes in the copy would hide it
                    raise StoreError(
                        f"番号 {row.seq} の本文とハッシュが合いません（`assign audit verify`）",
                        f"the bytes and the hashes of record {row.seq} do not fit (`assign audit verify`)",
                    )
                rows.append(New(row.seq, row.payload, nodes, record.get("key")))
                if (put := publishes(record)) is not None:
                    published.append((*put, row.seq))
                data = log.store.edition(record["sha256"]) if record["kind"] == Kind.PUBLICATION else None
                if data is not None:
                    editions.append((record["sha256"], data))
            writing.add(rows, published, editions)
    for note in log.store.checkpoints(log.number):
        target.add_checkpoint(number, parse(note)[0].size, note)
    return tree.size


def rebuild(log: Log, unread: Unread | None = None) -> int:
    """
    Make the derived data again: the index of idempotency keys, and the table of publications.

    Args:
        unread: As in `records`; what such a record published stays unknown.

    Returns:
        How many publications had been missing from that table.
    """
    known = set(log.store.published(log.number))
    lacking = []
    for record in records(log, unread=unread):
        put = publishes(record)
        if put is not None and (*put, record["seq"]) not in known:
            lacking.append((*put, record["seq"]))
    if lacking:
        with log.store.writing(log.number) as writing:
            writing.lock_and_read_tail()
            writing.add([], lacking, [])
    log.store.reindex()
    return len(lacking)
