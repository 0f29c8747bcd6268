"""
One decision log: append durably, read back, make checkpoints.

    log = Log.open("sqlite:///audit.db", "example.city/assign")
    log.append({"kind": "decision", …}).seq

A caller of `append` waits until the record is on the disk. Callers that wait at the same time share one commit
(`group_commit`). Writers in other processes and on other machines wait for the database's lock: a log is one sequence of records.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

from assign.commands import command
from assign.errors import BadRequest, path_shown, shown
from assign.resources import user_folder
from assign.words import sha256

from . import merkle
from .draft import Draft
from .ending import Nodes
from .errors import is_log_name, no_such_log
from .group_commit import GroupCommit, Kept
from .kinds import EDITIONS, Kind, Record
from .reading import UnknownRecord, Unreadable, backed, logs_of, record_of
from .store import Row, Store, StoreError, StoreMissing, open_store, require_fit

if TYPE_CHECKING:
    from .checkpoint import Checkpoint, Named, Signers
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
    def open(cls, url: str, origin: str | None = None, likely: str | None = None) -> Log:
        """
        Open a log that is there.

        Args:
            url: As `store.open_store` takes it.
            origin: The log's name; may be left out where the store has one log, or one of which the key is here.
            likely: The name that evidence at hand has (a checkpoint, a public key): it counts where the store has several logs.

        Raises:
            StoreMissing: There is no such log, or several and none was named. StoreRefused, StoreError, BadOption.
        """
        store = open_store(url)
        try:
            origins = logs_of(store, origin)
            origin = origin or _only(cls, store, origins, likely)
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
            origin: Its name. None: the one log that is there or of which the key is here, or `assign.local/log` where there is none.
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
        key = None
        try:
            store = open_store(url)
        except StoreMissing:
            if not beside:
                _require_never_kept(origin, url)
            require_fit(url)
            if approve is not None:
                approve()
                approve = None
            key = _new_key(origin or UNNAMED)  # what is refused leaves no file behind
            store = open_store(url, create=True)
        try:
            origins = logs_of(store, origin)
            if origin is None and len(origins) > 1:
                origin = _only(cls, store, origins)
            if (origin is None and len(origins) > 1) or (origins and origin not in (None, *origins) and not beside):
                raise no_such_log(origin, list(origins))
            origin = origin or next(iter(origins), UNNAMED)
            number = origins.get(origin)
            store.require_ours()
            if number is None or store.size(number) == 0:
                if approve is not None:
                    approve()
                key = key or _new_key(origin)
            log = cls(store, origin, store.create(origin) if number is None else number)
            if not log.size:
                log._begin((key or _new_key(origin)).public(), editions)
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
            _, seen = self._writer.write(writing, self._drafts(drafts), [*editions.values()])
        self._writer.committed(seen)

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
            told = [each for each in writing.published() if type(each[2]) is int and each[2] < self._writer.size]
            known = backed(self.store, self.origin, self.number, told, wanted)
            new = [
                _publication(what, editions[what]) for what in EDITIONS if (what, sha256(editions[what])) not in known
            ]
            kept, seen = self._writer.write(writing, self._drafts(new), [*editions.values()])
        self._writer.committed(seen)
        return kept

    def _drafts(self, records: list[Record]) -> list[Draft]:
        return [Draft(record, self.origin) for record in records]

    def rotate(
        self,
        new: SecretKey,
        by: SecretKey | None = None,
        *,
        abandon: bool = False,
        keep: Callable[[], None] | None = None,
    ) -> Kept:
        """
        Another key signs from here on. It goes on from the last tree that the present one has signed, which signs no more.

        Args:
            by: The present key, which names the new one: who trusts it trusts the new one. None where it is lost.
            abandon: The log is not the one that the present key has signed (a backup was restored on purpose, the state is lost).
                The new key begins from the log as it is, and the present one does not endorse it, so that the change is seen.
            keep: Writes the new key to its file. Called when nothing speaks against the change, before it is recorded.

        Raises:
            BadRequest: The new one is a key that the log has had, or another log's; or `by` is not the present one.
            StoreError: The log does not extend what the present key has signed: nothing is changed.
        """
        now = self.keys(by.public() if by else None)[-1]
        if new.name != self.origin or new.public() in [each.key for each in self.named()]:
            raise BadRequest("新しい鍵が要ります", "a new key of this log is needed")
        if by is not None and by.public() != now:
            raise BadRequest("今の鍵ではありません", "this is not the present key")
        from .checkpoint import endorse
        from .signing import handed_on

        draft: Record = {"kind": Kind.KEY.value, "signer": str(new.public()), "replaces": str(now)}
        with handed_on(self, new, by, keep, abandon=abandon):
            return self.append({**draft, "endorsed": endorse(new.public(), by) if by and not abandon else None})

    def keys(self, key: PublicKey | None = None) -> list[PublicKey]:
        """
        The log's keys as whoever holds one of them has it (`checkpoint.line`), the present one last. Without one: the first, and
        those that each has named as its successor.
        """
        return [each for _, each in self.signers(key)]

    def signers(self, key: PublicKey | None = None) -> Signers:
        """The same, each with the record that named it."""
        from .checkpoint import line

        return line(self.named(), key)

    def named(self) -> list[Named]:
        """All keys that the log's records name, in order, whoever wrote them there. The table says where; the records count."""
        from .checkpoint import named_by

        told = {seq for what, _, seq in self.store.published(self.number) if what == "key" and type(seq) is int}
        found = []
        for row in self.store.some(self.number, sorted(seq for seq in {0, *told} if 0 <= seq < 1 << 40)):
            with suppress(Unreadable):
                record = record_of(row, self.origin)
                if record["kind"] in (Kind.LOG, Kind.KEY):
                    found.append(named_by(row.seq, record))
        if not found:
            raise StoreError(
                f"記録に公開鍵がありません（`{command('audit verify')}`）",
                f"the log names no key (`{command('audit verify')}`)",
            )
        return found

    @property
    def url(self) -> str:
        """Where it is kept, for whoever opens it anew; it may hold a password."""
        return self.store.url

    @property
    def size(self) -> int:
        """How many records it has: rows beyond the first number that is free are not of the log."""
        return self._writer.look()

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
        """The hash of a perfect subtree, for `merkle`: as it is kept in the row of its last record where that fits."""
        return self._nodes(level, place)

    @property
    def _nodes(self) -> Nodes:
        return Nodes(self.store, self.origin, self.number)

    def head(self) -> Checkpoint:
        """The log as it stands, unsigned."""
        from .checkpoint import Checkpoint

        size = self.size
        return Checkpoint(self.origin, size, merkle.root(size, self._nodes))

    def checkpoint(self, key: SecretKey, last: str | None = None) -> str:
        """
        A signed note of the log as it stands; a copy is kept here, and proves nothing here.

        It extends the tree that the key has signed last, by the bytes of the records since (`signing`).

        Args:
            last: The last checkpoint that left the building, where the state beside the key is lost.

        Raises:
            BadRequest: The key is not the one that the log has named.
            StoreError: The log does not extend what was signed last, or that is not known: nothing is signed.
        """
        from .signing import signed_note

        return signed_note(self, key, last)

    def close(self) -> None:
        """Close the store. Whatever is asked of the log afterwards raises StoreError."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self.close()


def _new_key(origin: str) -> SecretKey:
    """The key of a log that is to begin: made where there is none, and with nothing signed yet."""
    from . import signed
    from .keys import held_key

    key = held_key(origin, make=True)
    signed.begin(key)
    return key


def _only(cls: type[Log], store: Store, origins: Mapping[str, int], likely: str | None = None) -> str | None:
    """The one log of a store; of several the one that is likely, or else whose key is here."""
    if len(origins) < 2 or likely in origins:
        return likely if likely in origins else next(iter(origins), None)
    from .keys import log_of_key

    def keys_of(origin: str) -> list[PublicKey]:
        with suppress(StoreError):
            return [each.key for each in cls(store, origin, origins[origin]).named()]
        return []

    return log_of_key(origins, keys_of)


def _require_never_kept(origin: str | None, url: str) -> None:
    """
    Require that there never was such a log, as far as this machine knows: where one is gone, or its place is mistyped, another must
    not begin in silence. The key of a named log says so; at the place where a log is kept unless told otherwise, the key of the
    log without a name.
    """
    from .keys import key_file

    if origin is None and url != f"sqlite:///{user_folder('XDG_DATA_HOME', '.local/share') / 'assign' / 'audit.db'}":
        return  # unnamed logs at other places share one key
    if not os.path.exists(os.environ.get("ASSIGN_KEY_FILE") or key_file(origin or UNNAMED)):
        return
    origin = origin or UNNAMED
    kind = "postgresql" if url.startswith("postgres") else path_shown(url.removeprefix("sqlite:///"))
    raise StoreMissing(
        f"記録 {shown(origin)} の鍵はありますが、{kind} に記録がありません（場所が違うか、なくなっています。控えがあれば `{command('audit restore', 'FILE')}`、"
        f"ここに新しく始めるなら `{command('audit init')}`）",
        f"there is a key of the log {shown(origin)}, and no log at {kind} (its place is another one, or it is gone: `{command('audit restore', 'FILE')}` "
        f"brings a backup back, `{command('audit init')}` begins a new log here)",
    )


def _publication(what: str, data: bytes) -> Record:
    return {"kind": Kind.PUBLICATION.value, "what": what, "sha256": sha256(data), "bytes": len(data)}
