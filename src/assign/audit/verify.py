"""
A log → whether it is complete and unchanged: every record hashed again, the tree compared with checkpoints, all derived data compared
with the records. What decides is a checkpoint kept outside the building; the copies beside the log prove nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from assign.commands import command
from assign.errors import shown
from assign.log.checkpoint import Checkpoint, Named, in_force, line, named_by, open_in_force, open_verified, parse
from assign.log.keys import NoteError, PublicKey
from assign.log.reading import Unreadable, record_of
from assign.log.record import publishes
from assign.log.store.interface import Row, StoreDamaged, StoreError
from assign.words import sha256

from .door import Place, Snapshot, reading
from .text import Text, harmless
from .tree import EMPTY, Tree, leaf_hash

MOST: Final = 100  # findings that are listed one by one


class Finding(NamedTuple):
    """Something that is wrong: a code for programs, the first record that it concerns, and a sentence."""

    code: str
    seq: int | None
    text: Text

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"code": self.code, "seq": self.seq, "text": self.text._asdict()}


@dataclass
class VerificationReport:
    """
    What `verify` did and found. `covered`: how many records a checkpoint from outside vouches for. `contradicted`: the size of the first
    checkpoint, signed as it must be, whose records are not there as they were. Nobody who may only insert can bring that about.
    `memory`: the kind of the file system in memory that the log is on. `others`: other logs in its database, which were not looked at.
    """

    origin: str
    size: int = 0  # one more than the number of the last record
    hashed: int = 0  # records that were read, and hashed again
    root: bytes = EMPTY
    notes_outside: int = 0
    notes_inside: int = 0
    covered: int = 0
    contradicted: int | None = None
    memory: str | None = None
    others: list[str] = field(default_factory=list)
    keys_given: int = (
        0  # public keys that the auditor trusts; where there is none, those count that the log itself names
    )
    findings: list[Finding] = field(default_factory=list)

    @property
    def first_bad(self) -> int | None:
        """The first record that something is wrong with."""
        return min((each.seq for each in self.findings if each.seq is not None), default=None)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "origin": self.origin,
            "ok": not self.findings,
            "records": self.size,
            "hashed": self.hashed,
            "root": b64encode(self.root).decode(),
            "checkpoints": {"outside": self.notes_outside, "inside": self.notes_inside},
            "covered": self.covered,
            "memory": self.memory,
            "other_logs": [shown(each) for each in self.others[:MOST]],
            "keys_given": self.keys_given,
            "first_bad": self.first_bad,
            "findings": [each.as_json() for each in self.findings[:MOST]],
            "findings_in_all": len(self.findings),
        }


def verify(
    place: Place,
    against: Sequence[str] = (),
    keys: Sequence[PublicKey] = (),
    listener: Callable[[int], None] | None = None,
) -> VerificationReport:
    """
    Hash every record again, and compare the tree with checkpoints.

    Args:
        against: Signed notes that were kept outside.
        keys: The public keys that the auditor trusts; a trusted key's successor is trusted, too. Without any: the keys that the log
            itself names.
        listener: Called with the number of records hashed, every 10,000.

    Returns:
        The report, the first bad record first. No findings, and a note from outside, mean: the covered records are the ones that were
        there when it was signed, all of them, in this order.

    Raises:
        NoteError: A note of `against` is no checkpoint. StoreError: The log cannot be read.
    """
    outside = [(parse(text)[0], text, True) for text in against]
    try:
        with reading(place) as log:
            found = _whole(log, outside, keys, listener)
    except StoreDamaged as error:  # it could not even be opened
        found = _unread(place.origin, error, [])
    found.keys_given = len(keys)
    return found


def _whole(
    log: Snapshot,
    outside: list[tuple[Checkpoint, str, bool]],
    keys: Sequence[PublicKey],
    listener: Callable[[int], None] | None,
) -> VerificationReport:
    strange = [Finding(each.code, None, harmless(Text(each.ja, each.en))) for each in log.strangers]
    try:
        strange += [Finding(each.code, None, harmless(Text(each.ja, each.en))) for each in log.unsound()]
        found = _Verifier(log, outside, keys).run(listener)
    except StoreError as error:
        if not strange and not isinstance(error, StoreDamaged):
            raise
        return _unread(log.origin, error, strange)
    found.findings += strange
    return found


def _unread(origin: str, error: StoreError, strange: list[Finding]) -> VerificationReport:
    return VerificationReport(origin, findings=[Finding("unread", None, harmless(Text(error.ja, error.en))), *strange])


class _Verifier:
    """One pass over the records, with two trees: of the payloads, and, from where they differ, of the kept hashes."""

    def __init__(self, log: Snapshot, outside: list[tuple[Checkpoint, str, bool]], keys: Sequence[PublicKey]) -> None:
        self._log = log
        self._found = VerificationReport(log.origin)
        self._trusted = list(keys)
        self._named: list[Named] = []  # by the records themselves, in order
        self._published: set[tuple[str, str]] = set()
        self._sizes: dict[str, set[int]] = {}  # SHA-256 of an edition → its sizes by the records
        self._derived: list[tuple[str, str, int]] = []  # what the table of publications must hold
        self._keys: dict[bytes, int] = {}  # idempotency key → the first record that has it
        self._differing: list[int] = []
        self._notes = outside
        for text in log.checkpoints():
            try:
                self._notes.append((parse(text)[0], text, False))
            except NoteError:
                self._say(
                    "checkpoint_damaged",
                    None,
                    "記録のそばのチェックポイントが壊れています",
                    "a checkpoint beside the log is damaged",
                )
        self._notes.sort(key=lambda each: each[0].size)
        self._roots: dict[int, tuple[bytes, bytes | None]] = {}  # size → root of the payloads, root of the kept hashes

    def run(self, listener: Callable[[int], None] | None) -> VerificationReport:
        """The whole log."""
        tree, kept = Tree(), None
        sizes = {note.size for note, _, _ in self._notes}
        found, size = self._found, self._log.size
        expected, whole = 0, True
        gaps: list[tuple[int, int, int]] = []  # first number that is missing, the row after it, and where its run ends
        if 0 in sizes:
            self._roots[0] = (EMPTY, None)
        for row in self._log.rows(0):
            if row.seq != expected:
                if whole:
                    found.root, whole = tree.root(), False  # the log is the unbroken run from 0
                gaps.append((expected, row.seq, 0))
            leaf, stored = leaf_hash(row.payload), row.nodes[:32]
            if leaf != stored:
                self._differing.append(row.seq)
                kept = kept or tree.copy()
            if kept is not None:
                kept.append(stored)
            nodes = tree.append(leaf)
            if whole and kept is None and nodes != row.nodes:
                self._say(
                    "tree_altered",
                    row.seq,
                    f"番号 {row.seq} の木のハッシュが書き換えられています（記録の本文は合っています）",
                    f"the tree hashes of record {row.seq} were altered (the record itself fits)",
                )
            self._check_row(row)
            found.hashed += 1
            expected = row.seq + 1
            if gaps:
                gaps[-1] = (*gaps[-1][:2], expected)
            if whole and expected in sizes:
                self._roots[expected] = (tree.root(), kept.root() if kept else None)
            if listener is not None and not found.hashed % 10_000:
                listener(found.hashed)
        for first, after, end in gaps:
            self._gone(first, after, end)
        found.size = max(expected, size)
        if whole:
            found.root = tree.root()
        self._check_number(size)
        self._check_notes(found.size)
        self._check_tables()
        found.memory = self._log.memory
        found.findings.sort(key=lambda each: (each.seq is None, each.seq or 0))
        return found

    def _gone(self, first: int, after: int, end: int) -> None:
        rest = f"{after}" if end == after + 1 else f"{after}-{end - 1}"
        self._say(
            "deleted",
            first,
            f"番号 {first} から {after - 1} の記録がありません（消されたか、番号 {rest} の行があとから足されたかです）",
            f"records {first} to {after - 1} are not there (they were deleted, or what stands at {rest} was added)",
        )

    def _check_number(self, size: int) -> None:
        """Compare how many rows were read with what two other ways of asking say: a root over nothing proves nothing."""
        found, there = self._found, self._log.count()
        if not found.hashed and not there and not size:
            self._say(
                "empty",
                None,
                "記録が 1 件もありません。何も確かめていません",
                "there is no record at all; nothing was checked",
            )
        elif found.hashed != there or found.size != max(size, there):
            self._say(
                "not_all_read",
                None,
                f"表には {there} 件（最後の番号 {size - 1}）ありますが、読めたのは {found.hashed} 件です",
                f"the table has {there} records (the last number is {size - 1}), and {found.hashed} could be read",
            )

    def _say(self, code: str, seq: int | None, ja: str, en: str) -> None:
        self._found.findings.append(Finding(code, seq, harmless(Text(ja, en))))

    def _check_row(self, row: Row) -> None:
        """Check one row: it holds the record of its place, its key column fits, and it cites what was published before."""
        seq = row.seq
        try:
            record = record_of(row, self._log.origin)
        except Unreadable as error:
            ja, en = error.reason_ja, error.reason_en
            self._say(error.why, seq, f"番号 {seq} を記録として読めません: {ja}", f"record {seq} cannot be read: {en}")
            return
        put = publishes(record)
        if (key := record.get("key")) != (None if row.key is None else row.key.decode("utf-8", "replace")):
            self._say(
                "key_altered",
                seq,
                f"番号 {seq} の、再送を見分ける鍵の列が、記録の本文と違います（本文が正です）",
                f"record {seq}: the column of its idempotency key is not what the record says (the record counts)",
            )
        if put is not None:
            self._derived.append((*put, seq))
            if put[0] != "key":
                self._published.add(put)
                self._sizes.setdefault(put[1], set()).add(record["bytes"])
            else:
                named = named_by(seq, record)
                if named.replaces is not None:
                    self._check_successor(named, named.replaces, signed=record.get("endorsed") is not None)
                self._named.append(named)
        if key is not None:
            short = bytes.fromhex(key.replace("-", ""))
            if (first := self._keys.setdefault(short, seq)) != seq:
                self._say(
                    "key_twice",
                    seq,
                    f"番号 {seq} の依頼は、番号 {first} の再送です（同じ鍵の記録が二つあります）",
                    f"record {seq} has the idempotency key of record {first}: one request was recorded twice",
                )
        if not self._published.issuperset(record.get("editions", {}).items()):
            self._say(
                "not_published",
                seq,
                f"番号 {seq} は、それより前に使用開始の記録がない版を引いています",
                f"record {seq} cites an edition that was not published before it",
            )

    def _check_successor(self, new: Named, old: PublicKey, *, signed: bool) -> None:
        """Check a change of the key. A trusted key's successor is trusted; a key that the one before has not signed, by nobody."""
        seq = new.seq
        if in_force(line(self._named, old, self._trusted), seq) != old:
            self._say(
                "endorsement",
                seq,
                f"番号 {seq} の鍵の交替が替える鍵は、その前の鍵ではありません",
                f"record {seq} replaces a key that was not the present one",
            )
        elif signed and not new.endorsed:
            self._say(
                "endorsement",
                seq,
                f"番号 {seq} の鍵の交替に、前の鍵の署名がありません（署名が合いません）",
                f"record {seq}: the old key has not signed the new one (the signature is wrong)",
            )
        elif new.endorsed:
            if old in self._trusted:
                self._trusted.append(new.key)
        elif self._trusted and new.key not in self._trusted:
            self._say(
                "unendorsed",
                seq,
                f"番号 {seq} が示す鍵は、前の鍵が署名しておらず、渡された鍵でもありません。使いません（だれが書いたか尋ねてください）",
                f"record {seq} names a key that the one before has not signed, and that is not one of yours: it is not used (ask who wrote it)",
            )

    def _check_notes(self, size: int) -> None:
        """Check each checkpoint, smallest first: its signature, and whether the log fits it."""
        good, payloads_hold, hashes_hold = 0, 0, 0
        for note, text, outside in self._notes:
            if outside:
                self._found.notes_outside += 1
            else:
                self._found.notes_inside += 1
            sound, vouched = self._signed(note, text, outside=outside)
            if not sound:
                continue
            ours, stored = self._roots.get(note.size, (None, None))
            if ours == note.root:
                good = payloads_hold = note.size
                if outside:
                    self._found.covered = note.size
                continue
            if not vouched:  # anybody who may insert can name a key, and sign with it
                self._say(
                    "unvouched",
                    None,
                    f"記録のそばのチェックポイント（{note.size} 件）が記録と合いません。前の鍵が署名していない鍵のものです",
                    f"a checkpoint beside the log (size {note.size}) does not fit it; it is of a key that the one before has not signed",
                )
                continue
            self._unlike(note)
            if note.size > size:
                self._say(
                    "tail_deleted",
                    size,
                    f"番号 {size} から {note.size - 1} の記録が末尾から消されています（チェックポイントは {note.size} 件）",
                    f"records {size} to {note.size - 1} were deleted from the end (the checkpoint has {note.size})",
                )
            elif stored == note.root:
                good = hashes_hold = note.size
            elif not any(
                each.code in ("deleted", "moved") and each.seq is not None and good <= each.seq < note.size
                for each in self._found.findings
            ) and not any(good <= seq < note.size for seq in self._differing):
                self._say(
                    "rewritten",
                    good,
                    f"番号 {good} から {note.size - 1} のどこかが書き換えられ、ハッシュも作り直されています（{good} 件までは合っています）",
                    f"somewhere in records {good} to {note.size - 1} the log was rewritten and hashed anew (up to {good} it fits)",
                )
        for seq in self._differing:
            code, ja, en = (
                ("payload_altered", "本文が書き換えられています", "the record's bytes were altered")
                if seq < hashes_hold
                else (
                    "hash_altered",
                    "ハッシュが書き換えられています（本文は合っています）",
                    "its kept hash was altered (its bytes fit)",
                )
                if seq < payloads_hold
                else ("altered", "本文かハッシュが書き換えられています", "its bytes or its hash were altered")
            )
            self._say(code, seq, f"番号 {seq} の{ja}", f"record {seq}: {en}")

    def _unlike(self, note: Checkpoint) -> None:
        if self._found.contradicted is None:
            self._found.contradicted = note.size

    def _signed(self, note: Checkpoint, text: str, *, outside: bool) -> tuple[bool, bool]:
        """Whether a checkpoint is to be compared; and whether its signer follows from the first key, or is trusted."""
        if note.origin != self._log.origin:
            if outside:
                self._unlike(note)
            self._say(
                "other_log",
                None,
                f"チェックポイントは別の記録 {shown(note.origin)} のものです",
                f"the checkpoint is of another log, {shown(note.origin)}",
            )
            return False, False
        try:
            _, key = open_in_force(text, self._named, self._trusted or None)
        except NoteError as error:
            if outside:
                self._unlike(note)
            where = (
                Text("外の", "the checkpoint from outside")
                if outside
                else Text("記録のそばの", "a checkpoint beside the log")
            )
            self._say(
                "signature",
                None,
                f"{where.ja}チェックポイント（{note.size} 件）: {error.ja}",
                f"{where.en} (size {note.size}): {error.en}",
            )
            return outside and self._worth_comparing(text), outside
        return True, outside or key in self._trusted or key in [each for _, each in line(self._named)]

    def _worth_comparing(self, text: str) -> bool:
        """Whether a checkpoint that is not signed as it must be still says something: a trusted key signed it, and the log knows none such."""
        known = [each.key for each in self._named]
        if not self._trusted:
            return not any(self._signed_by(text, key) for key in known)
        return any(self._signed_by(text, key) for key in self._trusted if key not in known)

    @staticmethod
    def _signed_by(text: str, key: PublicKey) -> bool:
        with suppress(NoteError):
            return bool(open_verified(text, [key]))
        return False

    def _check_tables(self) -> None:
        """Check each row of the other tables."""
        store = self._log
        try:
            self._found.others = self._log.others()
            logs, numbers = {number for number, _ in store.beside("log")}, {*store.logs()}
            for number in sorted(numbers - logs):
                self._stray("record", f"log {number}")
            for number, origin in store.beside("log"):
                if number not in numbers and number != self._log.number:
                    self._stray("log", f"log {number}: {origin}")
            published = store.beside("publication")
            self._publications([row[1:] for row in published if row[0] == self._log.number])
            self._editions(store.beside("edition"), {row[2] for row in published if row[0] != self._log.number})
            notes = store.beside("checkpoint")
        except StoreError as error:
            self._say("beside_unreadable", None, error.ja, error.en)
            return
        for table, rows in (("publication", published), ("checkpoint", notes)):
            for row in rows:
                if row[0] not in logs:
                    self._stray(table, f"log {row[0]}")
        for log, size, note in notes:
            if log == self._log.number:
                self._note(size, note)

    def _stray(self, table: str, what: str) -> None:
        self._say(
            "stray",
            None,
            f"表 {table} に、どの記録にもよらない行があります（{shown(what)}）",
            f"the table {table} has a row that no record backs ({shown(what)})",
        )

    def _publications(self, rows: list[tuple[Any, ...]]) -> None:
        """Compare the table of publications with the records: signers and editions are looked up in it."""
        told, derived = Counter(rows), Counter(self._derived)
        for what, value, seq in told - derived:
            name = shown(f"{what} {value}")
            self._say(
                "publications",
                None,
                f"使用開始の表に、番号 {shown(seq)} の記録にない行があります（{name}。記録の本文が正です）",
                f"the table of publications has a row that record {shown(seq)} does not say ({name}; the records count)",
            )
        for what, _, seq in derived - told:
            self._say(
                "publications",
                None,
                f"使用開始の表に、番号 {seq} の記録の使用開始（{what}）がありません（`{command('audit rebuild')}` で直ります）",
                f"the table of publications lacks what record {seq} puts into use, {what} (`{command('audit rebuild')}` mends it)",
            )

    def _editions(self, rows: list[tuple[Any, ...]], others: set[object]) -> None:
        """Check that the text of every published edition is there and has its digest, and that there are no others."""
        names = {value: what for what, value in self._published}
        there: set[object] = set()
        for name, data in rows:
            there.add(name)
            sound = sha256(data) == name
            if name in names and not sound:
                self._edition(names[name], str(name), "書き換えられて", "was altered")
            elif name in names and self._sizes[name] != {len(data)}:
                self._edition(
                    names[name], str(name), "使用開始の記録と違うバイト数になって", "is not as long as its record says"
                )
            elif not sound or (name not in names and name not in others):
                self._stray("edition", str(name))
        for what, value in sorted(self._published):
            if value not in there:
                self._edition(what, value, "なくなって", "is missing")

    def _edition(self, what: str, value: str, ja: str, en: str) -> None:
        self._say(
            "edition",
            None,
            f"{what} の版 {value[:16]}… が{ja}います",
            f"the edition {value[:16]}… of the {what} {en}",
        )

    def _note(self, size: object, note: bytes) -> None:
        """Compare the size column of a checkpoint with its note; the note itself is checked with the others."""
        with suppress(NoteError):
            if (said := parse(note.decode("utf-8", "replace"))[0].size) != size or type(size) is not int:
                self._say(
                    "checkpoint_altered",
                    None,
                    f"記録のそばのチェックポイント（{said} 件）の行に、別の件数（{shown(size)}）が付いています",
                    f"the row of a checkpoint beside the log (size {said}) says another size ({shown(size)})",
                )
