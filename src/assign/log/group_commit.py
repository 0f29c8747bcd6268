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
from .errors import NotPublished, key_reused, no_such_log, not_recorded
from .kinds import Record
from .reading import UnknownRecord, backed, require_unbroken_end
from .store import Known, New, Store, StoreError, Writing, at_fork

TOGETHER: Final = 1000  # records that share a commit, at most


class Kept(NamedTuple):
    """A record that is on the disk: its number, its bytes, and whether this call wrote it."""

    seq: int
    payload: bytes
    created: bool

    @property
    def record(self) -> Record:
        """What it says."""
        return read(self.payload)


class PendingAppend:
    """One caller's record on its way to the disk: the lock that the caller waits on, and, while it leads, the batch that it commits."""

    __slots__ = ("batch", "done", "draft", "error", "kept", "lock")

    def __init__(self, draft: Draft) -> None:
        self.draft: Draft = draft
        self.lock: threading.Lock | None = None
        self.batch: list[PendingAppend] = []
        self.done: bool = False
        self.kept: Kept | None = None
        self.error: AssignError | None = None

    def wake(self) -> None:
        """Let the caller go on. Safe to call twice, and where nobody waits."""
        if self.lock is not None and self.lock.locked():
            self.lock.release()


class GroupCommit:
    """
    Group commit: the first waiter becomes the leader, commits for all that wait, and passes leadership on.

    No thread of its own, and the more callers wait, the cheaper each record. Other processes are kept out by the store's lock.
    """

    def __init__(self, store: Store, origin: str, number: int) -> None:
        self._store, self._origin, self._number = store, origin, number
        self._published: set[tuple[str, str]] = set()
        self._last = b""
        self._alone = False  # whether the last transaction found the log as we had left it
        self._reset()
        at_fork(self)

    def _reset(self) -> None:
        self._mutex = threading.Lock()
        self._queue: deque[PendingAppend] = deque()
        self._leader: PendingAppend | None = None  # who commits; the first in the queue
        self._frontier: merkle.Frontier | None = None

    def before_fork(self) -> None:
        """Nothing to do: the store waits for a commit under way."""

    def after_fork(self, *, child: bool) -> None:
        """A child starts with an empty queue: the threads that waited are the parent's."""
        if child:
            self._reset()

    def append(self, draft: Draft) -> Kept:
        """Wait until it is on the disk."""
        pending = PendingAppend(draft)
        try:
            with self._mutex:
                self._queue.append(pending)
                if self._leader is None:
                    self._leader = pending
                else:
                    pending.lock = lock = threading.Lock()
                    lock.acquire()
            if self._leader is not pending:
                lock.acquire()
            if not pending.done:
                self._commit_batch(pending)
        finally:  # INVARIANT: however this ends, by an interrupt too, leadership passes on and nobody waits for ever
            try:
                self._pass_on(pending)
            except BaseException:  # an interrupt while leaving: once more, from the start
                self._pass_on(pending)
                raise
        if pending.error is not None:
            raise pending.error.with_traceback(None)
        assert pending.kept is not None  # noqa: S101 - INVARIANT: an append that is done has one of the two
        return pending.kept

    def _commit_batch(self, pending: PendingAppend) -> None:
        with self._mutex:
            pending.batch = list(islice(self._queue, TOGETHER))
        try:
            self._commit(pending.batch)
        except Exception as error:  # noqa: BLE001 - whatever it was: there is no record, and each caller is told
            failed = error if isinstance(error, AssignError) else not_recorded(type(error).__name__)
            self._frontier = None
            for each in pending.batch:
                each.kept, each.error = None, _own_copy(failed)
        for each in pending.batch:
            each.done = True

    def _pass_on(self, pending: PendingAppend) -> None:
        """Pass leadership on, or leave the queue. It may be called again where it was interrupted."""
        if pending.done and self._leader is not pending:
            return
        with self._mutex:
            if self._leader is not pending:
                if pending in self._queue:
                    self._queue.remove(pending)
                return
            for each in pending.batch:
                if not each.done:  # the leader was interrupted
                    each.kept, each.error, each.done = None, not_recorded("interrupted"), True
                each.wake()
            pending.done = True
            while self._queue and self._queue[0].done:
                self._queue.popleft()
            following = self._queue[0] if self._queue else None
            if following is not None:
                following.wake()
            self._leader = following  # last, so that all of the above can be repeated after an interrupt
            pending.batch = []  # a reference cycle: it would wait for the garbage collector

    def _commit(self, batch: list[PendingAppend]) -> None:
        if not self._appended_if_unchanged(batch):
            self._append_in_transaction(batch)

    def _appended_if_unchanged(self, batch: list[PendingAppend]) -> bool:
        """A lone record, where nobody else has written since we did: one statement. False: nothing was written."""
        before, (pending, *others) = self._frontier, batch
        draft = pending.draft
        if before is None or others or not self._alone or draft.publishes or self._refused(draft, before.size):
            return False
        frontier, self._frontier = before.copy(), None  # whatever fails now, the next commit reads the frontier anew
        (row,) = self._rows([draft], frontier)
        if not self._store.append_if_unchanged(self._number, self._last, row):
            self._frontier, self._alone = before, False
            return False
        self._frontier, self._last = frontier, row.nodes
        pending.kept = Kept(row.seq, row.payload, created=True)
        return True

    def _append_in_transaction(self, batch: list[PendingAppend]) -> None:
        with self._store.writing(self._number) as writing:
            known = self.begin(writing, [pending.draft.key for pending in batch if pending.draft.key])
            size = self.size
            if not size:
                raise no_such_log(self._origin, [])
            if not self._published.issuperset(cited for each in batch for cited in each.draft.cited_editions):
                cited = {each for pending in batch for each in pending.draft.cited_editions}
                self._published |= backed(self._store, self._origin, self._number, writing.published(), cited)
            new: list[PendingAppend] = []
            waiting: list[tuple[PendingAppend, PendingAppend]] = []  # a later one, and the first one with the same key
            first: dict[str, PendingAppend] = {}
            for pending in batch:
                key = pending.draft.key
                if key and key in known:
                    pending.kept, pending.error = _retried(pending.draft.record, *known[key])
                elif key and key in first:
                    waiting.append((pending, first[key]))
                elif (error := self._refused(pending.draft, size)) is not None:
                    pending.error = error
                else:
                    new.append(pending)
                    if key:
                        first[key] = pending
            written = self.write(writing, [pending.draft for pending in new], {})
            for pending, kept in zip(new, written, strict=True):
                pending.kept = kept
            for pending, earlier in waiting:
                assert earlier.kept is not None  # noqa: S101 - INVARIANT: set just above
                pending.kept, pending.error = _retried(pending.draft.record, earlier.kept.seq, earlier.kept.payload)

    def _refused(self, draft: Draft, size: int) -> AssignError | None:
        """Why it cannot be recorded: it cites an edition that was not published, or corrects a record that is not there."""
        if not draft.cited_editions <= self._published:
            missing = sorted(what for what, _ in draft.cited_editions - self._published)
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
        """How many records the log had when it was last read or extended."""
        return 0 if self._frontier is None else self._frontier.size

    def begin(self, writing: Writing, keys: Sequence[str] = ()) -> Known:
        """
        Lock the log, and bring the frontier (the tree's right edge) up to date: the remembered one is extended by what others
        have appended since; where they do not follow on it, it is read anew from the rows that complete it.

        Returns:
            The records that have one of the idempotency keys.
        """
        frontier, self._frontier = self._frontier, None
        since = frontier.size - 1 if frontier else 0
        newest, known = writing.lock_and_read_tail(since, keys)
        self._alone = [(since, self._last)] == newest
        if frontier is None or not self._extended_by(frontier, newest):
            newest = newest or writing.lock_and_read_tail()[0]
            size = newest[0][0] + 1 if newest else 0
            require_unbroken_end(size, writing.nodes)
            places = merkle.edge(size)
            rows = writing.nodes([((place + 1) << level) - 1 for level, place in places])
            frontier = merkle.Frontier(
                size, [node_of(rows, ((place + 1) << level) - 1, level) for level, place in places]
            )
        self._frontier, self._last = frontier, newest[0][1] if newest else b""
        return known

    def _extended_by(self, frontier: merkle.Frontier, newest: list[tuple[int, bytes]]) -> bool:
        """Extend the frontier by rows of others. False: they do not follow on our last one without a gap."""
        if not newest or newest[-1] != (frontier.size - 1, self._last):
            return False
        return all(
            seq == frontier.size and nodes == frontier.append(nodes[:32]) for seq, nodes in reversed(newest[:-1])
        )

    def write(self, writing: Writing, drafts: list[Draft], editions: Mapping[str, bytes]) -> list[Kept]:
        """Number, date, hash and insert drafts, in a transaction that has begun."""
        assert self._frontier is not None  # noqa: S101 - INVARIANT: `begin` has left one
        frontier, self._frontier = self._frontier, None  # whatever fails now, the next commit reads the frontier anew
        rows = self._rows(drafts, frontier)
        if rows:
            puts = ((draft.publishes, row.seq) for draft, row in zip(drafts, rows, strict=True))
            published = [(*put, seq) for put, seq in puts if put is not None]
            writing.add(rows, published, [(sha256(data), data) for data in editions.values()])
            self._last = rows[-1].nodes
        self._frontier = frontier
        return [Kept(row.seq, row.payload, created=True) for row in rows]

    def _rows(self, drafts: list[Draft], frontier: merkle.Frontier) -> list[New]:
        """Rows to insert; the frontier is extended by them."""
        recorded = moment()
        rows: list[New] = []
        for draft in drafts:
            payload = draft.payload(recorded, frontier.size)
            rows.append(New(frontier.size, payload, frontier.append(merkle.leaf_hash(payload)), draft.key))
        return rows


