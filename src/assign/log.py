"""
One decision log: append durably, read back, make checkpoints.

    log = Log.open("sqlite:///audit.db", "example.city/assign")
    log.append({"kind": "decision", …}).seq

Who appends waits until the record is on the disk. Callers that wait at the same time share one commit (group commit): the
first one writes for all who are waiting, so there is no thread of our own, and the more wait, the cheaper each record.
Writers in other processes and on other machines take turns in the database; the log stays one line of records.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from . import merkle
from .errors import AssignError, BadRequest, shown
from .reading import UnknownRecord, backed, follows, logs_of, puts
from .record import EDITIONS, Draft, Kind, Record, moment, read, telling
from .store import Known, New, Row, Store, StoreError, StoreMissing, Writing, at_fork, open_store
from .words import sha256

if TYPE_CHECKING:
    from .note import (  # `decide --record` writes to a log that is there, and needs no key
        Checkpoint,
        PublicKey,
        SecretKey,
    )

UNNAMED: Final = "assign.local/log"
TOGETHER: Final = 1000  # records that share a commit, at most


class NotPublished(AssignError):
    """A decision on an edition that the log has not published: it would cite what nobody has put into force."""

    code = "not_published"


class KeyReused(BadRequest):
    """An idempotency key came back with another request. The first answer stands; nothing was written."""

    code = "key_reused"


class Kept(NamedTuple):
    """A record that is on the disk: its number, its bytes, and whether this call wrote it."""

    seq: int
    payload: bytes
    fresh: bool

    @property
    def record(self) -> Record:
        """What it says."""
        return read(self.payload)


class Log:
    """
    One log of a store. Safe in threads and forks; each process writes through one connection.

    Attributes:
        origin: Its name. number: Its number in the store. store: Where it is kept.
    """

    def __init__(self, store: Store, origin: str, number: int) -> None:
        self.store = store
        self.origin = origin
        self.number = number
        self._writer = _Writer(
            store, origin, number
        )  # not of this log: whoever forgets it has the store closed at once

    @classmethod
    def open(cls, url: str, origin: str | None = None) -> Log:
        """
        Open a log that is there.

        Args:
            url: As `store.open_store` takes it.
            origin: The log's name; may be left out where the store has one log.

        Raises:
            StoreMissing: There is no such log, or several and none was named. StoreRefused, StoreError, BadOption.
        """
        store = open_store(url)
        try:
            origins = logs_of(store, origin)
            if origin is None and len(origins) == 1:
                origin = next(iter(origins))
            if origin is None or origin not in origins:
                raise _missing(origin, list(origins))
        except BaseException:
            store.close()
            raise
        return cls(store, origin, origins[origin])

    @classmethod
    def make(cls, url: str, origin: str | None, editions: Mapping[str, bytes], *, beside: bool = True) -> Log:
        """
        Open a log, and make it if it is not there: its key, its first record, and the editions that it begins with.

        Args:
            origin: Its name. None: the one log that is there, or `assign.local/log` where there is none.
            beside: Whether a new log may begin where others are. A clerk's slip in a name must not begin one, in which nobody
                looks for the answer; who sets up a second log says so.

        Raises:
            BadRequest: The origin is not a name. NoteError: No key could be had. StoreRefused, StoreError, BadOption.
            StoreMissing: There are other logs and none of that name.
        """
        if origin is not None and not _is_name(origin):
            raise BadRequest(
                "記録の名前は `example.city/assign` のように、小文字の英数字と . - _ / で書きます（数字は続けて5字まで）",
                "a log's name is written like `example.city/assign`: small letters, digits (five together at most) and . - _ /",
            )
        try:
            store = open_store(url)
        except StoreMissing:
            store = open_store(url, create=True)
        try:
            origins = logs_of(store, origin)
            if (origin is None and len(origins) > 1) or (origins and origin not in (None, *origins) and not beside):
                raise _missing(origin, list(origins))
            origin = origin or next(iter(origins), UNNAMED)
            number = origins.get(origin)
            log = cls(store, origin, store.create(origin) if number is None else number)
            if store.size(log.number) == 0:
                from .note import held_key

                log._begin(held_key(origin, make=True).public(), editions)
        except BaseException:
            store.close()
            raise
        return log

    def _begin(self, key: PublicKey, editions: Mapping[str, bytes]) -> None:
        first = {"kind": Kind.LOG.value, "signer": str(key)}
        with self.store.writing(self.number) as writing:
            self._writer.begin(writing)
            if self._writer.size:
                return  # another process was first
            drafts = [first, *(_publication(what, editions[what]) for what in EDITIONS)]
            self._writer.write(writing, self._drafts(drafts), editions)

    def append(self, record: Record) -> Kept:
        """
        Keep a record.

        Args:
            record: One without `schema`, `origin`, `seq`, `recorded` and `version`, which the log gives.

        Returns:
            The record, when it is on the disk; the first one, where its idempotency key is known already.

        Raises:
            RecordError: It holds what may not be recorded. NotPublished, KeyReused.
            StoreError: It could not be written; there is no record, and there must be no answer.
        """
        return self._writer.append(Draft(record, self.origin))  # what may not be recorded does not join a queue

    def publish(self, editions: Mapping[str, bytes]) -> list[Kept]:
        """Put editions into use: each that the log has not published gets a record, and its text is kept."""
        with self.store.writing(self.number) as writing:
            self._writer.begin(writing)
            if not self._writer.size:
                raise _missing(self.origin, [])
            wanted = {(what, sha256(editions[what])) for what in EDITIONS}
            known = backed(self.store, self.origin, self.number, writing.published(), wanted)
            new = [
                _publication(what, editions[what]) for what in EDITIONS if (what, sha256(editions[what])) not in known
            ]
            return self._writer.write(writing, self._drafts(new), editions)

    def _drafts(self, records: list[Record]) -> list[Draft]:
        return [Draft(record, self.origin) for record in records]

    def rotate(self, new: SecretKey, by: SecretKey | None = None) -> Kept:
        """
        Another key signs from here on.

        Args:
            by: The present key, which names the new one: who trusts it trusts the new one. None where it is lost.

        Raises:
            BadRequest: The new one is a key that the log has had, or another log's; or `by` is not the present one.
        """
        now = self.keys()[-1]
        if new.name != self.origin or str(new.public()) in map(str, self.keys()):
            raise BadRequest("新しい鍵が要ります", "a new key of this log is needed")
        if by is not None and str(by.public()) != str(now):
            raise BadRequest("今の鍵ではありません", "this is not the present key")
        from .note import endorse

        draft: Record = {"kind": Kind.KEY.value, "signer": str(new.public()), "replaces": str(now)}
        return self.append({**draft, "endorsed": endorse(new.public(), by) if by else None})

    def keys(self) -> list[PublicKey]:
        """The keys that the log's records have named, the present one last. A row that no record backs names none."""
        from .note import public_key

        told = [seq for what, _, seq in self.store.published(self.number) if what == "key"]
        named = dict.fromkeys(puts(self.store, self.origin, self.number, seq) for seq in (0, *told))
        if not (found := [public_key(put[1]) for put in named if put is not None and put[0] == "key"]):
            raise StoreError(
                "記録に公開鍵がありません（`assign audit verify`）", "the log names no key (`assign audit verify`)"
            )
        return found

    @property
    def size(self) -> int:
        """How many records it has."""
        return self.store.size(self.number)

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Records in order, as they are kept."""
        return self.store.read(self.number, start, stop)

    def row(self, seq: int) -> Row:
        """One record. Raises BadRequest where there is none of that number."""
        found = next(iter(self.rows(seq, seq + 1)), None) if 0 <= seq < 1 << 40 else None
        if found is None or found.seq != seq:
            last = self.size - 1
            raise UnknownRecord(last)
        return found

    def node(self, level: int, place: int) -> bytes:
        """The hash of a perfect subtree, as `merkle` asks for it. It stands in the row of its last record."""
        seq = ((place + 1) << level) - 1
        return _node(self.store.nodes(self.number, [seq]), seq, level)

    def head(self) -> Checkpoint:
        """The log as it stands, unsigned."""
        from .note import Checkpoint

        size = self.size
        follows(size, partial(self.store.nodes, self.number))
        return Checkpoint(self.origin, size, merkle.root(size, self.node))

    def checkpoint(self, key: SecretKey) -> str:
        """
        A signed note of the log as it stands; a copy is kept here, and proves nothing here.

        Raises:
            BadRequest: The key is not the one that the log has named.
            StoreError: The log no longer holds what the last checkpoint here says: nothing is signed.
        """
        keys = self.keys()
        if str(key.public()) != str(keys[-1]):
            raise BadRequest(
                "この鍵は、記録が示す今の鍵ではありません。今の鍵のファイルを ASSIGN_KEY_FILE に指定してください"
                "（今の鍵は `assign audit key` で分かります。なくしたときだけ `assign audit key --rotate FILE` で替えます）",
                "this key is not the one that the log names now; set ASSIGN_KEY_FILE to the file of that key "
                "(`assign audit key` shows which it is; only if it is lost, `assign audit key --rotate FILE` changes it)",
            )
        from .note import sign

        head = self.head()
        notes = self.store.checkpoints(self.number)
        self._still_holds(notes, head.size, keys)
        note = sign(head, key)
        if note not in notes:
            self.store.add_checkpoint(self.number, head.size, note)
        return note

    def _still_holds(self, notes: list[str], size: int, keys: list[PublicKey]) -> None:
        """What the last good checkpoint here says is still in the log: a log that lost its tail is not signed anew."""
        from .note import NoteError, opened

        for note in reversed(notes):
            try:
                last, _ = opened(note, keys)
            except NoteError:
                continue  # whoever may insert may insert nonsense; it must not stop the log
            if last.origin != self.origin:
                continue
            if last.size > size or merkle.root(last.size, self.node) != last.root:
                raise StoreError(
                    f"記録が {last.size} 件のチェックポイントと合いません。署名しません（`assign audit verify`）",
                    f"the log no longer fits its checkpoint of {last.size} records; nothing is signed (`assign audit verify`)",
                )
            return

    def close(self) -> None:
        """Let go of the store; once is enough. Nothing can be asked of the log afterwards (StoreError)."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self.close()


