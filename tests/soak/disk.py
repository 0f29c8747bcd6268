"""
A disk that can be watched, that fails, and whose power can be cut: a VFS of SQLite between the log and the real files.

    with Disk() as disk:                       what is written, synced, cut and deleted is written down, in order
        log = make(url)                        the store opens its files through the disk
        disk.said("…")                         a mark between the writes: here a caller was told

    Cut(disk.events[:n]).image(chance)         the files as a power cut after n events may leave them

A file's bytes are sure once they have been synced. Of what was written since, each sector may be there or not, whatever
came before or after it, and one may be torn; a file may be as long as it was, as it became, or anything between. A file that is
new or deleted may be there or not until its folder was synced, which SQLite does when it first syncs a new journal or WAL.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import apsw

from assign.log.store.sqlite import SqliteStore


class Event(NamedTuple):
    """One thing that was done to a file, or a mark."""

    what: str  # open, write, sync, truncate, delete, said
    file: str = ""
    offset: int = 0
    data: bytes = b""
    about: Any = None


class Disk:
    """
    Between SQLite and the files, for every store that is opened while it is in place.

    Attributes:
        events: What was done. before: Called with each event that is about to be done; what it raises is what SQLite gets.
    """

    _number = 0

    def __init__(self, before: Callable[[Event], None] | None = None) -> None:
        Disk._number += 1
        self.name = f"watched-{Disk._number}"
        self.events: list[Event] = []
        self.before = before
        self._vfs: _Vfs | None = None
        self._was: str | None = None

    def __enter__(self) -> Self:
        self._vfs = _Vfs(self)
        self._was, SqliteStore.vfs = SqliteStore.vfs, self.name
        return self

    def __exit__(self, *_: object) -> None:
        SqliteStore.vfs = self._was
        if self._vfs is not None:
            self._vfs.unregister()

    def said(self, about: Any) -> None:
        """A caller was told that something is kept."""
        self.events.append(Event("said", about=about))

    def happens(self, event: Event) -> None:
        """Before it is done; `before` may prevent it."""
        if self.before is not None:
            self.before(event)
        self.events.append(event)


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(disk.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802 - SQLite's
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self._disk.happens(Event("delete", Path(filename).name, about=syncdir))
        super().xDelete(filename, syncdir)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        path = Path(name if isinstance(name, str) else name.filename())
        self._name = path.name
        if not path.exists():
            disk.happens(Event("open", self._name))
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802
        self._disk.happens(Event("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.happens(Event("truncate", self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.happens(Event("sync", self._name))
        super().xSync(flags)


# -- power cuts ------------------------------------------------------------------------------------------------------


class _Contents:
    """One file: what is sure, and what was done since."""

    def __init__(self) -> None:
        self.sure = bytearray()
        self.since: list[Event] = []

    def sync(self) -> None:
        for event in self.since:
            _do(self.sure, event)
        self.since = []

    def image(self, chance: random.Random) -> bytes:
        """What a cut may leave. Some cuts are kind, some keep nothing that was not synced."""
        found = bytearray(self.sure)
        kept = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        sector = chance.choice((512, 4096))
        for event in self.since:
            if event.what == "truncate":
                if chance.random() < kept:
                    _do(found, event)
                continue
            at, end = event.offset, event.offset + len(event.data)
            while at < end:
                stop = min(end, (at // sector + 1) * sector)
                piece = event.data[at - event.offset : stop - event.offset]
                if chance.random() < kept:
                    if chance.random() < 0.05:  # torn
                        piece = piece[: chance.randrange(len(piece))]
                    _do(found, Event("write", offset=at, data=piece))
                at = stop
        if self.since and len(found) > len(self.sure) and chance.random() < 0.3:  # the new length was not kept
            del found[chance.randint(len(self.sure), len(found)) :]
        return bytes(found)


class Cut:
    """The files of a disk at one moment; events are added as time goes on."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self._names: dict[str, list[_Contents | None]] = {}  # what a name may stand for, the latest last
        self.said: list[Any] = []
        for event in events:
            self.add(event)

    def add(self, event: Event) -> None:
        """One more event has been."""
        if event.what == "said":
            self.said.append(event.about)
            return
        meanings = self._names.setdefault(event.file, [None])
        if event.what == "open":
            meanings.append(_Contents())
            return
        if event.what == "delete":
            meanings.append(None)
            if event.about:
                self._folder_synced()
            return
        contents = meanings[-1]
        if contents is None:  # was there before we watched
            contents = _Contents()
            meanings.append(contents)
        if event.what == "sync":
            contents.sync()
            if len(meanings) > 1 and event.file.endswith(("-wal", "-journal")):
                self._folder_synced()
        else:
            contents.since.append(event)

    def _folder_synced(self) -> None:
        for meanings in self._names.values():
            del meanings[:-1]

    def image(self, chance: random.Random) -> dict[str, bytes]:
        """Name → bytes of each file, as a power cut now may leave them."""
        chosen = {name: chance.choice(meanings) for name, meanings in self._names.items()}
        return {name: contents.image(chance) for name, contents in chosen.items() if contents is not None}


def _do(data: bytearray, event: Event) -> None:
    if event.what == "truncate":
        del data[event.offset :]
    elif event.data:
        if event.offset > len(data):
            data.extend(bytes(event.offset - len(data)))
        data[event.offset : event.offset + len(event.data)] = event.data
