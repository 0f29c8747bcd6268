"""
A log, its key, and what the key has signed last → the next signed checkpoint. A fork is never signed.

The last signed tree is extended by hashing the bytes of the records since; the tree hashes that the database keeps are only compared.
Signed notes beside the log count as well where they are larger: another machine, which has the same key, made them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Protocol

from assign.commands import command
from assign.errors import BadRequest

from . import merkle
from .checkpoint import Checkpoint, Named, Signers, named_by, open_of_line, open_verified, parse, sign
from .keys import NoteError, PublicKey, SecretKey
from .kinds import Kind
from .reading import Unreadable, record_of
from .signed import SignedTree, carry, lost, signing
from .store import Row, Store, StoreError


class Log(Protocol):
    """What is needed of a log (`log.Log`)."""

    store: Store
    origin: str
    number: int

    @property
    def size(self) -> int:
        """How many records it has."""

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[Row]:
        """Records in order."""

    def node(self, level: int, place: int) -> bytes:
        """The kept hash of a perfect subtree."""

    def signers(self, key: PublicKey | None = None) -> Signers:
        """Its keys, as whoever holds one of them has it."""


def signed_note(log: Log, key: SecretKey, last: str | None = None) -> str:
    """The next checkpoint, signed: `Log.checkpoint`."""
    _require_present(key, log.signers(key.public()))
    with signing(key) as state:
        if last is None or state.there():
            tree = _extended(log, state.read(), key, last)
        elif parse(last)[0].size:
            tree = _extended(log, SignedTree(log.origin), key, last)
        else:  # it would say nothing
            raise lost(state.path)
        _require_present(key, tree.signers)
        note = sign(Checkpoint(log.origin, tree.size, tree.frontier().root()), key)
        state.write(tree)  # INVARIANT: on the disk before the note leaves
    if note not in log.store.checkpoints(log.number):
        log.store.add_checkpoint(log.number, tree.size, note)
    return note


def _require_present(key: SecretKey, signers: Signers) -> None:
    if key.public() != signers[-1][1]:
        raise BadRequest(
            "この鍵は、記録が示す今の鍵ではありません。今の鍵のファイルを ASSIGN_KEY_FILE に指定してください"
            f"（今の鍵は `{command('audit key')}` で分かります。なくしたときだけ `{command('audit key', '--rotate', 'FILE')}` で替えます）",
            "this key is not the one that the log names now; set ASSIGN_KEY_FILE to the file of that key "
            f"(`{command('audit key')}` shows which it is; only if it is lost, `{command('audit key', '--rotate', 'FILE')}` changes it)",
        )


@contextmanager
def handed_on(
    log: Log, new: SecretKey, by: SecretKey | None, keep: Callable[[], None] | None, *, abandon: bool
) -> Iterator[None]:
    """While a change of the key is recorded: the new key has the tree that the old one has signed, which signs no more."""
    with nullcontext() if by is None else signing(by) as state:
        begun = None if state is None or abandon else state.read()  # None: it is lost, or what it signed is another log
        tree = _extended(log, begun or SignedTree(log.origin), by if begun else None)
        if keep is not None:
            keep()
        carry(tree, state, new)
        yield


def _extended(log: Log, begun: SignedTree, key: SecretKey | None = None, last: str | None = None) -> SignedTree:
    """
    The tree of the log as it stands, made from a signed one by the bytes of the records since.

    Args:
        key: Its largest checkpoint beside the log must fit. What others have signed there may be anybody's.
        last: A checkpoint from outside that must fit.

    Raises:
        StoreError: The log is shorter than what was signed, or its tree of that size is another one. NoteError.
    """
    size = log.size
    due = [Checkpoint(begun.origin, begun.size, begun.frontier().root())]
    if key is not None and (own := _largest(log, key)) is not None:
        due.append(own)
    if last is not None:
        due.append(parse(last)[0])
    roots: dict[int, bytes] = {}
    for each in due:
        if each.size > size:
            raise _fork(each.size, size)
        if each.size <= begun.size:
            roots[each.size] = merkle.root(each.size, log.node)
    frontier, signers, wanted = begun.frontier(), begun.signers, {each.size for each in due}
    if begun.size == 0 or roots[begun.size] == due[0].root:  # else what follows is of another tree
        for row in log.rows(begun.size, size):
            if row.seq != frontier.size:
                break
            frontier.append(merkle.leaf_hash(row.payload))
            if frontier.size in wanted:
                roots[frontier.size] = frontier.root()
            if (row.seq == 0 or b'"kind":"key"' in row.payload) and (named := _named_by(log, row)) is not None:
                signers = _followed(signers, named, None if key is None else key.public())
    for each in due:
        if roots.get(each.size, each.root) != each.root:
            raise _fork(each.size, size)
    if frontier.size != size:
        raise StoreError(
            f"番号 {frontier.size} の記録がありません。署名しません（`{command('audit verify')}`）",
            f"record {frontier.size} is missing; nothing is signed (`{command('audit verify')}`)",
        )
    if not signers:
        raise StoreError(
            f"記録に公開鍵がありません（`{command('audit verify')}`）",
            f"the log names no key (`{command('audit verify')}`)",
        )
    tree = SignedTree(log.origin, size, tuple(frontier.hashes), signers)
    if last is not None:
        open_of_line(last, tree.signers)
    return tree


def _largest(log: Log, key: SecretKey) -> Checkpoint | None:
    """The largest checkpoint beside the log that this key has signed: on another machine, or before its state was lost."""
    found: list[tuple[int, str]] = []
    for text in log.store.checkpoints(log.number):
        with suppress(NoteError):  # anyone who may insert could insert nonsense; it must not stop the log
            found.append((parse(text)[0].size, text))
    for _, text in sorted(found, reverse=True):
        with suppress(NoteError):
            return open_verified(text, [key.public()])[0]
    return None


def _named_by(log: Log, row: Row) -> Named | None:
    """What a record says of the log's keys."""
    try:
        record = record_of(row, log.origin)
        return named_by(row.seq, record) if record["kind"] in (Kind.LOG, Kind.KEY) else None
    except (Unreadable, NoteError):
        return None


def _followed(signers: Signers, new: Named, own: PublicKey | None) -> Signers:
    """A line of keys with the next record that names one: it counts if the last key has signed the new one, or if that is our own."""
    known = [key for _, key in signers]
    if new.key in known or (signers and new.replaces is None):
        return signers
    if not signers or (new.endorsed and known[-1] == new.replaces):
        return *signers, (new.seq, new.key)
    if new.key != own:  # anybody who may insert can write such a record
        return signers
    return *signers[: known.index(new.replaces) + 1 if new.replaces in known else None], (new.seq, new.key)


def _fork(signed: int, size: int) -> StoreError:
    return StoreError(
        f"記録（{size} 件）は、署名ずみの {signed} 件の記録の続きではありません（古い控えが戻されたか、書き換えられています）。署名しません。"
        f"外のチェックポイントを保管し、`{command('audit verify')}` で確かめてください（控えをわざと戻したのなら `{command('audit key', '--rotate', 'FILE', '--abandon')}`）",
        f"the log ({size} records) does not go on from the {signed} records that were signed (an older backup was restored, or it was "
        f"rewritten): nothing is signed. Keep the checkpoint outside and run `{command('audit verify')}` (if a backup was restored on purpose, "
        f"`{command('audit key', '--rotate', 'FILE', '--abandon')}`)",
    )
