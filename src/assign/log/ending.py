"""
Where a log ends, and its tree there: the log is the unbroken run of rows from number 0.

Whoever may INSERT may put a row at any number, and nobody who may only INSERT can take it away. So a row beyond the first number
that is free is not of the log; a row on the way holds its number whatever is in it, and its leaf is the hash of its bytes. What the
column `nodes` says is used where it was checked, and is computed from the bytes where it does not fit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from typing import Final

from assign.commands import command

from . import merkle, places
from .kinds import Kind
from .reading import Unreadable, record_of
from .store import SEQ, Row, Store, StoreError

FEW: Final = 512  # a log of so many numbers is read from its beginning, which costs no more than to look for its end
RUN: Final = 4096  # rows without a gap that the end of a larger log has before it
BLOCK: Final = 256  # the last one or two of these are hashed from the bytes
PROBES: Final = 16  # numbers, drawn by lot, that must be there below the run
SMALL: Final = 10  # levels of a subtree that is read whole where its nodes do not fit


def tree_at_end(
    store: Store, origin: str, log: int, known: merkle.Frontier | None = None
) -> tuple[merkle.Frontier, bytes]:
    """
    The tree of the whole log, and the nodes as they are kept in its last row.

    Args:
        known: The tree of its beginning, where that is known; otherwise the end is looked for.
    """
    tree, last = (known or _near_end(store, origin, log)).copy(), b""
    if known and known.size:
        last = store.nodes(log, [known.size - 1]).get(known.size - 1, b"")
    for row in store.read(log, tree.size):
        if row.seq != tree.size:
            break
        tree.append(merkle.leaf_hash(row.payload))
        last = row.nodes
    return tree, last


def _near_end(store: Store, origin: str, log: int) -> merkle.Frontier:
    """
    A tree to go on from, close to the end. The candidates are the highest runs of rows without a gap; strays are few, or no run.

    A run is taken for the end of the log if it is long (or reaches number 0), most rows of it are records of their places, and
    numbers drawn by lot below it are there, too. Where there is none, the log is read from its beginning.
    """
    top = low = -1
    for seq in _descending(store, log):
        if top < 0 and seq < FEW:
            break
        if seq != low - 1:
            top = seq
        low = seq
        if top - low == RUN - 1 or not low:
            if top < FEW or not _records(store, origin, log, low, top) or not _all_there(store, log, low):
                break
            start = max(0, (top + 1 - BLOCK) // BLOCK * BLOCK)
            nodes = Nodes(store, origin, log)
            return merkle.Frontier(start, [nodes(level, place) for level, place in merkle.edge(start)])
    return merkle.Frontier()


def _descending(store: Store, log: int) -> Iterator[int]:
    below, size = SEQ + 1, 1
    while seqs := store.newest(log, below, size):
        yield from seqs
        below, size = seqs[-1], RUN


def _records(store: Store, origin: str, log: int, low: int, top: int) -> bool:
    """Whether most of some rows, the last ones and others drawn by lot, are records of their places."""
    drawn = {*range(top - 3, top + 1), *(SystemRandom().randrange(low, top + 1) for _ in range(PROBES))}
    found = [_is_record(row, origin) for row in store.some(log, sorted(drawn))]
    return 2 * sum(found) > len(drawn)


def _all_there(store: Store, log: int, below: int) -> bool:
    drawn = {SystemRandom().randrange(below) for _ in range(PROBES)} if below else set()
    return len(store.nodes(log, sorted(drawn))) == len(drawn)


def _is_record(row: Row, origin: str) -> bool:
    try:
        record_of(row, origin)
    except Unreadable:
        return False
    return row.nodes[:32] == merkle.leaf_hash(row.payload)


class Nodes:
    """
    The hashes of perfect subtrees, for `merkle`: as they are kept where they fit, and else from the bytes.

    A row's nodes fit if it is the record of its place, the first is the hash of its bytes, and each other one the hash of its two
    children as they are kept. Rows that were looked at are remembered.
    """

    def __init__(self, store: Store, origin: str, log: int, *, exact: bool = False) -> None:
        """exact: Whether to believe no column at all; each record is then read, once."""
        self._store, self._origin, self._log, self._exact = store, origin, log, exact
        self._sound: dict[int, Sequence[bytes]] = {}
        self._exactly: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, place: int) -> bytes:
        """The hash of that subtree."""
        if self._exact:
            return self._from_bytes(level, place)
        last = ((place + 1) << level) - 1
        if last not in self._sound:
            self._sound[last] = self._nodes_of(last)
        return self._sound[last][level]

    def _nodes_of(self, seq: int) -> Sequence[bytes]:
        """All subtrees that a record completes."""
        row = next(iter(self._store.some(self._log, [seq])), None)
        if row is None:
            raise missing_row(seq)
        levels = completed(seq)
        kept = [row.nodes[32 * level : 32 * level + 32] for level in range(levels + 1)]
        left = [seq - (1 << level) for level in range(levels)]  # the last record of each level's left neighbour
        found = self._store.nodes(self._log, left)
        beside = [found.get(each, b"")[32 * level : 32 * level + 32] for level, each in enumerate(left)]
        fits = _is_record(row, self._origin) and len(row.nodes) == 32 * (levels + 1)
        if fits and all(kept[level + 1] == merkle.node_hash(beside[level], kept[level]) for level in range(levels)):
            return kept
        if levels <= SMALL:  # among many strays, to go from one to the next costs more than to read the whole subtree
            done = self._tree(seq + 1 - (1 << levels), seq + 1)[1]
            return [done[32 * level : 32 * level + 32] for level in range(levels + 1)]
        nodes = [merkle.leaf_hash(row.payload)]
        for level in range(levels):
            nodes.append(merkle.node_hash(self(level, (seq >> level) - 1), nodes[level]))
        return nodes

    def _from_bytes(self, level: int, place: int) -> bytes:
        if (level, place) not in self._exactly:
            self._exactly[level, place] = self._tree(place << level, (place + 1) << level)[0].root()
        return self._exactly[level, place]

    def _tree(self, low: int, high: int) -> tuple[merkle.Frontier, bytes]:
        """A subtree of these records, from their bytes; and what the last of them completes."""
        tree, done = merkle.Frontier(), b""
        for row in self._store.read(self._log, low, high):
            if row.seq != low + tree.size:
                break
            done = tree.append(merkle.leaf_hash(row.payload))
        if tree.size != high - low:
            raise missing_row(low + tree.size)
        return tree, done


def completed(seq: int) -> int:
    """How many subtrees a record completes beside itself."""
    return (~seq & seq + 1).bit_length() - 1


def is_kept_record(store: Store, origin: str, log: int, row: Row) -> bool:
    """Whether a row of the log is a record: by its bytes, and by its nodes, which follow from bytes. The key's column is nobody's proof."""
    if not _is_record(row, origin):
        return False
    levels = completed(row.seq)
    nodes = Nodes(store, origin, log, exact=levels <= 8)
    try:
        expected = b"".join(nodes(level, row.seq >> level) for level in range(levels + 1))
    except StoreError:
        return False
    return row.nodes == expected


def missing_row(seq: int) -> StoreError:
    """The error where a row is not there, or its hashes are not."""
    return StoreError(
        f"記録の番号 {seq} が欠けているか、壊れています（`{command('audit verify')}`）",
        f"record {seq} of the log is missing or damaged (`{command('audit verify')}`)",
    )


def require_signed_size(store: Store, origin: str, log: int, size: int) -> None:
    """
    Require that nothing that was signed says that the log was longer: no checkpoint beside it; nor, where rows stand behind a gap, the
    state beside its key, which knows whether the gap is a hole. (Without a gap it may be a backup that was restored on purpose: recording
    goes on, signing does not.)

    Raises:
        StoreError: Something does. Of a checkpoint, a key must have signed it that the log began with, or that such a key has named.
    """
    notes, behind = store.larger_checkpoints(log, size), store.newest(log, SEQ + 1, 1)
    hole = bool(behind) and behind[0] > size
    states = [path for path in places.states(origin) if _claimed(path, origin) > size] if hole else []
    if not notes and not states:
        return
    from .checkpoint import line, named_by, open_verified
    from .keys import NoteError
    from .signed import known_size

    told = {seq for what, _, seq in store.published(log) if what == "key" and type(seq) is int and 0 < seq < size}
    named = []
    for row in store.some(log, sorted({0, *told})):
        with suppress(Unreadable, NoteError):
            record = record_of(row, origin)
            if record["kind"] in (Kind.LOG, Kind.KEY):
                named.append(named_by(row.seq, record))
    trusted = [key for _, key in line(named)]
    for note in notes:
        with suppress(NoteError):
            said, _ = open_verified(note, trusted)
            if said.origin == origin and said.size > size:
                raise shorter(size, said.size)
    for path in states:  # this machine's own: what a key has signed that nobody has signed counts, too
        if (known := known_size(path, [each.key for each in named])) > size:
            raise shorter(size, known)


def _claimed(path: Path, origin: str) -> int:
    """The size that the state in a file gives, before anything in it is checked; 0 where there is none of that log."""
    try:
        said = json.loads(path.read_bytes())
        return said["size"] if said["origin"] == origin and type(said["size"]) is int else 0
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0


def shorter(size: int, known: int) -> StoreError:
    """The error where a log does not go on from what was known of it."""
    return StoreError(
        f"記録は {known} 件あったはずですが、いまは番号 {size} から続いていません（消されたか、書き換えられています）。記録も署名もしません"
        f"（`{command('audit verify')}` で確かめ、控えから戻してください。古い控えをわざと戻したのなら `{command('audit key', '--rotate', 'FILE', '--abandon')}`）",
        f"the log had {known} records, and now it does not go on from number {size} (records were deleted or replaced); nothing is "
        f"recorded or signed (see `{command('audit verify')}`; deleted records come back from a backup; if an older backup was restored on purpose, "
        f"`{command('audit key', '--rotate', 'FILE', '--abandon')}`)",
    )
