"""
Checkpoints as signed notes (C2SP tlog-checkpoint): what an auditor keeps outside the building.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from .keys import NoteError, PublicKey, SecretKey, base64_bytes, base64_text, is_key_name, is_note_text, public_key

DASH: Final = "\u2014 "
LARGEST: Final = 64_000_000  # bytes of a note's file, as in `audit.verifier`
MOST: Final = 100  # signatures
Signers = tuple[tuple[int, PublicKey], ...]  # keys that follow one another, and the records that named them (`line`)
WRONG: Final = "チェックポイントの署名が合いません", "the checkpoint's signature is wrong"
UNKNOWN: Final = (
    "チェックポイントは、知っている鍵で署名されていません",
    "the checkpoint is not signed with a key that is known here",
)
OF_ANOTHER: Final = (
    "チェックポイントは、別の名前の鍵だけで署名されています",
    "the checkpoint is signed by keys of another name than the log's alone",
)
NOT_IN_FORCE: Final = (
    "チェックポイントは、その時の鍵で署名されていません（替えられた後か、まだ使われていない鍵です）",
    "the checkpoint is not signed with the key of its time (the log had replaced it, or not named it yet)",
)


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

    A log signs with a key of its own name. A known key of another name (a witness's, another log's) may have signed beside it, and
    then must have signed rightly.

    Raises:
        NoteError: It is no checkpoint, none of the keys signed it, only one of another name did, or a signature is wrong.
    """
    checkpoint, signers = _signers(text, keys)
    return checkpoint, signers[0]


class Named(NamedTuple):
    """A key that a record of a log names, the key that it replaces (None: the log's first), and whether that one has signed it."""

    seq: int
    key: PublicKey
    replaces: PublicKey | None
    endorsed: bool


def line(named: Iterable[Named], key: PublicKey | None = None, trusted: Collection[PublicKey] = ()) -> Signers:
    """
    The keys of a log that follow one another, as whoever holds or trusts one of them has it: from the first to that key, and on.

    A key ends when it has signed its successor. Whoever may insert can write a record that names any key, so one without that
    signature ends no other key, and counts for those alone who hold the new one, or were given it by the log's keeper.

    Args:
        named: In the order of their records. key: Without it, the first. trusted: Keys that count without a signature.
    """
    given, sound, after = {key, *trusted}, dict[PublicKey, Named](), dict[PublicKey, PublicKey]()
    for each in named:
        old = each.replaces
        if each.key not in sound and (old is None or (old in sound and old not in after)):
            sound[each.key] = each
            if old is not None and (each.endorsed or each.key in given):
                after[old] = each.key
    at = key if key in sound else next(iter(sound), None)
    found: list[Named] = []
    back = at
    while back is not None:
        found.insert(0, sound[back])
        back = sound[back].replaces
    while at is not None and (at := after.get(at)) is not None:
        found.append(sound[at])
    return tuple((each.seq, each.key) for each in found)


def open_in_force(
    text: str, named: Sequence[Named], trusted: Collection[PublicKey] | None = None
) -> tuple[Checkpoint, PublicKey]:
    """
    The same of a log whose keys are known: the signer must be in force at the note's size, in its own line of the log's keys.

    Args:
        trusted: The keys that may have signed; without it, those of the log.

    Raises:
        NoteError: As above, or a key signed it that had named its successor by then, or was not named yet.
    """
    checkpoint, found = _signers(text, [each.key for each in named] if trusted is None else trusted)
    for key in found:
        if in_force(line(named, key, trusted or ()), checkpoint.size) == key:
            return checkpoint, key
    raise NoteError(*NOT_IN_FORCE)


def open_of_line(
    text: str, signers: Signers, trusted: Iterable[PublicKey] | None = None
) -> tuple[Checkpoint, PublicKey]:
    """The same of one line of keys: the signer must be the one of its time."""
    checkpoint, found = _signers(text, [key for _, key in signers] if trusted is None else trusted)
    due = in_force(signers, checkpoint.size)
    if due not in found:
        raise NoteError(*NOT_IN_FORCE)
    return checkpoint, due


def in_force(signers: Signers, size: int) -> PublicKey | None:
    """The key of a line that signs a log of that size: the last one that was named by then; of the empty log, the first."""
    known = [key for seq, key in signers if seq < max(size, 1)]
    return known[-1] if known else None


def _signers(text: str, keys: Iterable[PublicKey]) -> tuple[Checkpoint, list[PublicKey]]:
    """The keys of the log's own name that signed a note. Raises NoteError."""
    checkpoint, signatures = parse(text)
    signed, known = _note(text)[0].encode(), list(keys)
    found: list[PublicKey] = []
    for name, number, signature in signatures:
        for key in known:
            if (name, number) != (key.name, key.number):
                continue
            if not key.signed(signed, signature):  # also beside a right one: C2SP signed-note
                raise NoteError(*WRONG)
            found.append(key)
    if not found:
        raise NoteError(*UNKNOWN)
    own = [key for key in found if key.name == checkpoint.origin]
    if not own:
        raise NoteError(*OF_ANOTHER)
    return checkpoint, own


def endorse(new: PublicKey, by: SecretKey) -> str:
    """The signature, base64, by which one key of a log names its successor."""
    return base64_text(by.sign(_succession(new)))


def endorsed(new: PublicKey, by: PublicKey, signature: str) -> bool:
    """Whether a key named the other as its successor."""
    return new.name == by.name and by.signed(_succession(new), base64_bytes(signature) or b"")


def named_by(seq: int, record: Mapping[str, Any]) -> Named:
    """What a record of the kind `log` or `key` says of the log's keys."""
    new = public_key(record["signer"])
    if "replaces" not in record:
        return Named(seq, new, None, endorsed=False)
    old, signature = public_key(record["replaces"]), record.get("endorsed")
    return Named(seq, new, old, endorsed=signature is not None and endorsed(new, old, signature))


def _succession(new: PublicKey) -> bytes:
    """What is signed. No log's name has a space, so it is never the text of a checkpoint."""
    return f"the next key\n{new}\n".encode()
