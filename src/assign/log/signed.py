"""
The last tree that a key has signed, kept beside the key: whoever would sign a fork of it is stopped.

    {"format": "assign.signed/1", "origin": …, "size": …, "root": …, "frontier": […], "signers": […], "next": null, "signature": …}

A database can be restored, or rewritten by its administrator; this file is not in it. What is signed next is the same tree, extended by
the hashes of the records since, so that it contains the last one by construction. The key signs the file, too: a damaged one is seen.
It stands at the key's file with `.signed` after its name; where ASSIGN_KEY_STATE names a folder, there under the key's number; and for a
key without a file in the user's data folder, as well under its number. It is per machine: of two machines with one key, the other one's
signatures are known from the database's checkpoints alone.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from assign.commands import command
from assign.errors import path_shown, system_reason
from assign.files import replaced_privately

from . import merkle
from .canonical import canonical
from .checkpoint import Signers
from .keys import NoteError, PublicKey, SecretKey, base64_bytes, base64_text, private_folder, public_key
from .places import beside, state_folder
from .store import StoreError

try:
    import fcntl
except ImportError:  # Windows: two processes of one machine are not kept apart
    fcntl = None  # type: ignore[assignment]

FORMAT: Final = "assign.signed/1"
LARGEST: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class SignedTree:
    """
    A signed tree: the log's name, how many records, the hashes of its right edge, and the keys that its records had named.

    Attributes:
        successor: The key that signs from here on; this one signs no more.
    """

    origin: str
    size: int = 0
    hashes: tuple[bytes, ...] = ()
    signers: Signers = ()
    successor: str | None = None

    def frontier(self) -> merkle.Frontier:
        """The tree, to be extended."""
        return merkle.Frontier(self.size, self.hashes)


def place_of(key: SecretKey) -> Path:
    """Where the last tree that a key has signed is kept."""
    if folder := os.environ.get("ASSIGN_KEY_STATE"):
        return Path(folder).absolute() / f"{key.public().number.hex()}.signed"
    if key.place is not None:
        return beside(key.place)
    return state_folder() / f"{key.public().number.hex()}.signed"


def begin(key: SecretKey) -> None:
    """
    A new log begins: its key has signed nothing yet.

    Raises:
        StoreError: It has, so that there was a log; or the state cannot be read or written.
    """
    with _locked(key) as path:
        if not os.path.lexists(path):
            _write(path, key, SignedTree(key.name))
            return
        tree = _read(path, key.public())
    if tree.size or tree.successor:
        raise StoreError(
            f"この名前の記録はもうあり、鍵は {tree.size} 件のチェックポイントに署名しています。新しい記録は作りません"
            f"（記録の場所 ASSIGN_AUDIT を確かめるか、控えを `{command('audit restore', 'FILE')}` で戻してください。{_file(path)[0]}）",
            f"there was a log of this name, and its key has signed a checkpoint of {tree.size} records: no new one is begun "
            f"(see to ASSIGN_AUDIT, or bring a backup back with `{command('audit restore', 'FILE')}`; {_file(path)[1]})",
        )


def known_size(path: Path, keys: Iterable[PublicKey]) -> int:
    """How many records the tree in a state's file has, if one of these keys has signed that and has no successor; else 0."""
    for key in keys:
        with suppress(StoreError):
            tree = _read(path, key)
            return tree.size if tree.successor is None else 0
    return 0


@contextmanager
def signing(key: SecretKey) -> Iterator[State]:
    """The state of a key, which no other process of this machine changes meanwhile. Raises StoreError."""
    with _locked(key) as path:
        yield State(path, key)


class State:
    """The file of a key's last signed tree."""

    def __init__(self, path: Path, key: SecretKey) -> None:
        self.path = path
        self.key = key

    def there(self) -> bool:
        """Whether there is one."""
        return os.path.lexists(self.path)

    def read(self) -> SignedTree:
        """
        The last tree that was signed.

        Raises:
            StoreError: The file is missing or damaged, or the key has a successor: it signs nothing.
        """
        tree = _read(self.path, self.key.public())
        if tree.successor is not None:
            raise StoreError(
                f"この鍵はもう替えられています（次の鍵 {tree.successor}）。署名しません（古い控えが戻されたときは、`{command('audit help', 'checkpoint')}`）",
                f"this key has a successor ({tree.successor}) and signs no more (was an older backup restored? see `{command('audit help', 'checkpoint')}`)",
            )
        return tree

    def write(self, tree: SignedTree) -> None:
        """Keep another one, on the disk when this returns."""
        _write(self.path, self.key, tree)