def _is_name(origin: str) -> bool:
    """A log's name, and no number of a person's or of a telephone in it."""
    from .note import NAME

    return bool(NAME.fullmatch(origin)) and len(origin) <= 100 and not telling(origin)


# -- writing ---------------------------------------------------------------------------------------------------------


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


def _failed(reason: str) -> StoreError:
    return StoreError(
        f"記録できませんでした（{reason}）。回答はありません",
        f"the record could not be written ({reason}); there is no answer",
    )


def _copy(error: AssignError) -> AssignError:
    """Each caller raises its own."""
    kind, arguments = error.__reduce__()[:2]
    return kind(*arguments)  # type: ignore[no-any-return]  # errors rebuild themselves


def _publication(what: str, data: bytes) -> Record:
    return {"kind": Kind.PUBLICATION.value, "what": what, "sha256": sha256(data), "bytes": len(data)}


def _node(rows: Mapping[int, bytes], seq: int, level: int) -> bytes:
    found = rows.get(seq, b"")[level * 32 : level * 32 + 32]
    if len(found) != 32:
        raise StoreError(
            f"記録の番号 {seq} が欠けているか、壊れています（`assign audit verify`）",
            f"record {seq} of the log is missing or damaged (`assign audit verify`)",
        )
    return found


def _missing(origin: str | None, there: list[str]) -> StoreMissing:
    named = ", ".join(shown(each) for each in there[:10]) or "なし / none"
    if origin is None and there:
        error = StoreMissing(
            f"記録が {len(there)} あります。`--origin` で選んでください（{named}）",
            f"there are {len(there)} logs; choose one with `--origin` ({named})",
        )
    else:
        error = StoreMissing(
            f"その名前の記録はありません（あるもの: {named}。`assign audit init` で作ります）",
            f"there is no log of that name (there are: {named}; `assign audit init` makes one)",
        )
    error.candidates = tuple(there[:10])
    return error
