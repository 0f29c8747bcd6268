"""
A log and signed checkpoints → a bundle that any machine can check: of one record (inclusion), or of two checkpoints (consistency).
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import Any

from assign.commands import command
from assign.desk.recording import EditionMissing
from assign.errors import BadRequest
from assign.log import merkle
from assign.log.checkpoint import Checkpoint, Signers, open_in_force, open_of_line
from assign.log.log import Log
from assign.log.reading import record_of
from assign.log.record import publishes
from assign.log.store import Row, StoreError
from assign.words import sha256


def prove(log: Log, seq: int, checkpoint: str) -> dict[str, Any]:
    """
    All that another machine needs to check one record with `verifier.py`.

    Args:
        checkpoint: A signed note of this log, of more than `seq` records.

    Returns:
        The bundle, plain data: the record, its inclusion path in the checkpoint's tree, the log's public keys, and each
        edition that the record cites, with the record that published it and its own path.

    Raises:
        BadRequest: The checkpoint is older than the record. EditionMissing, UnknownRecord, NoteError, Unreadable.
        StoreError: The log no longer fits the checkpoint.
    """
    note, signer = open_in_force(checkpoint, log.named())
    row = log.row(seq)
    if seq >= note.size:
        raise BadRequest(
            f"チェックポイントは {note.size} 件で、番号 {seq} を含みません",
            f"the checkpoint has {note.size} records, and record {seq} is not among them",
        )
    nodes = lru_cache(maxsize=None)(log.node)
    record = record_of(row, log.origin)
    wanted = dict(record.get("editions", {}))
    editions = []
    for what, value, place in log.store.published(log.number):
        if wanted.get(what) != value or place >= seq:
            continue
        data = log.store.edition(value) or b""
        if sha256(data) != value:
            raise EditionMissing(what, value)
        published = log.row(place)
        if publishes(record_of(published, log.origin)) != (what, value):
            continue  # the table of publications is derived, and this row has no record that says so
        editions.append({**_proved(published, note, nodes), "text": data.decode("utf-8")})
        del wanted[what]
    for what, value in wanted.items():
        raise EditionMissing(what, value)
    return {
        "format": "assign.bundle/1",
        **_proved(row, note, nodes),
        "size": note.size,
        "checkpoint": checkpoint,
        "keys": _named_by_then(log.signers(signer), note),
        "editions": editions,
        "row": None,
    }


def _proved(row: Row, note: Checkpoint, nodes: merkle.Node) -> dict[str, Any]:
    path = merkle.inclusion(row.seq, note.size, nodes)
    if not merkle.included(row.seq, note.size, merkle.leaf_hash(row.payload), path, note.root):
        raise _unlike(note)
    return {
        "record": row.payload.decode("utf-8"),
        "index": row.seq,
        "path": [b64encode(each).decode() for each in path],
    }


def _unlike(note: Checkpoint) -> StoreError:
    return StoreError(
        f"記録が {note.size} 件のチェックポイントと合わず、証明を作れません（`{command('audit verify')}`）",
        f"the log does not fit the checkpoint of {note.size} records, so that nothing can be proved (`{command('audit verify')}`)",
    )


def prove_consistency(log: Log, old: str, new: str) -> dict[str, Any]:
    """
    The proof that the log of one checkpoint is the beginning of the log of another: plain data for `verifier.py`.

    Raises:
        BadRequest: The second is not the larger. NoteError: One of them is not of this log.
        StoreError: The log no longer fits one of them.
    """
    second, signer = open_in_force(new, log.named())
    signers = log.signers(signer)
    first, _ = open_of_line(old, signers)
    if not 0 < first.size <= second.size <= log.size:
        raise BadRequest(
            f"チェックポイントの大きさが {first.size} から {second.size} へ増えていません（記録は {log.size} 件）",
            f"the checkpoints do not grow, from {first.size} to {second.size} (the log has {log.size} records)",
        )
    path = merkle.consistency(first.size, second.size, lru_cache(maxsize=None)(log.node))
    if not merkle.consistent(first.size, second.size, first.root, second.root, path):
        raise _unlike(second)
    return {
        "format": "assign.consistency/1",
        "from": old,
        "to": new,
        "path": [b64encode(each).decode() for each in path],
        "keys": _named_by_then(signers, second),
    }


def _named_by_then(signers: Signers, note: Checkpoint) -> list[str]:
    """The keys of its signer's line that were named when a checkpoint was signed, in their order: the last one signed it."""
    return [str(key) for seq, key in signers if seq < note.size]