def carry(tree: SignedTree, old: State | None, new: SecretKey) -> None:
    """The next key goes on from the same tree, and the old one, where it is at hand, signs no more. Raises StoreError."""
    path = place_of(new)
    with _translated(path):
        private_folder(path.parent)
        if os.path.lexists(path):  # of a key that was there before: it is evidence
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    _write(path, new, replace(tree, successor=None))
    if old is not None:
        old.write(replace(tree, successor=str(new.public())))


def lost(path: Path) -> StoreError:
    """The error where the state is missing."""
    ja, en = _file(path)
    return StoreError(
        f"鍵が最後に何に署名したかの控えがありません（{ja}）。分岐した記録に署名しないよう、署名しません。鍵を移したなら控えも移すか、"
        f"建物の外の最後のチェックポイントを `--last FILE` で示してください。どちらもなければ `{command('audit key', '--rotate', 'FILE', '--abandon')}`",
        f"what the key has signed last is not known ({en} is missing), and a fork must not be signed: move that file with the key, or give "
        f"the last checkpoint that left the building as `--last FILE`; with neither, `{command('audit key', '--rotate', 'FILE', '--abandon')}`",
    )


def _file(path: Path) -> tuple[str, str]:
    return f"控え {path_shown(path)}", f"the state {path_shown(path)}"


def _read(path: Path, key: PublicKey) -> SignedTree:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST)
    except FileNotFoundError:
        raise lost(path) from None
    except OSError as error:
        ja, en = system_reason(error)
        raise StoreError(
            f"{_file(path)[0]} を読めません（{ja}）。署名しません",
            f"cannot read {_file(path)[1]} ({en}); nothing is signed",
        ) from None
    try:
        found: dict[str, Any] = json.loads(data)
        signature = base64_bytes(found.pop("signature")) or b""
        hashes = tuple(base64_bytes(each) or b"" for each in found["frontier"])
        tree = SignedTree(
            found["origin"],
            found["size"],
            hashes,
            tuple((seq, public_key(line)) for seq, line in found["signers"]),
            found["next"],
        )
        root = base64_text(tree.frontier().root())
        sound = (
            (found["format"], found["origin"], found["root"]) == (FORMAT, key.name, root)
            and found == _fields(tree)
            and len(hashes) == tree.size.bit_count()
            and key.signed(_signed(found), signature)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, NoteError):
        sound = False
    if not sound:
        raise StoreError(
            f"{_file(path)[0]} は壊れているか、この鍵のものではありません。署名しません（退けてから、建物の外の最後のチェックポイントを `--last FILE` で示してください）",
            f"{_file(path)[1]} is damaged, or another key's; nothing is signed (move it away, and give the last checkpoint that left the building as `--last FILE`)",
        )
    return tree


def _fields(tree: SignedTree) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "origin": tree.origin,
        "size": tree.size,
        "root": base64_text(tree.frontier().root()),
        "frontier": [base64_text(each) for each in tree.hashes],
        "signers": [[seq, str(signer)] for seq, signer in tree.signers],
        "next": tree.successor,
    }


def _signed(fields: dict[str, Any]) -> bytes:
    """What is signed. No log's name has a space, so it is never the text of a checkpoint."""
    return b"the last signed tree\n" + canonical(fields)


def _write(path: Path, key: SecretKey, tree: SignedTree) -> None:
    fields = _fields(tree)
    text = json.dumps({**fields, "signature": base64_text(key.sign(_signed(fields)))}, indent=1) + "\n"
    with _translated(path):
        replaced_privately(path, text.encode("ascii"))


@contextmanager
def _locked(key: SecretKey) -> Iterator[Path]:
    """Wait for the lock on the folder of a key's state."""
    path = place_of(key)
    handle = None
    with _translated(path):
        private_folder(path.parent)
        if fcntl is not None:
            handle = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
            fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield path
    finally:
        if handle is not None:
            with suppress(OSError):
                os.close(handle)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        ja, en = system_reason(error)
        raise StoreError(
            f"{_file(path)[0]} を書けません（{ja}）。署名しません（鍵のフォルダに書けないときは、書けるフォルダを ASSIGN_KEY_STATE に）",
            f"cannot write {_file(path)[1]} ({en}); nothing is signed (where the key's folder cannot be written, name one in ASSIGN_KEY_STATE)",
        ) from None
