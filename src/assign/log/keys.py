"""
Checkpoints as signed notes: what an auditor keeps outside the building.

    example.city/assign        the log's name (its origin)
    1024                       how many records
    5fYx…=                     their Merkle root, base64

    — example.city/assign 2b1c…=     an Ed25519 signature with its key's name and number

The text form is C2SP's `tlog-checkpoint` over `signed-note`, so that tools of that family read it: what they let in is let
in here (any origin, extension lines, signers of any name), and where they leave a choice, this and `audit.verifier` choose
alike: 100 signatures at most, a size of 16 digits at most, base64 in its one canonical form. `tests/notes.py` holds both
to one list of cases. A public key is one line, `name+number+base64`; the secret one begins with PRIVATE+KEY. Neither is
needed to read a log.
"""

from __future__ import annotations

import binascii
import os
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assign.errors import DataError, NotRegular, path_shown, shown, system_reason
from assign.files import sync_folder

from .places import key_file as key_file  # noqa: PLC0414 - where a key is belongs to keys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LARGEST: Final = 100_000  # bytes that are read of a secret key's file


ED25519: Final = b"\x01"  # the signature type in key numbers and keys


PRIME: Final = 2**255 - 19  # of Ed25519's field


CURVE: Final = -121665 * pow(121666, -1, PRIME) % PRIME  # its curve's d


WEAK: Final = frozenset(  # y of the points of small order (RFC 8032's cofactor is 8): anyone can sign for such a key
    int.from_bytes(bytes.fromhex(y), "little")
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)


