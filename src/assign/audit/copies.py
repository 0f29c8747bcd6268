"""
A log → a copy of it, record for record; and its derived tables, made again from the records.

A copy in a file is made in a folder that nobody else may enter, is closed, opened anew and hashed whole, and only then gets its name,
which was free: nothing is replaced, and nothing is left of a copy that failed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from assign.commands import command
from assign.errors import AssignError, BadRequest, path_shown, shown
from assign.log import merkle
from assign.log.checkpoint import open_verified
from assign.log.keys import NoteError, public_key
from assign.log.kinds import Kind
from assign.log.log import Log
from assign.log.reading import Unreadable, record_of
from assign.log.record import publishes
from assign.log.store import New, Store, StoreError, StoreRefused, open_store
from assign.log.store.file_url import file_of
from assign.log.store.watch import sync_folder
from assign.words import sha256

from .chosen import Unread, missing, records
from .text import Text
from .verify import Finding, VerificationReport, verify

BESIDE: Final = ("-wal", "-shm", "-journal")  # what SQLite reads beside a file, and takes for a part of it


class NotWhole(AssignError):
    """
    A log that a signed checkpoint contradicts, or a copy in which `verify` finds what it does not find in the log: no copy is made.

    Attributes:
        findings: All that it finds.
    """

    code = "not_whole"
    exit_code = 6

    def __init__(self, findings: list[Finding]) -> None:
        text = findings[0].text
        super().__init__(
            f"記録に誤りがあり、写しません: {text.ja}（`{command('audit verify')}`）",
            f"the log is not whole and is not copied: {text.en} (`{command('audit verify')}`)",
        )
        self.findings: list[Finding] = findings

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.findings,)


class Copied(NamedTuple):
    """
    What was copied: how many records, the root of their tree, how many checkpoint rows were left out since no key signed them, and
    what `verify` finds in the log and so in the copy, too (whoever may insert can bring it about).
    """

    size: int
    root: bytes
    left_out: int
    findings: tuple[Finding, ...] = ()


def copy(log: Log, target: Store) -> int:
    """
    Copy a whole log into another database, in one transaction, row for row and byte for byte.

    The log is the unbroken run of its rows. A row on the way that is no record, and one that stands behind a gap, may have been put
    there by whoever may insert: it is carried as it stands, neither mended nor hidden, and `verify` names it in the copy as in the log.

    Returns:
        How many records.

    Raises:
        BadRequest: The target has records of that name already. StoreError: It could not be read or written, or the first record is
        not there.
    """
    return _copied(log, target).size


def back_up(log: Log, path: Path, against: Sequence[str] = ()) -> Copied:
    """
    Copy a whole log into a new file.

    Args:
        path: Where nothing stands, nor anything that SQLite would read with it. against: Checkpoints that the copy must fit.

    Raises:
        BadOption: No log can have that name. FileExistsError: Something stands there. StoreRefused: Something stands beside it that SQLite would mix in.
        NotWhole: A signed checkpoint contradicts the log, or the copy is another thing. OSError: It could not be written. As `copy`.
    """
    path = file_of(f"sqlite:///{Path(os.path.realpath(path.parent)) / path.name}")  # a name that can be opened again
    if os.path.lexists(path):
        raise FileExistsError
    require_alone(path)
    with _folder_of_ours(path.parent) as folder:
        at = folder / "log"
        copied = _written(log, f"sqlite:///{at}", against)
        if left := [each.name for each in folder.iterdir() if each != at]:
            raise StoreError(f"写しを閉じられません（{left[0]}）", f"the copy could not be closed ({left[0]})")
        _synced(at)
        ours = at.stat()
        _placed(at, path)
        try:
            require_alone(path)  # put there meanwhile, it would be read together with what was just named
            sync_folder(str(path))
        except (StoreRefused, OSError):
            if os.path.samestat(ours, path.lstat()):
                path.unlink()
            raise
    return copied


def restore(log: Log, url: str, against: Sequence[str] = ()) -> Copied:
    """
    Copy a whole log to an address: into a new file as `back_up` does, or beside other logs in a database that is there.

    Raises:
        BadRequest: It has records of that name already. NotWhole, StoreRefused, StoreError, OSError: As `back_up`.
    """
    path = file_of(url) if url.partition(":")[0] == "sqlite" else None
    if path is None or os.path.exists(path):
        if path is not None and not path.stat().st_size:
            require_alone(path)
        return _written(log, url, against)
    try:
        return back_up(log, path, against)
    except FileExistsError:
        raise BadRequest(f"{path_shown(path)} がもうあります", f"{path_shown(path)} is there already") from None


def require_alone(path: Path) -> None:
    """Raises StoreRefused where a file beside this one would be read as a part of it: it may be of another log's life."""
    for each in dict.fromkeys((str(path), os.path.realpath(path))):
        for ending in BESIDE:
            if os.path.lexists(each + ending):
                raise StoreRefused(
                    f"{path_shown(each + ending)} があります。別の時の記録が混ざるため、何も書きません（退けてから、もう一度実行してください）",
                    f"there is {path_shown(each + ending)}, which would be mixed in; nothing is written (move it away and run this again)",
                )


