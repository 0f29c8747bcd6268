"""
Group commit: the first caller who waits becomes the leader and commits for all; a record that is given back is on the disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Final, NamedTuple

from assign.commands import command
from assign.errors import AssignError
from assign.words import sha256

from . import ending, merkle
from .canonical import moment, read
from .draft import Draft
from .errors import KeyTaken, NotPublished, key_reused, no_such_log, not_recorded
from .kinds import Record
from .reading import UnknownRecord, backed
from .store import Known, New, NumberTaken, Row, Store, Writing, at_fork

TOGETHER: Final = 1000  # records that share a commit, at most
PATIENT: Final = 20  # times that a batch is numbered anew, where others put rows at its numbers without taking turns


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
        # The tree as the log was last seen committed, and the nodes of its last row as they are kept. The log never becomes
        # shorter than that; this holds in a child process, too.
        self._seen: tuple[merkle.Frontier, bytes] | None = None
        self._alone = False  # whether the last transaction found the log as we had left it
        self._reset()
        at_fork(self)

    def _reset(self) -> None:
        self._mutex = threading.Lock()
        self._queue: deque[PendingAppend] = deque()
        self._leader: PendingAppend | None = None  # who commits; the first in the queue

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
                    pending.batch = [pending]  # nobody else waits
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
        if not pending.batch:
            with self._mutex:
                pending.batch = list(islice(self._queue, TOGETHER))
        try:
            self._commit(pending.batch)
        except Exception as error:  # noqa: BLE001 - whatever it was: there is no record, and each caller is told
            failed = error if isinstance(error, AssignError) else not_recorded(type(error).__name__)
            self._alone = False
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
        if self._appended_if_unchanged(batch):
            return
        for _ in range(PATIENT - 1):
            with suppress(NumberTaken):
                self._append_in_transaction(batch)
                return
        self._append_in_transaction(batch)

    def _appended_if_unchanged(self, batch: list[PendingAppend]) -> bool:
        """A lone record, where nobody else has written since we did: one round trip. False: nothing was written."""
        seen, (pending, *others) = self._seen, batch
        draft = pending.draft
        if seen is None or others or not self._alone or draft.publishes or self._refused(draft, seen[0].size):
            return False
        frontier = seen[0].copy()
        (row,) = self._rows([draft], frontier)
        if not self._store.append_if_unchanged(self._number, seen[1], row):
            self._alone = False
            return False
        self._seen = frontier, row.nodes
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
                told = [each for each in writing.published() if type(each[2]) is int and each[2] < size]
                self._published |= backed(self._store, self._origin, self._number, told, cited)
            new: list[PendingAppend] = []
            waiting: list[tuple[PendingAppend, PendingAppend]] = []  # a later one, and the first one with the same key
            first: dict[str, PendingAppend] = {}
            for pending in batch:
                key = pending.draft.key
                pending.kept = pending.error = None
                if key and key in known:
                    pending.kept, pending.error = self._retried(pending.draft.record, known[key], size)
                elif key and key in first:
                    waiting.append((pending, first[key]))
                elif (error := self._refused(pending.draft, size)) is not None:
                    pending.error = error
                else:
                    new.append(pending)
                    if key:
                        first[key] = pending
            written, seen = self.write(writing, [pending.draft for pending in new])
            for pending, kept in zip(new, written, strict=True):
                pending.kept = kept
            for pending, earlier in waiting:
                assert earlier.kept is not None  # noqa: S101 - INVARIANT: set just above
                pending.kept, pending.error = _same_request(
                    pending.draft.record, earlier.kept.seq, earlier.kept.payload
                )
        self.committed(seen)

    def _retried(self, record: Record, row: Row, size: int) -> tuple[Kept | None, AssignError | None]:
        """A retry by its idempotency key: the record that is there, or why it cannot be given."""
        if row.seq < size and ending.is_kept_record(self._store, self._origin, self._number, row):
            return _same_request(record, row.seq, row.payload)
        return None, KeyTaken(row.seq)

    def _refused(self, draft: Draft, size: int) -> AssignError | None:
        """Why it cannot be recorded: it cites an edition that was not published, or corrects a record that is not there."""
        if not draft.cited_editions <= self._published:
            missing = sorted(what for what, _ in draft.cited_editions - self._published)
            return NotPublished(
                f"この版の {', '.join(missing)} は、まだ使用開始の記録がありません（`{command('audit publish')}` で記録します）",
                f"the log has not published this edition of {', '.join(missing)} (`{command('audit publish')}` does)",
            )
        corrects = draft.record.get("corrects")
        if corrects is not None and corrects >= size:
            return UnknownRecord(size - 1)
        return None

    @property
    def size(self) -> int:
        """How many records the log had when it was last read or extended."""
        return self._seen[0].size if self._seen else 0

    def look(self) -> int:
        """How many records the log has now; nothing is locked."""
        known = self._seen
        if known and known[0].size:
            self._require_last(known, self._store.some(self._number, [known[0].size - 1]))
        tree = ending.tree_at_end(self._store, self._origin, self._number, known[0] if known else None)
        if known is None and tree[0].size:
            self._seen = tree
        return tree[0].size

    def begin(self, writing: Writing, keys: Sequence[str] = ()) -> Known:
        """
        Lock the log, and bring the tree that we know up to date: it is extended by the rows that others have appended since, each
        by its bytes; where none is known, the end of the log is looked for.

        Returns:
            For each of the idempotency keys that a row has, the row; it may be no record of the log.

        Raises:
            StoreError: The log is shorter than we know it, or than a signed checkpoint beside it says.
        """
        known = self._seen
        since = known[0].size - 1 if known and known[0].size else 0
        rows, found = writing.lock_and_read_tail(since, keys)
        if known is None or not known[0].size:
            seen = ending.tree_at_end(self._store, self._origin, self._number)
            ending.require_signed_size(self._store, self._origin, self._number, seen[0].size)
            self._alone = False
        else:
            self._require_last(known, rows)
            tree, last = known[0].copy(), known[1]
            self._alone = len(rows) == 1 or rows[1].seq != tree.size
            for row in rows[1:]:
                if row.seq != tree.size:
                    break
                tree.append(merkle.leaf_hash(row.payload))
                last = row.nodes
            else:
                if len(rows) > 1:  # there may be more
                    tree, last = ending.tree_at_end(self._store, self._origin, self._number, tree)
            seen = tree, last
        self._seen = seen
        return found

    def committed(self, seen: tuple[merkle.Frontier, bytes]) -> None:
        """Go on from this tree: what `write` gave, once its transaction has ended well."""
        self._seen = seen

    def _require_last(self, known: tuple[merkle.Frontier, bytes], rows: Sequence[Row]) -> None:
        """Require that our last row is still there."""
        tree, last = known
        if not rows or (rows[0].seq, rows[0].nodes) != (tree.size - 1, last):
            raise ending.shorter(rows[0].seq if rows else tree.size - 1, tree.size)

    def write(
        self, writing: Writing, drafts: list[Draft], editions: Sequence[bytes] = ()
    ) -> tuple[list[Kept], tuple[merkle.Frontier, bytes]]:
        """
        Number, date, hash and insert drafts, in a transaction that has begun.

        Returns:
            The records; and the tree with them, which is to be believed once they are committed.
        """
        assert self._seen is not None  # noqa: S101 - INVARIANT: `begin` has left one
        frontier, last = self._seen[0].copy(), self._seen[1]
        rows = self._rows(drafts, frontier)
        if rows:
            puts = ((draft.publishes, row.seq) for draft, row in zip(drafts, rows, strict=True))
            published = [(*put, seq) for put, seq in puts if put is not None]
            writing.add(rows, published, [(sha256(data), data) for data in editions])
            last = rows[-1].nodes
        return [Kept(row.seq, row.payload, created=True) for row in rows], (frontier, last)

    def _rows(self, drafts: list[Draft], frontier: merkle.Frontier) -> list[New]:
        """Rows to insert; the frontier is extended by them."""
        recorded = moment()
        rows: list[New] = []
        for draft in drafts:
            payload = draft.payload(recorded, frontier.size)
            rows.append(New(frontier.size, payload, frontier.append(merkle.leaf_hash(payload)), draft.key))
        return rows


def _same_request(record: Record, seq: int, payload: bytes) -> tuple[Kept | None, AssignError | None]:
    """A retry: the record that is there, or KeyReused where it is of another request."""
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
