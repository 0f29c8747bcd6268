"""
Group commit: the first caller who waits becomes the leader and commits for all; a record that is given back is on the disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from assign.errors import AssignError
from assign.words import sha256

from . import merkle
from .canonical import moment, read
from .draft import Draft
from .errors import KeyReused, NotPublished, _failed, _missing
from .kinds import Record
from .reading import UnknownRecord, backed, follows
from .store import Known, New, Store, StoreError, Writing, at_fork

TOGETHER: Final = 1000  # records that share a commit, at most


class Kept(NamedTuple):
    """A record that is on the disk: its number, its bytes, and whether this call wrote it."""

    seq: int
    payload: bytes
    fresh: bool

    @property
    def record(self) -> Record:
        """What it says."""
        return read(self.payload)


class _Ticket:
    """One caller's record, the gate that it waits at if it must, and for whom it writes when it has the pen."""

    __slots__ = ("batch", "done", "draft", "error", "gate", "kept")

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.gate: threading.Lock | None = None
        self.batch: list[_Ticket] = []
        self.done = False
        self.kept: Kept | None = None
        self.error: AssignError | None = None

    def wake(self) -> None:
        """Open the gate; there may be none, and it may be open."""
        if self.gate is not None and self.gate.locked():
            self.gate.release()


class _Writer:
    """Group commit: whoever finds nobody writing writes for all that wait, then hands the pen on."""

    def __init__(self, store: Store, origin: str, number: int) -> None:
        self._store, self._origin, self._number = store, origin, number
        self._published: set[tuple[str, str]] = set()
        self._last = b""
        self._alone = False  # whether our last turn found the log as we had left it
        self._fresh()
        at_fork(self)

    def _fresh(self) -> None:
        self._mutex = threading.Lock()
        self._queue: deque[_Ticket] = deque()
        self._pen: _Ticket | None = None  # whose turn it is to write; the first in the queue
        self._frontier: merkle.Frontier | None = None

    def before_fork(self) -> None:
        """The store waits for whoever is writing."""

    def after_fork(self, *, child: bool) -> None:
        """Nobody waits in a child."""
        if child:
            self._fresh()

    def append(self, draft: Draft) -> Kept:
        """Wait until it is on the disk."""
        ticket = _Ticket(draft)
        try:
            with self._mutex:
                self._queue.append(ticket)
                if self._pen is None:
                    self._pen = ticket
                else:
                    ticket.gate = gate = threading.Lock()
                    gate.acquire()
            if self._pen is not ticket:
                gate.acquire()
            if not ticket.done:
                self._lead(ticket)
        finally:  # INVARIANT: however this ends, by an interrupt too, the pen goes on and nobody waits for ever
            try:
                self._leave(ticket)
            except BaseException:  # an interrupt while leaving: once more, from the start
                self._leave(ticket)
                raise
        if ticket.error is not None:
            raise ticket.error.with_traceback(None)
        assert ticket.kept is not None  # noqa: S101 - INVARIANT: a ticket that is done has one of the two
        return ticket.kept

    def _lead(self, ticket: _Ticket) -> None:
        with self._mutex:
            ticket.batch = list(islice(self._queue, TOGETHER))
        try:
            self._commit(ticket.batch)
        except Exception as error:  # noqa: BLE001 - whatever it was: there is no record, and each caller is told
            failed = error if isinstance(error, AssignError) else _failed(type(error).__name__)
            self._frontier = None
            for each in ticket.batch:
                each.kept, each.error = None, _copy(failed)
        for each in ticket.batch:
            each.done = True

    def _leave(self, ticket: _Ticket) -> None:
        """Give up the pen or the place in the queue. It may be called again where it was interrupted."""
        if ticket.done and self._pen is not ticket:
            return
        with self._mutex:
            if self._pen is not ticket:
                if ticket in self._queue:
                    self._queue.remove(ticket)
                return
            for each in ticket.batch:
                if not each.done:  # the writer was interrupted
                    each.kept, each.error, each.done = None, _failed("interrupted"), True
                each.wake()
            ticket.done = True
            while self._queue and self._queue[0].done:
                self._queue.popleft()
            following = self._queue[0] if self._queue else None
            if following is not None:
                following.wake()
            self._pen = following  # last: until here, all of it can be done again
            ticket.batch = []  # it holds the ticket, too: both would wait for the garbage collector

    def _commit(self, batch: list[_Ticket]) -> None:
        if not self._extended(batch):
            self._in_turn(batch)

    def _extended(self, batch: list[_Ticket]) -> bool:
        """Where nobody else has written since we did: one statement. False: nothing was written."""
        before = self._frontier
        if before is None or not self._alone or len(batch) > self._store.most:
            return False
        drafts = [ticket.draft for ticket in batch]
        keys: set[str] = set()
        for draft in drafts:
            if draft.puts or draft.key in keys or self._refused(draft, before.size):
                return False
            if draft.key:
                keys.add(draft.key)
        frontier, self._frontier = before.copy(), None  # whatever fails now, the next turn reads the edge anew
        rows = self._rows(drafts, frontier)
        if not self._store.extend(self._number, self._last, rows):
            self._frontier, self._alone = before, False
            return False
        self._frontier, self._last = frontier, rows[-1].nodes
        for ticket, row in zip(batch, rows, strict=True):
            ticket.kept = Kept(row.seq, row.payload, fresh=True)
        return True

    def _in_turn(self, batch: list[_Ticket]) -> None:
        with self._store.writing(self._number) as writing:
            known = self.begin(writing, [ticket.draft.key for ticket in batch if ticket.draft.key])
            size = self.size
            if not size:
                raise _missing(self._origin, [])
            if not self._published.issuperset(cited for each in batch for cited in each.draft.cites):
                cited = {each for ticket in batch for each in ticket.draft.cites}
                self._published |= backed(self._store, self._origin, self._number, writing.published(), cited)
            fresh: list[_Ticket] = []
            waiting: list[tuple[_Ticket, _Ticket]] = []  # for the first one with the same key
            first: dict[str, _Ticket] = {}
            for ticket in batch:
                key = ticket.draft.key
                if key and key in known:
                    ticket.kept, ticket.error = _again(ticket.draft.record, *known[key])
                elif key and key in first:
                    waiting.append((ticket, first[key]))
                elif (error := self._refused(ticket.draft, size)) is not None:
                    ticket.error = error
                else:
                    fresh.append(ticket)
                    if key:
                        first[key] = ticket
            written = self.write(writing, [ticket.draft for ticket in fresh], {})
            for ticket, kept in zip(fresh, written, strict=True):
                ticket.kept = kept
            for ticket, earlier in waiting:
                assert earlier.kept is not None  # noqa: S101 - INVARIANT: set just above
                ticket.kept, ticket.error = _again(ticket.draft.record, earlier.kept.seq, earlier.kept.payload)

    def _refused(self, draft: Draft, size: int) -> AssignError | None:
        """It rests on what is not there, as far as is known of what was published."""
        if not draft.cites <= self._published:
            missing = sorted(what for what, _ in draft.cites - self._published)
            return NotPublished(
                f"この版の {', '.join(missing)} は記録に公示されていません（`assign audit publish` で公示します）",
                f"the log has not published this edition of {', '.join(missing)} (`assign audit publish` does)",
            )
        corrects = draft.record.get("corrects")
        if corrects is not None and corrects >= size:
            return UnknownRecord(size - 1)
        return None

    @property
    def size(self) -> int:
        """How many records the log had when the turn was ours."""
        return 0 if self._frontier is None else self._frontier.size

    def begin(self, writing: Writing, keys: Sequence[str] = ()) -> Known:
        """
        Take the turn, and have the tree's right edge: the one remembered, grown by what others have written since, or where
        that does not follow, read from the rows that complete it. What is known of the keys.
        """
        frontier, self._frontier = self._frontier, None
        since = frontier.size - 1 if frontier else 0
        newest, known = writing.turn(since, keys)
        self._alone = [(since, self._last)] == newest
        if frontier is None or not self._grown(frontier, newest):
            newest = newest or writing.turn()[0]
            size = newest[0][0] + 1 if newest else 0
            follows(size, writing.nodes)
            places = merkle.edge(size)
            rows = writing.nodes([((place + 1) << level) - 1 for level, place in places])
            frontier = merkle.Frontier(
                size, [_node(rows, ((place + 1) << level) - 1, level) for level, place in places]
            )
        self._frontier, self._last = frontier, newest[0][1] if newest else b""
        return known

    def _grown(self, frontier: merkle.Frontier, newest: list[tuple[int, bytes]]) -> bool:
        """Whether these rows follow on our last one, without a gap; the frontier has grown by them."""
        if not newest or newest[-1] != (frontier.size - 1, self._last):
            return False
        return all(
            seq == frontier.size and nodes == frontier.append(nodes[:32]) for seq, nodes in reversed(newest[:-1])
        )

    def write(self, writing: Writing, drafts: list[Draft], editions: Mapping[str, bytes]) -> list[Kept]:
        """Number, stamp, hash and insert drafts, in a transaction that has begun."""
        assert self._frontier is not None  # noqa: S101 - INVARIANT: `begin` has left one
        frontier, self._frontier = self._frontier, None  # whatever fails now, the next writer reads the edge anew
        rows = self._rows(drafts, frontier)
        if rows:
            puts = ((draft.puts, row.seq) for draft, row in zip(drafts, rows, strict=True))
            published = [(*put, seq) for put, seq in puts if put is not None]
            writing.add(rows, published, [(sha256(data), data) for data in editions.values()])
            self._last = rows[-1].nodes
        self._frontier = frontier
        return [Kept(row.seq, row.payload, fresh=True) for row in rows]

    def _rows(self, drafts: list[Draft], frontier: merkle.Frontier) -> list[New]:
        """What is inserted; the frontier grows by it."""
        recorded = moment()
        rows: list[New] = []
        for draft in drafts:
            payload = draft.payload(recorded, frontier.size)
            rows.append(New(frontier.size, payload, frontier.append(merkle.leaf_hash(payload)), draft.key))
        return rows