def _retried(record: Record, seq: int, payload: bytes) -> tuple[Kept | None, AssignError | None]:
    """A retry by its idempotency key: the record that is there, or KeyReused where it is of another request."""
    before = read(payload)
    # A retry that names no date may come after midnight: it is the same request if it was given in the same words.
    same = all(before.get(name) == record.get(name) for name in ("kind", "corrects", "input"))
    if same and (before.get("given") == record.get("given") or before.get("request") == record.get("request")):
        return Kept(seq, payload, created=False), None
    return None, key_reused()


def _own_copy(error: AssignError) -> AssignError:
    """An exception of its own for each caller: a raised one gets its caller's traceback."""
    kind, arguments = error.__reduce__()[:2]
    return kind(*arguments)  # type: ignore[no-any-return]  # errors rebuild themselves


def node_of(rows: Mapping[int, bytes], seq: int, level: int) -> bytes:
    """The hash of the subtree of that level that a record completes. Raises StoreError where it is not there."""
    found = rows.get(seq, b"")[level * 32 : level * 32 + 32]
    if len(found) != 32:
        raise StoreError(
            f"記録の番号 {seq} が欠けているか、壊れています（`assign audit verify`）",
            f"record {seq} of the log is missing or damaged (`assign audit verify`)",
        )
    return found