def _written(log: Log, url: str, against: Sequence[str]) -> Copied:
    """Copy, close, open anew, and hash the whole copy: what was read once is not what is on the disk."""
    store = open_store(url, create=True)
    try:
        if strange := store.strangers():
            raise StoreRefused(f"{strange[0].ja}。何も書きません", f"{strange[0].en}; nothing is written")
        copied = _copied(log, store)
    finally:
        store.close()
    written = Log.open(url, log.origin)
    try:
        found = verify(written, against)
    finally:
        written.close()
    if found.contradicted is not None or (
        found.findings and not _where(found, copied.size) <= _where(verify(log, against), copied.size)
    ):
        raise NotWhole(found.findings)
    if found.root != copied.root:
        raise StoreError("写しが元の記録と違います", "the copy is not what was copied")
    return copied._replace(findings=tuple(found.findings))


def _where(found: VerificationReport, size: int) -> set[tuple[str, int | None]]:
    """What is found, and where; behind the records, which may have become more meanwhile, what alone."""
    return {(each.code, each.seq if each.seq is not None and each.seq < size else None) for each in found.findings}


def _copied(log: Log, target: Store) -> Copied:
    number = target.create(log.origin)
    if target.size(number):
        raise BadRequest(
            f"{target.shown} には {shown(log.origin)} の記録がもうあります（空のところへ戻してください）",
            f"{target.shown} has records of {shown(log.origin)} already (choose an empty place)",
        )
    tree, keys = merkle.Frontier(), []
    whole = True  # no gap yet
    with target.writing(number) as writing:
        writing.lock_and_read_tail()
        kept = log.rows()
        while page := list(islice(kept, 2000)):
            rows, published, editions = [], [], []
            for row in page:
                whole = whole and row.seq == tree.size
                if whole:
                    tree.append(merkle.leaf_hash(row.payload))
                try:
                    record = record_of(row, log.origin)
                except Unreadable:
                    if not row.seq:  # nothing says any more whose log it is
                        raise NotWhole(verify(log).findings) from None
                    rows.append(New(row.seq, row.payload, row.nodes, _text(row.key)))
                    continue
                rows.append(New(row.seq, row.payload, row.nodes, record.get("key")))
                if record["kind"] in (Kind.LOG, Kind.KEY):
                    keys.append(public_key(record["signer"]))
                if (put := publishes(record)) is not None:
                    published.append((*put, row.seq))
                data = log.store.edition(record["sha256"]) if record["kind"] == Kind.PUBLICATION else None
                if data is not None and sha256(data) == record["sha256"]:  # another text would stand in its way
                    editions.append((record["sha256"], data))
            writing.add(rows, published, editions)
        if not tree.size:
            raise missing(0, 1)
    left_out = 0
    for note in log.store.checkpoints(log.number):
        try:
            size = open_verified(note, keys)[0].size
        except NoteError:  # whoever may insert may insert nonsense; it must not keep a log from being copied
            left_out += 1
            continue
        if (
            size <= tree.size or size > log.size
        ):  # else it was signed while this was copied; what is larger than the log is evidence
            target.add_checkpoint(number, size, note)
    return Copied(tree.size, tree.root(), left_out)


def _text(key: bytes | None) -> str | None:
    """The column `key` of a row that is no record, which nobody reads; none where no database would take it."""
    try:
        text = None if key is None else key.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if text is None or "\0" in text else text


@contextmanager
def _folder_of_ours(beside: Path) -> Iterator[Path]:
    """A new folder under a random name, which nobody else may enter; removed at the end with all that is in it."""
    folder = Path(tempfile.mkdtemp(dir=beside, prefix=".assign-", suffix=".part"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _placed(at: Path, path: Path) -> None:
    """Give a finished file its name, which must be free: nothing is replaced, and no link is followed."""
    try:
        os.link(at, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is taken first, and then filled
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
        taken = os.fstat(handle)
        os.close(handle)
        if not os.path.samestat(taken, path.lstat()):
            raise FileExistsError from None
        try:
            at.replace(path)
        except OSError:
            path.unlink()
            raise


def _synced(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def rebuild(log: Log, unread: Unread | None = None, ignored: Callable[[Text], None] | None = None) -> int:
    """
    Make the derived data again: the index of idempotency keys, and the table of publications.

    Args:
        unread: As in `records`; what such a record published stays unknown.
        ignored: Told of each row beside the records that none of them backs. It is left where it is, since nothing is ever deleted,
            and obeyed by nobody.

    Returns:
        How many publications had been missing from that table.
    """
    known = set(log.store.published(log.number))
    backed, lacking = set(), []
    for record in records(log, unread=unread):
        if (put := publishes(record)) is None:
            continue
        backed.add((*put, record["seq"]))
        if (*put, record["seq"]) not in known:
            lacking.append((*put, record["seq"]))
    if lacking:
        with log.store.writing(log.number) as writing:
            writing.lock_and_read_tail()
            writing.add([], lacking, [])
    log.store.reindex()
    if ignored is not None:
        for text in _backed_by_none(log, known - backed):
            ignored(text)
    return len(lacking)


def _backed_by_none(log: Log, publications: set[tuple[str, str, int]]) -> Iterator[Text]:
    for what, _, seq in sorted(publications, key=str):
        yield Text(
            f"公示の一覧の行（{shown(what)}、番号 {shown(seq)}）はどの記録も裏付けず、使いません",
            f"the row of publications ({shown(what)}, record {shown(seq)}) is backed by no record, and not used",
        )
    keys = [each.key for each in log.named()]
    for note in log.store.checkpoints(log.number):
        try:
            open_verified(note, keys)
        except NoteError:
            yield Text(
                "チェックポイントの行に、この記録の鍵の署名のないものがあり、使いません",
                "a row of checkpoints is signed by no key of this log, and not used",
            )
