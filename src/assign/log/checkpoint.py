"""
Checkpoints as signed notes (C2SP tlog-checkpoint): what an auditor keeps outside the building.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .keys import NoteError, PublicKey, SecretKey, base64_bytes, base64_text, is_key_name, is_note_text

DASH: Final = "\u2014 "
LARGEST: Final = 64_000_000  # bytes of a note's file, as in `audit.verifier`
MOST: Final = 100  # signatures


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's name, its size in records, and the root of their tree (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64_text(self.root)}\n"


def sign(checkpoint: Checkpoint, key: SecretKey) -> str:
    """The signed note."""
    body = checkpoint.body()
    public = key.public()
    return f"{body}\n{DASH}{public.name} {base64_text(public.number + key.sign(body.encode()))}\n"


def parse(text: str) -> tuple[Checkpoint, list[tuple[str, bytes, bytes]]]:
    """
    A note → its checkpoint and its signatures as (name, key number, signature), which are not checked here.

    Raises:
        NoteError: It is no checkpoint.
    """
    body, signatures = _note(text)
    lines = body[:-1].split("\n")  # origin, size, root, and whatever the log says beside them
    root = base64_bytes(lines[2]) if len(lines) > 2 and all(lines) and _is_size(lines[1]) else None
    if root is None or len(root) != 32:
        raise _no_checkpoint()
    return Checkpoint(lines[0], int(lines[1]), root), signatures


def _note(text: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """A signed note → the text that was signed, to its last line feed, and the signatures."""
    head, gap, tail = text.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() or not 1 <= len(lines) <= MOST or not is_note_text(text):
        raise _no_checkpoint()
    signatures = []
    for line in lines:
        name, _, value = line.removeprefix(DASH).partition(" ")
        raw = base64_bytes(value)
        if not line.startswith(DASH) or not is_key_name(name) or raw is None or len(raw) < 5:
            raise _no_checkpoint()
        signatures.append((name, raw[:4], raw[4:]))
    return head + "\n", signatures


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16 and str(int(text)) == text


def _no_checkpoint() -> NoteError:
    return NoteError("チェックポイントの形ではありません", "not a checkpoint (a signed note of C2SP tlog-checkpoint)")


def open_verified(text: str, keys: Iterable[PublicKey]) -> tuple[Checkpoint, PublicKey]:
    """
    A note → its checkpoint and which of the keys signed it; of several, the one that signed first.

    Raises:
        NoteError: It is no checkpoint, none of the keys signed it, or a signature of one of them is wrong.
    """
    checkpoint, signatures = parse(text)
    signed, known = _note(text)[0].encode(), list(keys)
    by = None
    for name, number, signature in signatures:
        for key in known:
            if (name, number) != (key.name, key.number):
                continue
            if not key.signed(signed, signature):  # also beside a right one: C2SP signed-note
                raise NoteError("チェックポイントの署名が合いません", "the checkpoint's signature is wrong")
            by = by or key
    if by:
        return checkpoint, by
    raise NoteError(
        "チェックポイントは、知っている鍵で署名されていません",
        "the checkpoint is not signed with a key that is known here",
    )


def endorse(new: PublicKey, by: SecretKey) -> str:
    """The signature, base64, by which one key of a log names its successor."""
    return base64_text(by.sign(_succession(new)))


def endorsed(new: PublicKey, by: PublicKey, signature: str) -> bool:
    """Whether a key named the other as its successor."""
    return new.name == by.name and by.signed(_succession(new), base64_bytes(signature) or b"")


def _succession(new: PublicKey) -> bytes:
    """What is signed. No log's name has a space, so it is never the text of a checkpoint."""
    return f"the next key\n{new}\n".encode()