NAME: Final = re.compile(
    r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?(?:/[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?){0,4}", re.ASCII
)


class NoteError(DataError):
    """A text that is no checkpoint or no key, or a checkpoint that no known key has signed."""

    code = "checkpoint"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who may sign a log's checkpoints: the name, the key's number (4 bytes), the Ed25519 key (32 bytes)."""

    name: str
    number: bytes
    key: bytes

    def __str__(self) -> str:
        return f"{self.name}+{self.number.hex()}+{base64_text(ED25519 + self.key)}"

    def signed(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature over the text is this key's."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SecretKey:
    """What signs: a name and an Ed25519 seed (32 bytes), and the file it was read from. Printed, it shows its name alone."""

    name: str
    seed: bytes
    place: Path | None = field(default=None, compare=False)

    def public(self) -> PublicKey:
        """The public key to it."""
        key = self._private().public_key().public_bytes_raw()
        return PublicKey(self.name, _number(self.name, key), key)

    def sign(self, text: bytes) -> bytes:
        """The signature over a text (64 bytes)."""
        return self._private().sign(text)

    def _private(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def __repr__(self) -> str:
        return f"SecretKey({self.name})"

    __str__ = __repr__

    def text(self) -> str:
        """The line of a key file; it is secret."""
        return f"PRIVATE+KEY+{self.name}+{self.public().number.hex()}+{base64_text(ED25519 + self.seed)}"


def new_key(name: str) -> SecretKey:
    """A key from the operating system's randomness."""
    import secrets

    return SecretKey(name, secrets.token_bytes(32))


def secret_key(text: str) -> SecretKey:
    """A secret key's line → the key. Raises NoteError, which repeats nothing of it."""
    wrong = NoteError(
        "秘密鍵の形ではありません（PRIVATE+KEY+名前+番号+値）", "not a secret key (PRIVATE+KEY+name+number+value)"
    )
    parts = text.strip().split("+", 4)
    if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
        raise wrong
    value = base64_bytes(parts[4])
    if value is None or len(value) != 33 or value[:1] != ED25519 or not NAME.fullmatch(parts[2]):
        raise wrong
    key = SecretKey(parts[2], value[1:])
    if key.public().number.hex() != parts[3]:
        raise wrong
    return key


def public_key(text: str) -> PublicKey:
    """A public key's line, its line feed with it or not → the key. Raises NoteError."""
    parts = text.removesuffix("\n").split("+", 2)
    value = base64_bytes(parts[2]) if len(parts) == 3 else None
    if value is None or len(value) != 33 or value[:1] != ED25519 or not is_key_name(parts[0]):
        raise NoteError("公開鍵の形ではありません（名前+番号+値）", "not a public key (name+number+value)")
    key = PublicKey(parts[0], _number(parts[0], value[1:]), value[1:])
    if key.number.hex() != parts[1]:
        raise NoteError("公開鍵の番号が合いません", "the public key's number does not fit it")
    y = int.from_bytes(key.key, "little") % 2**255
    if y >= PRIME or y in WEAK:  # OpenSSL accepts it
        raise NoteError("だれでも署名できてしまう公開鍵です", "a public key under which anyone can sign")
    if not _has_x(y):  # OpenSSL accepts that, too, and refuses each signature
        raise NoteError("Ed25519 の公開鍵ではありません", "not an Ed25519 public key (no point of its curve)")
    return key


def is_key_name(name: str) -> bool:
    """C2SP: not empty, no space of any kind, no plus; what is no UTF-8 or a control character has no place in a note."""
    return bool(name) and "+" not in name and not any(each.isspace() for each in name) and is_note_text(name)


def is_note_text(text: str) -> bool:
    """UTF-8 without control characters; the line feed is checked elsewhere."""
    return not any((each < " " and each != "\n") or "\ud800" <= each <= "\udfff" for each in text)


def _has_x(y: int) -> bool:
    """Whether the curve -x² + y² = 1 + d x² y² has a point there: (y² - 1) / (d y² + 1) is a square (Euler's criterion)."""
    return pow((y * y - 1) * (CURVE * y * y + 1), (PRIME - 1) // 2, PRIME) <= 1


def held_key(name: str, *, make: bool = False) -> SecretKey:
    """
    The secret key for a log: from ASSIGN_KEY (its line), ASSIGN_KEY_COMMAND (a program that prints it), ASSIGN_KEY_FILE, or
    the file of `key_file`, in this order.

    Args:
        make: Whether to make the file, readable by its owner alone, where it is not there.

    Raises:
        NoteError: There is none, it is another log's, or others may read it.
    """
    key = _given_key(name, make=make) or _from_file(key_file(name), name, make=make)
    if key.name != name:
        raise NoteError(
            f"この鍵は {shown(key.name)} の鍵で、{shown(name)} の鍵ではありません",
            f"this key is of {shown(key.name)}, not of {shown(name)}",
        )
    return key


def _given_key(name: str, *, make: bool = False) -> SecretKey | None:
    """The key that the environment gives, whosever it is; None where it gives none."""
    if text := os.environ.get("ASSIGN_KEY"):
        return secret_key(text)
    if command := os.environ.get("ASSIGN_KEY_COMMAND"):
        return secret_key(_printed(command))
    if file := os.environ.get("ASSIGN_KEY_FILE"):
        return _from_file(Path(file), name, make=make)
    return None


def log_of_key(logs: Collection[str], keys_of: Callable[[str], Collection[PublicKey]]) -> str | None:
    """
    The one of some logs whose key is here: whoever may insert can begin another log in a database, but not with that key.

    Args:
        keys_of: The keys that a log's records name.
    """
    found: list[SecretKey] = []
    with suppress(NoteError):
        if (given := _given_key("")) is not None:
            found.append(given)
    for name in logs if not found else ():
        with suppress(NoteError):
            if os.path.lexists(key_file(name)):
                found.append(_from_file(key_file(name), name, make=False))
    ours = [key.name for key in found if key.name in logs and key.public() in keys_of(key.name)]
    return ours[0] if len(ours) == 1 else None


def write_key(path: Path, key: SecretKey) -> None:
    """
    A new file that its owner alone can read, on the disk when this returns; nothing is replaced, and no link is followed.

    Raises:
        FileExistsError, OSError. NoteError: Others may write in the folder.
    """
    private_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.text() + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def private_folder(folder: Path) -> None:
    """
    A folder for keys: made where it is not there, its owner's alone.

    Raises:
        NoteError: It is another user's, or others may write in it, and so put another key there. OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _require_own(folder, folder.stat())


def _require_own(path: Path, found: os.stat_result) -> None:
    """Raises NoteError where another user could have put the file there, or could replace it."""
    if os.name != "posix":
        return
    if found.st_uid not in (os.geteuid(), 0):
        raise NoteError(
            f"{path_shown(path)} は別の利用者のものです。鍵は、動かす利用者か root のファイルだけを使います",
            f"{path_shown(path)} is another user's: a key is taken from a file of the user who runs this, or of root",
        )
    shared = found.st_mode & 0o022 and not (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX)
    if shared:  # in a folder like /tmp (sticky) nobody can replace another's file
        raise NoteError(
            f"{path_shown(path)} にほかの利用者も書けます。鍵を置けません（chmod go-w してください）",
            f"{path_shown(path)} can be written by others, and is no place for a key (chmod go-w)",
        )


def _from_file(path: Path, name: str, *, make: bool) -> SecretKey:
    try:
        if make and not os.path.lexists(path):
            with suppress(FileExistsError):  # another process made it meanwhile
                write_key(path, new_key(name))
        _require_own_link(path)
        real = Path(os.path.realpath(path))
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        with open(os.open(real, flags), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise NotRegular
            if os.name == "posix" and found.st_mode & 0o077 and found.st_uid == os.geteuid():
                raise NoteError(
                    f"鍵 {path_shown(path)} を他人が読めます（chmod 600 してください）",
                    f"the key {path_shown(path)} can be read by others (chmod 600)",
                )
            _require_own(path, found)
            for folder in {path.absolute().parent, real.parent}:
                _require_own(folder, folder.stat())
            text = file.read(LARGEST).decode("ascii")
        return replace(secret_key(text), place=path.absolute())
    except (OSError, ValueError) as error:
        ja, en = system_reason(error, ("文字ではありません", "not text"))
        raise NoteError(
            f"鍵 {path_shown(path)} を読めません（{ja}）。記録を読むのに鍵は要りません",
            f"cannot read the key {path_shown(path)} ({en}); reading a log needs none",
        ) from None


def _require_own_link(path: Path) -> None:
    found = path.lstat()  # a mounted secret is a link, root's
    if stat.S_ISLNK(found.st_mode) and os.name == "posix" and found.st_uid not in (os.geteuid(), 0):
        raise NoteError(
            f"{path_shown(path)} は、別の利用者が置いたリンクです。鍵として使いません",
            f"{path_shown(path)} is a link that another user put there, and is not used as a key",
        )


def _printed(command: str) -> str:
    import shlex
    import subprocess

    try:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - the operator's own
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise NoteError(
            f"ASSIGN_KEY_COMMAND が失敗しました（{type(error).__name__}）",
            f"ASSIGN_KEY_COMMAND failed ({type(error).__name__})",
        ) from None
    return done.stdout


def _number(name: str, key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + key).digest()[:4]


def base64_text(data: bytes) -> str:
    """Base64 with padding."""
    return b64encode(data).decode("ascii")


def base64_bytes(text: str) -> bytes | None:
    """What base64 in its one canonical form stands for, or None."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64_text(data) == text else None
