"""
A log → what an auditor asks of it: is it whole, does every answer follow, what proves one record, what stands out.

`verify` hashes every record's bytes again and holds the tree against checkpoints; a checkpoint from outside the building
decides, the copies beside the log prove nothing. `replay` decides every record anew from the editions that the log keeps.
`prove` writes all that another machine needs to check one record without `assign` (`standalone.py`).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

from . import merkle
from . import rules as rule_files
from .desk import Desk, EditionMissing
from .errors import AssignError, BadRequest, shown
from .log import Log
from .note import Checkpoint, NoteError, PublicKey, endorsed, opened, parse, public_key
from .record import Kind, Record, RecordError, check, publishes, read
from .store import New, Row, Store, StoreError
from .words import JAPAN, sha256

LATE: Final = 7  # days from the date of the case to its record, after which it counts as late
MOST: Final = 100  # findings that are told one by one


class Text(NamedTuple):
    """A sentence in both languages."""

    ja: str
    en: str

    def say(self, lang: str) -> str:
        """In one of them."""
        return self.en if lang == "en" else self.ja


# -- verify ----------------------------------------------------------------------------------------------------------


class Finding(NamedTuple):
    """Something that is wrong: a code for programs, the first record that it touches, and what was done."""

    code: str
    seq: int | None
    text: Text

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"code": self.code, "seq": self.seq, "text": self.text._asdict()}


@dataclass
class Verified:
    """What `verify` did and found. `covered` records are held by a checkpoint from outside."""

    origin: str
    size: int = 0
    root: bytes = merkle.EMPTY
    notes_outside: int = 0
    notes_inside: int = 0
    covered: int = 0
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
            "root": b64encode(self.root).decode(),
            "checkpoints": {"outside": self.notes_outside, "inside": self.notes_inside},
            "covered": self.covered,
            "first_bad": self.first_bad,
            "findings": [each.as_json() for each in self.findings[:MOST]],
            "findings_in_all": len(self.findings),
        }


def verify(
    log: Log, against: Sequence[str] = (), keys: Sequence[PublicKey] = (), listener: Callable[[int], None] | None = None
) -> Verified:
    """
    Hash every record again, and hold the tree against checkpoints.

    Args:
        against: Signed notes that were kept outside.
        keys: The public keys that the auditor trusts, and with them each that a trusted one has named; those that the log
            itself names if there are none.
        listener: Told the number of records hashed so far, now and then.

    Returns:
        What was found, the first bad record first. An empty list of findings, with a note from outside, means: those
        records are the ones that were there when it was signed, all of them, in this order.

    Raises:
        NoteError: A note of `against` is no checkpoint. StoreError: The log cannot be read.
    """
    return _Verifier(log, against, keys).run(listener)


class _Verifier:
    """One pass over the records. Two trees grow: of the payloads, and of the hashes as kept once these differ."""

    def __init__(self, log: Log, against: Sequence[str], keys: Sequence[PublicKey]) -> None:
        self._log = log
        self._found = Verified(log.origin)
        self._trusted = list(keys)
        self._named: list[PublicKey] = []  # by the records themselves
        self._published: set[tuple[str, str]] = set()
        self._derived: list[tuple[str, str, int]] = []  # what the table of publications must say
        self._cited: set[bytes] = set()  # the text of `editions` in records that cite what was published before them
        self._last_cited = b""
        self._here = b'"origin":"%s"' % log.origin.encode()
        self._differing: list[int] = []
        self._notes = [(parse(text)[0], text, True) for text in against]
        for text in log.store.checkpoints(log.number):
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

    def run(self, listener: Callable[[int], None] | None) -> Verified:
        """The whole log."""
        tree, kept = merkle.Frontier(), None
        sizes = {note.size for note, _, _ in self._notes}
        expected, whole = 0, True
        if 0 in sizes:
            self._roots[0] = (merkle.EMPTY, None)
        for row in self._log.rows(0, max(self._log.size, *sizes, 0)):
            if row.seq != expected:
                whole = False
                self._say(
                    "deleted",
                    expected,
                    f"番号 {expected} から {row.seq - 1} の記録が消されています",
                    f"records {expected} to {row.seq - 1} were deleted",
                )
            leaf, stored = merkle.leaf_hash(row.payload), row.nodes[:32]
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
            self._reads(row.seq, row.payload)
            expected = row.seq + 1
            if whole and expected in sizes:
                self._roots[expected] = (tree.root(), kept.root() if kept else None)
            if listener is not None and not expected % 10_000:
                listener(expected)
        self._found.size, self._found.root = expected, tree.root()
        self._judge(expected)
        self._editions()
        self._found.findings.sort(key=lambda each: (each.seq is None, each.seq or 0))
        return self._found

    def _say(self, code: str, seq: int | None, ja: str, en: str) -> None:
        self._found.findings.append(Finding(code, seq, Text(ja, en)))

    def _reads(self, seq: int, payload: bytes) -> None:
        """What a record says of itself fits where it stands, and it cites what was published before it."""
        if self._plain(seq, payload):
            return
        try:
            record = json.loads(payload)
            kind, number, origin = record["kind"], record["seq"], record["origin"]
            cited = record.get("editions", {}).items()
            if (put := publishes(record)) is not None:
                if kind == Kind.PUBLICATION:
                    self._published.add(put)
                else:
                    self._named.append(public_key(put[1]))
                if kind == Kind.KEY:
                    self._succeeds(seq, self._named[-1], record)
                self._derived.append((*put, seq))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, NoteError):
            self._say(
                "unreadable", seq, f"番号 {seq} は記録として読めません", f"record {seq} cannot be read as a record"
            )
            return
        try:
            check(record)
        except RecordError as error:
            self._say("refused", seq, f"番号 {seq}: {error.ja}", f"record {seq}: {error.en}")
        if number != seq or origin != self._log.origin:
            self._say(
                "moved",
                seq,
                f"番号 {seq} の場所に、別の記録（{shown(origin)} の {shown(number)}）があります",
                f"at place {seq} stands another record ({shown(number)} of {shown(origin)})",
            )
        elif self._published.issuperset(cited):
            if kind == Kind.DECISION:
                self._cited.add(self._last_cited)
        else:
            self._say(
                "not_published",
                seq,
                f"番号 {seq} は、それより前に公示されていない版を引いています",
                f"record {seq} cites an edition that was not published before it",
            )

    def _succeeds(self, seq: int, new: PublicKey, record: Record) -> None:
        """Who trusts a key trusts the one that it has named."""
        if (signature := record.get("endorsed")) is None:
            return
        old = public_key(record["replaces"])
        if not endorsed(new, old, signature):
            self._say(
                "endorsement",
                seq,
                f"番号 {seq} の鍵の交替に、前の鍵の署名がありません（署名が合いません）",
                f"record {seq}: the old key has not signed the new one (the signature is wrong)",
            )
        elif old in self._trusted:
            self._trusted.append(new)

    def _plain(self, seq: int, payload: bytes) -> bool:
        """A decision in its place, of this log, on editions that an earlier record was found to cite rightly: no need to parse it."""
        begin = payload.find(b'"editions":{')
        editions = payload[begin : payload.find(b"}", begin) + 1]
        if (
            b'"schema":1,"seq":%d,' % seq in payload
            and self._here in payload
            and b'"kind":"decision"' in payload
            and editions in self._cited
        ):
            return True
        if begin >= 0:
            self._last_cited = editions
        return False

    def _judge(self, size: int) -> None:
        """Each checkpoint, smallest first: signed by whom, and does it hold."""
        good, payloads_hold, hashes_hold = 0, 0, 0
        for note, text, outside in self._notes:
            if outside:
                self._found.notes_outside += 1
            else:
                self._found.notes_inside += 1
            if not self._signed(note, text, outside=outside):
                continue
            ours, stored = self._roots.get(note.size, (None, None))
            if note.size > size:
                self._say(
                    "tail_deleted",
                    size,
                    f"番号 {size} から {note.size - 1} の記録が末尾から消されています（チェックポイントは {note.size} 件）",
                    f"records {size} to {note.size - 1} were deleted from the end (the checkpoint has {note.size})",
                )
            elif ours == note.root:
                good = payloads_hold = note.size
                if outside:
                    self._found.covered = note.size
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

    def _signed(self, note: Checkpoint, text: str, *, outside: bool) -> bool:
        if note.origin != self._log.origin:
            self._say(
                "other_log",
                None,
                f"チェックポイントは別の記録 {shown(note.origin)} のものです",
                f"the checkpoint is of another log, {shown(note.origin)}",
            )
            return False
        try:
            opened(text, self._trusted or self._named)
        except NoteError as error:
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
            return outside and not self._trusted  # its root still says what the log was
        return True

    def _editions(self) -> None:
        """The text of every published edition is there and is the one; the table of publications says what records say."""
        try:
            told = Counter(self._log.store.published(self._log.number))
        except StoreError:
            told = Counter()
        if told != Counter(self._derived):
            self._say(
                "publications",
                None,
                "公示の表が記録の本文と合いません（記録の本文が正です）",
                "the table of publications does not say what the records say (the records count)",
            )
        for what, value in sorted(self._published):
            data = self._log.store.edition(value)
            if data is None or sha256(data) != value:
                state = Text("なくなって", "is missing") if data is None else Text("書き換えられて", "was altered")
                self._say(
                    "edition",
                    None,
                    f"{what} の版 {value[:16]}… が{state.ja}います",
                    f"the edition {value[:16]}… of the {what} {state.en}",
                )


# -- replay ----------------------------------------------------------------------------------------------------------

OUTCOMES: Final = ("same", "wording", "reason", "different", "cannot")


class Replay(NamedTuple):
    """
    A record decided anew. `outcome`: `same` to the byte; `wording` (the same decision by the same rules, some sentence
    reads differently); `reason` (the same answer for another reason); `different`; `cannot` (`detail` says what is missing).
    """

    seq: int
    outcome: str
    detail: Text


Desks = Callable[[str, str], Desk]


def desks(log: Log) -> Desks:
    """SHA-256 of a list and of rules → the desk over these editions as the log keeps them; a few are kept at hand."""
    return lru_cache(maxsize=64)(lambda list_, rules: Desk.of_edition(log, {"list": list_, "rules": rules}))


def replay(log: Log, start: int = 0, stop: int | None = None) -> Iterator[Replay]:
    """Decide every decision record anew, from the log and its editions alone, and compare byte for byte."""
    desk = desks(log)
    for row in log.rows(start, stop):
        try:
            record = read(row.payload)
        except ValueError:
            yield Replay(row.seq, "cannot", Text("記録として読めません", "the record cannot be read"))
            continue
        if record.get("kind") == Kind.BATCH:
            yield Replay(row.seq, "cannot", ROWS_ELSEWHERE)
        elif record.get("kind") == Kind.DECISION:
            yield Replay(row.seq, *decided_anew(record, desk)[:2])


ROWS_ELSEWHERE: Final = Text("一括処理の行は入力ファイルにあります", "the rows of a batch are in its input file")


def decided_anew(record: Record, desk: Desks) -> tuple[str, Text, dict[str, Any] | None]:
    """
    A decision record decided by the editions that it names.

    Returns:
        Outcome and detail, as `Replay` has them, and the answer in its words where it still is that answer.
    """
    try:
        check(record)
        editions = record["editions"]
        deciding = desk(editions["list"], editions["rules"])
        found = deciding.replayed(record)
    except EditionMissing as error:
        return "cannot", Text(error.ja, error.en), None
    except AssignError as error:
        return "different", Text(error.ja, error.en), None
    if deciding.edition_digests != editions:
        return "different", Text("違うところ: editions", "differs in: editions"), None
    now, then = found.decision, record["decision"]
    if now == then and found.request == record["request"]:  # codes, text and whole numbers: equal is byte-equal
        if found.digest == record["answer"]:
            return "same", Text("", ""), found.answer
        return "wording", Text("文だけが違います", "only sentences differ"), found.answer
    names = [name for name in now if now[name] != then[name]]
    part = Text("違うところ: " + ", ".join(names), "differs in: " + ", ".join(names))
    if (now["assignee"], now["certainty"]) == (then["assignee"], then["certainty"]):
        return "reason", part, None
    return "different", part, None


# -- prove -----------------------------------------------------------------------------------------------------------


def prove(log: Log, seq: int, checkpoint: str) -> dict[str, Any]:
    """
    All that another machine needs to check one record: `standalone.py` reads it.

    Args:
        checkpoint: A signed note of this log, of more than `seq` records.

    Returns:
        The bundle, plain data: the record, its inclusion path in the checkpoint's tree, the log's public keys, and each
        edition that the record cites, with the record that published it and its own path.

    Raises:
        BadRequest: The checkpoint is older than the record. EditionMissing, UnknownRecord, NoteError.
        StoreError: The log no longer fits the checkpoint.
    """
    keys = log.keys()
    note, _ = opened(checkpoint, keys)
    row = log.row(seq)
    if seq >= note.size:
        raise BadRequest(
            f"チェックポイントは {note.size} 件で、番号 {seq} を含みません",
            f"the checkpoint has {note.size} records, and record {seq} is not among them",
        )
    nodes = lru_cache(maxsize=None)(log.node)
    record = _read(seq, row.payload)
    wanted = dict(record.get("editions", {}))
    editions = []
    for what, value, place in log.store.published(log.number):
        if wanted.get(what) != value or place >= seq:
            continue
        data = log.store.edition(value) or b""
        if sha256(data) != value:
            raise EditionMissing(what, value)
        editions.append({**_proved(log.row(place), note, nodes), "text": data.decode("utf-8")})
        del wanted[what]
    for what, value in wanted.items():
        raise EditionMissing(what, value)
    return {
        "format": "assign.bundle/1",
        **_proved(row, note, nodes),
        "size": note.size,
        "checkpoint": checkpoint,
        "keys": [str(key) for key in keys],
        "editions": editions,
        "row": None,
    }


def _proved(row: Row, note: Checkpoint, nodes: merkle.Node) -> dict[str, Any]:
    path = merkle.inclusion(row.seq, note.size, nodes)
    if not merkle.included(row.seq, note.size, merkle.leaf_hash(row.payload), path, note.root):
        raise _unlike(note)
    return {
        "record": row.payload.decode("utf-8"),
        "index": row.seq,
        "path": [b64encode(each).decode() for each in path],
    }


def _unlike(note: Checkpoint) -> StoreError:
    return StoreError(
        f"記録が {note.size} 件のチェックポイントと合わず、証明を作れません（`assign audit verify`）",
        f"the log does not fit the checkpoint of {note.size} records, so that nothing can be proved (`assign audit verify`)",
    )


def prove_growth(log: Log, old: str, new: str) -> dict[str, Any]:
    """
    That the log of one checkpoint is the beginning of the log of another: plain data for `standalone.py`.

    Raises:
        BadRequest: The second is not the larger. NoteError: One of them is not of this log.
        StoreError: The log no longer fits one of them.
    """
    keys = log.keys()
    first, second = opened(old, keys)[0], opened(new, keys)[0]
    if not 0 < first.size <= second.size <= log.size:
        raise BadRequest(
            f"チェックポイントの大きさが {first.size} から {second.size} へ増えていません（記録は {log.size} 件）",
            f"the checkpoints do not grow, from {first.size} to {second.size} (the log has {log.size} records)",
        )
    path = merkle.consistency(first.size, second.size, lru_cache(maxsize=None)(log.node))
    if not merkle.consistent(first.size, second.size, first.root, second.root, path):
        raise _unlike(second)
    return {
        "format": "assign.consistency/1",
        "from": old,
        "to": new,
        "path": [b64encode(each).decode() for each in path],
        "keys": [str(key) for key in keys],
    }


# -- what is in a log, and what stands out ---------------------------------------------------------------------------


class Filter(NamedTuple):
    """Which records: by date of the case (both ends included), by words of the decision, by case id. None: any."""

    since: date | None = None
    until: date | None = None
    division: str | None = None
    assignee: str | None = None
    certainty: str | None = None
    kind: str | None = None
    case: str | None = None

    def lets(self, record: Record) -> bool:
        """Whether the record is asked for."""
        on = record.get("on", record["recorded"][:10])
        decision, request = record.get("decision", {}), record.get("request", {})
        return (
            (self.since is None or on >= self.since.isoformat())
            and (self.until is None or on <= self.until.isoformat())
            and (self.division is None or request.get("division") == self.division)
            and (self.assignee is None or decision.get("assignee") == self.assignee)
            and (self.certainty is None or decision.get("certainty") == self.certainty)
            and (self.kind is None or record["kind"] == self.kind)
            and (self.case is None or record.get("case") == self.case)
        )


def records(log: Log, chosen: Filter = Filter(), start: int = 0) -> Iterator[Record]:  # noqa: B008 - a value
    """The records asked for, in order. Raises StoreError at one that cannot be read."""
    for row in log.rows(start):
        record = _read(row.seq, row.payload)
        if chosen.lets(record):
            yield record


def _read(seq: int, payload: bytes) -> Record:
    try:
        return read(payload)
    except ValueError:
        raise StoreError(
            f"番号 {seq} は記録として読めません（`assign audit verify`）",
            f"record {seq} cannot be read as a record (`assign audit verify`)",
        ) from None


def shown_record(log: Log, seq: int) -> dict[str, Any]:
    """A record, the answer in its words where it still follows, and the later records that correct it."""
    record = _read(seq, log.row(seq).payload)
    answer: dict[str, Any] | None = None
    outcome, detail = "cannot", Text("", "")
    if record["kind"] == Kind.DECISION:
        outcome, detail, answer = decided_anew(record, desks(log))
    corrected = [
        each["seq"] for each in records(log, Filter(kind=Kind.DECISION.value), seq + 1) if each["corrects"] == seq
    ]
    return {
        "record": record,
        "replay": outcome,
        "detail": detail._asdict(),
        "answer": answer,
        "corrected_by": corrected,
    }


class Exception_(NamedTuple):  # noqa: N801 - `Exception` is Python's
    """A record that an auditor should look at. It is no proof of anything wrong."""

    code: str
    seq: int
    text: Text


def exceptions(log: Log, late: int = LATE) -> Iterator[Exception_]:
    """
    Records that stand out, in order.

    `backdated`: the case's date lies before the edition that decided it was published here. `late`: recorded more than
    `late` days after the case's date. `ahead`: the case's date lies after the day of the record. `clock`: recorded at an
    earlier time than the record before. `review_due`: the answer carries the caveat that a review of the row is overdue.
    `correction`: it corrects an earlier record. `ruling_backdated`: a ruling comes into use after the day from which it
    applies. `key_unendorsed`: the key was changed without the old one's signature. Days are Japan's.
    """
    published: dict[tuple[str, str], date] = {}
    rulings: set[str] = set()
    before = ""
    for record in records(log):
        seq, when = record["seq"], record["recorded"]
        day = datetime.fromisoformat(when).astimezone(JAPAN).date()
        if when < before:
            yield Exception_(
                "clock",
                seq,
                Text(
                    f"時計が戻っています（前の記録は {before}、この記録は {when}）",
                    f"the clock stepped back (from {before} to {when})",
                ),
            )
        before = when
        if record["kind"] == Kind.PUBLICATION:
            published.setdefault((record["what"], record["sha256"]), day)
            if record["what"] == "rules":
                yield from _late_rulings(log, record, day, rulings)
        elif record["kind"] == Kind.KEY and record.get("endorsed") is None:
            yield Exception_(
                "key_unendorsed",
                seq,
                Text(
                    "鍵の交替に前の鍵の署名がありません（新しい公開鍵を、別の道で確かめてください）",
                    "the old key did not sign the new one (make sure of the new public key another way)",
                ),
            )
        elif record["kind"] in (Kind.DECISION, Kind.BATCH):
            yield from _odd_dates(record, day, published, late)


def _odd_dates(record: Record, day: date, published: Mapping[tuple[str, str], date], late: int) -> Iterator[Exception_]:
    seq, on = record["seq"], date.fromisoformat(record["on"])
    begun = max((published.get(each, day) for each in record["editions"].items()), default=day)
    if on < begun:
        yield Exception_(
            "backdated",
            seq,
            Text(
                f"案件の日付 {on} は、引いた版の公示（{begun}）より前です",
                f"the case is of {on}, before the edition it cites was published ({begun})",
            ),
        )
    if (days := (day - on).days) > late:
        yield Exception_(
            "late",
            seq,
            Text(f"案件の日付から {days} 日後の記録です", f"recorded {days} days after the date of the case"),
        )
    if on > day:
        yield Exception_(
            "ahead",
            seq,
            Text(
                f"案件の日付 {on} は記録の日（{day}）より後です",
                f"the case is of {on}, after the day of the record ({day})",
            ),
        )
    if "review_due" in record.get("decision", {}).get("caveats", ()):
        yield Exception_(
            "review_due",
            seq,
            Text("見直しの時期を過ぎた行による答えです", "the answer rests on a row whose review is overdue"),
        )
    if record.get("corrects") is not None:
        yield Exception_(
            "correction",
            seq,
            Text(f"番号 {record['corrects']} を訂正しています", f"it corrects record {record['corrects']}"),
        )


def _late_rulings(log: Log, record: Record, day: date, seen: set[str]) -> Iterator[Exception_]:
    data = log.store.edition(record["sha256"])
    if data is None:
        return
    try:
        found = rule_files.from_edition(data).rulings
    except AssignError:
        return
    for ruling in found:
        if ruling.id not in seen and ruling.since < day:
            yield Exception_(
                "ruling_backdated",
                record["seq"],
                Text(
                    f"回答 {ruling.id} は {ruling.since} から適用され、公示は {day} です",
                    f"the ruling {ruling.id} applies from {ruling.since} and was published on {day}",
                ),
            )
        seen.add(ruling.id)


def stats(log: Log) -> dict[str, Any]:
    """Counts of records by kind, and of decisions by division, channel, assignee, certainty, role and month of the case."""
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("kind", "division", "channel", "assignee", "certainty", "role", "month")
    }
    size, first, last = 0, None, None
    for record in records(log):
        size += 1
        first, last = first or record["recorded"], record["recorded"]
        counts["kind"][record["kind"]] += 1
        if record["kind"] != Kind.DECISION:
            continue
        for name, value in (
            ("division", record["request"]["division"]),
            ("channel", record["request"]["channel"]),
            ("assignee", record["decision"]["assignee"]),
            ("certainty", record["decision"]["certainty"]),
            ("role", record["role"]),
            ("month", record["on"][:7]),
        ):
            counts[name][value] += 1
    return {
        "origin": log.origin,
        "records": size,
        "first": first,
        "last": last,
        **{name: dict(sorted(counter.items())) for name, counter in counts.items()},
    }


# -- copies ----------------------------------------------------------------------------------------------------------


def copy(log: Log, target: Store) -> int:
    """
    Copy a log whole into another database, in one transaction: records verbatim, their hashes made anew and compared.

    Returns:
        How many records.

    Raises:
        BadRequest: The target has records of that name already. StoreError: It could not be read or written, or a record
        is missing or does not fit its hash.
    """
    number = target.create(log.origin)
    if target.size(number):
        raise BadRequest(
            f"{target.shown} には {shown(log.origin)} の記録がもうあります（空のところへ戻してください）",
            f"{target.shown} has records of {shown(log.origin)} already (choose an empty place)",
        )
    tree = merkle.Frontier()
    with target.writing(number) as writing:
        writing.turn()
        kept = log.rows()
        while page := list(islice(kept, 2000)):
            rows, published, editions = [], [], []
            for row in page:
                record = _read(row.seq, row.payload)
                if row.seq != tree.size:
                    raise StoreError(
                        f"番号 {tree.size} の記録が欠けています（`assign audit verify`）",
                        f"record {tree.size} is missing (`assign audit verify`)",
                    )
                nodes = tree.append(merkle.leaf_hash(row.payload))
                if nodes != row.nodes:  # a copy hashed anew would hide it
                    raise StoreError(
                        f"番号 {row.seq} の本文とハッシュが合いません（`assign audit verify`）",
                        f"the bytes and the hashes of record {row.seq} do not fit (`assign audit verify`)",
                    )
                rows.append(New(row.seq, row.payload, nodes, record.get("key")))
                if (put := publishes(record)) is not None:
                    published.append((*put, row.seq))
                data = log.store.edition(record["sha256"]) if record["kind"] == Kind.PUBLICATION else None
                if data is not None:
                    editions.append((record["sha256"], data))
            writing.add(rows, published, editions)
    for note in log.store.checkpoints(log.number):
        target.add_checkpoint(number, parse(note)[0].size, note)
    return tree.size


def rebuild(log: Log) -> int:
    """
    Make anew what is derived from the records: the index of idempotency keys, and the list of what was published.

    Returns:
        How many publications had been missing from that list.
    """
    known = set(log.store.published(log.number))
    missing = []
    for record in records(log):
        put = publishes(record)
        if put is not None and (*put, record["seq"]) not in known:
            missing.append((*put, record["seq"]))
    if missing:
        with log.store.writing(log.number) as writing:
            writing.turn()
            writing.add([], missing, [])
    log.store.reindex()
    return len(missing)