def _again(record: Record, seq: int, payload: bytes) -> tuple[Kept | None, AssignError | None]:
    """A key that is known: the first record, if it is of the same request."""
    before = read(payload)
    # A retry that names no date may come after midnight: it is the same request if it was given in the same words.
    same = all(before.get(name) == record.get(name) for name in ("kind", "corrects", "input"))
    if same and (before.get("given") == record.get("given") or before.get("request") == record.get("request")):
        return Kept(seq, payload, fresh=False), None
    return None, KeyReused(
        "この `key` は別の依頼で使われています（新しい依頼には新しい UUID を使ってください）",
        "this `key` was used for another request (a new request takes a new UUID)",
    )


def _copy(error: AssignError) -> AssignError:
    """Each caller raises its own."""
    kind, arguments = error.__reduce__()[:2]
    return kind(*arguments)  # type: ignore[no-any-return]  # errors rebuild themselves


def _node(rows: Mapping[int, bytes], seq: int, level: int) -> bytes:
    found = rows.get(seq, b"")[level * 32 : level * 32 + 32]
    if len(found) != 32:
        raise StoreError(
            f"記録の番号 {seq} が欠けているか、壊れています（`assign audit verify`）",
            f"record {seq} of the log is missing or damaged (`assign audit verify`)",
        )
    return found
