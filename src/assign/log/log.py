"""
One decision log: append durably, read back, make checkpoints.

    log = Log.open("sqlite:///audit.db", "example.city/assign")
    log.append({"kind": "decision", …}).seq

A caller of `append` waits until the record is on the disk. Callers that wait at the same time share one commit
(`group_commit`). Writers in other processes and on other machines wait for the database's lock: a log is one sequence of records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from assign.errors import BadRequest
from assign.words import sha256

from . import merkle
from .draft import Draft
from .errors import is_log_name, no_such_log
from .group_commit import GroupCommit, Kept, node_of
from .kinds import EDITIONS, Kind, Record
from .reading import UnknownRecord, backed, logs_of, published_by, require_unbroken_end
from .store import Row, Store, StoreError, StoreMissing, open_store

if TYPE_CHECKING:
    from .checkpoint import Checkpoint
    from .keys import PublicKey, SecretKey


UNNAMED: Final = "assign.local/log"


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
        self._writer = GroupCommit(
            store, origin, number
        )  # holds no reference to this log, so that a log without an owner is closed at once

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
                raise no_such_log(origin, list(origins))
        except BaseException:
            store.close()
            raise
        return cls(store, origin, origins[origin])

    @classmethod
    def make(
        cls,
        url: str,
        origin: str | None,
        editions: Mapping[str, bytes],
        *,
        beside: bool = True,
        approve: Callable[[], None] | None = None,
    ) -> Log:
        """
        Open a log, and make it if it is not there: its key, its first record, and the editions that it begins with.

        Args:
            origin: Its name. None: the one log that is there, or `assign.local/log` where there is none.
            beside: Whether a new log may begin in a store that has others. A mistyped name must not begin one, since nobody
                would look for the answer there.
            approve: Called before a new log begins with these editions; if it raises, nothing is made.

        Raises:
            BadRequest: The origin is not a name. NoteError: No key could be had. StoreRefused, StoreError, BadOption.
            StoreMissing: There are other logs and none of that name.
        """
        if origin is not None and not is_log_name(origin):
            raise BadRequest(
                "記録の名前は `example.city/assign` のように、小文字の英数字と . - _ / で書きます（数字は続けて5字まで）",
                "a log's name is written like `example.city/assign`: small letters, digits (five together at most) and . - _ /",
            )
        try:
            store = open_store(url)
        except StoreMissing:
            if approve is not None:
                approve()
                approve = None
            store = open_store(url, create=True)
        try:
            origins = logs_of(store, origin)
            if (origin is None and len(origins) > 1) or (origins and origin not in (None, *origins) and not beside):
                raise no_such_log(origin, list(origins))
            origin = origin or next(iter(origins), UNNAMED)
            number = origins.get(origin)
            if approve is not None and (number is None or store.size(number) == 0):
                approve()
            log = cls(store, origin, store.create(origin) if number is None else number)
            if store.size(log.number) == 0:
                from .keys import held_key

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
                return  # another process made it meanwhile
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
        return self._writer.append(Draft(record, self.origin))  # refused before it waits

    def publish(self, editions: Mapping[str, bytes]) -> list[Kept]:
        """
        Put editions into use: each that the log has not published gets a record, and its text is kept. Whoever calls has had
        them approved (`desk.approval`): here they are bytes.
        """
        with self.store.writing(self.number) as writing:
            self._writer.begin(writing)
            if not self._writer.size:
                raise no_such_log(self.origin, [])
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
        from .checkpoint import endorse

        draft: Record = {"kind": Kind.KEY.value, "signer": str(new.public()), "replaces": str(now)}
        return self.append({**draft, "endorsed": endorse(new.public(), by) if by else None})

    def keys(self) -> list[PublicKey]:
        """The keys that the log's records have named, the present one last. The table says where; the records count."""
        from .keys import public_key

        told = [seq for what, _, seq in self.store.published(self.number) if what == "key"]
        named = dict.fromkeys(published_by(self.store, self.origin, self.number, seq) for seq in (0, *told))
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
        """The hash of a perfect subtree, for `merkle`. It is kept in the row of the subtree's last record."""
        seq = ((place + 1) << level) - 1
        return node_of(self.store.nodes(self.number, [seq]), seq, level)

    def head(self) -> Checkpoint:
        """The log as it stands, unsigned."""
        from .checkpoint import Checkpoint

        size = self.size
        require_unbroken_end(size, partial(self.store.nodes, self.number))
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
        from .checkpoint import sign

        head = self.head()
        notes = self.store.checkpoints(self.number)
        self._require_fit(notes, head.size, keys)
        note = sign(head, key)
        if note not in notes:
            self.store.add_checkpoint(self.number, head.size, note)
        return note

    def _require_fit(self, notes: list[str], size: int, keys: list[PublicKey]) -> None:
        """Require that the last valid checkpoint here still fits: a log that lost its tail must not be signed again."""
        from .checkpoint import open_verified
        from .keys import NoteError

        for note in reversed(notes):
            try:
                last, _ = open_verified(note, keys)
            except NoteError:
                continue  # anyone who may insert could insert nonsense; it must not stop the log
            if last.origin != self.origin:
                continue
            if last.size > size or merkle.root(last.size, self.node) != last.root:
                raise StoreError(
                    f"記録が {last.size} 件のチェックポイントと合いません。署名しません（`assign audit verify`）",
                    f"the log no longer fits its checkpoint of {last.size} records; nothing is signed (`assign audit verify`)",
                )
            return

    def close(self) -> None:
        """Close the store. Whatever is asked of the log afterwards raises StoreError."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self.close()


def _publication(what: str, data: bytes) -> Record:
    return {"kind": Kind.PUBLICATION.value, "what": what, "sha256": sha256(data), "bytes": len(data)}
