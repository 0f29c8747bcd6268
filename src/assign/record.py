"""
What is kept of an answer: one record, an allow-list of typed fields, as canonical JSON (RFC 8785).

A record holds codes, closed words, dates, digests and random ids. There is no free text in it and no field for a person:
what is not on the list below is refused, and never repeated in the message. The sentences that a clerk read are not in
it either; their digest is (`answer`), and they follow again, to the byte, from the editions that the record names.

    log          the first record: the log's name and the key that signs its checkpoints
    publication  an edition of the list, the rules or the rulings comes into use; its text is kept beside the log
    key          another key signs from here on
    decision     one answer: as asked, as understood, what was decided by which rules and editions
    batch        one file of answers: a Merkle root over its rows, and the digests of both files

Field by field: `docs/audit.md`. `schema` is the format's number; each one stays readable for ever.
"""

from __future__ import annotations

import marshal
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from .canonical import ENCODER, canonical, moment, read
from .errors import AssignError, BadRequest, pasted
from .places import VERSION
from .words import (
    Assignee,
    Certainty,
    Channel,
    Division,
    channel,
    date_of_case,
    division,
    item_reference,
    nearest,
    normal,
    sha256,
)

__all__ = [
    "EDITIONS", "EDITION_TEXT", "ROLE_TEXT", "SCHEMA", "Draft", "Kind", "Record", "RecordError", "Role", "canonical", "check",
    "decided", "digest", "given_words", "moment", "new_id", "publishes", "random_id", "read", "role", "telling", "understood",
]  # fmt: skip
SCHEMA: Final = 1
Record = dict[str, Any]


class Kind(StrEnum):
    """What a record says."""

    LOG = "log"
    PUBLICATION = "publication"
    KEY = "key"
    DECISION = "decision"
    BATCH = "batch"


class Role(StrEnum):
    """In which capacity somebody asked. Never who."""

    UNSTATED = "unstated"
    CONTRACTOR_CLERK = "contractor_clerk"
    CONTRACTOR_MANAGER = "contractor_manager"
    CITY_CLERK = "city_clerk"
    CITY_MANAGER = "city_manager"
    SYSTEM = "system"


ROLE_TEXT: Final = {
    Role.UNSTATED: {"ja": "記載なし", "en": "not stated"},
    Role.CONTRACTOR_CLERK: {"ja": "受託者の従事者", "en": "contractor's clerk"},
    Role.CONTRACTOR_MANAGER: {"ja": "受託者の業務責任者", "en": "contractor's operations manager (業務責任者)"},
    Role.CITY_CLERK: {"ja": "市職員", "en": "city staff"},
    Role.CITY_MANAGER: {"ja": "市の委託契約の担当", "en": "city's contract manager"},
    Role.SYSTEM: {"ja": "システム", "en": "a system"},
}
EDITION_TEXT: Final = {
    "list": {"ja": "一覧", "en": "list"},
    "rules": {"ja": "規則", "en": "rules"},
    "rulings": {"ja": "疑義照会への回答", "en": "rulings"},
}
EDITIONS: Final = tuple(EDITION_TEXT)  # what an answer rests on, each published before it is cited


class RecordError(AssignError):
    """Something that a record may not hold. The message names the field and repeats nothing of its value."""

    code = "record"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"記録の `{field}` に、記録できない値があります（個人情報を記録しないため、値は示しません）",
            f"the record's `{field}` holds what may not be recorded (it is not repeated here: no personal data is kept)",
        )
        self.field = field


def check(record: Record) -> None:
    """
    Let a record pass, or refuse it.

    Raises:
        RecordError: A field is missing, is not on the list, or holds what it may not.
    """
    fields = _fields(record)
    if record["kind"] == Kind.KEY and "endorsed" not in record:
        record = {**record, "endorsed": None}  # the first logs of format 1 had no such field
    _object(fields, record, "")
    if record["kind"] == Kind.DECISION and record["on"] != record["request"]["on"]:
        raise RecordError("request.on")
    if record["kind"] == Kind.BATCH and record["rows"] != sum(record["outcomes"].values()):
        raise RecordError("outcomes")


class Draft:
    """
    A record on its way: checked, and in canonical JSON but for what its writer gives it, the time and the number.

    A lone caller waits for this as well as for the disk, and most records say what an earlier one said, but for their random
    ids: what was checked and encoded once is remembered. A test holds it equal to `check` and `canonical`.

    Attributes:
        record: As it was handed over. key: Its idempotency key, if it has one.
        puts: What it puts into use (`publishes`). cites: The editions that it rests on, (which, SHA-256).
    """

    __slots__ = ("_form", "_own", "cites", "key", "puts", "record")

    def __init__(self, record: Record, origin: str) -> None:
        """
        Args:
            record: Without `schema`, `origin`, `seq`, `recorded` and `version`. origin: The log's name.

        Raises:
            RecordError: A field is missing, is not on the list, or holds what it may not.
        """
        kind = record.get("kind") if type(record) is dict else None
        shape = _SHAPES.get(kind) if isinstance(kind, str) else None
        try:
            if shape is None or len(record) != len(shape.names):
                raise ValueError
            # 2: equal marks are of equal values and of the same types; what is no JSON, or too deep, has none
            self._form, puts, cites = _form(kind, origin, marshal.dumps(shape.again(record), 2))
            self.puts: tuple[str, str] | None = puts
            self.cites: frozenset[tuple[str, str]] = cites
            self._own = []
            for name, test in shape.own:
                value = record[name]
                if not test(value):
                    raise RecordError(name)
                self._own.append("null" if value is None else f'"{value}"')
        except (KeyError, ValueError):
            check({**record, **_STAMPED, "origin": origin} if shape else record)
            raise RecordError("record") from None
        self.record: Record = record
        self.key: str | None = record.get("key")

    def payload(self, recorded: str, seq: int) -> bytes:
        """The record's bytes. recorded: As `moment` gives it."""
        return (self._form % (*self._own, recorded, seq)).encode()


def role(given: object) -> Role:
    """A role's key → the role. Raises BadRequest, with the choices; the word itself is not repeated."""
    if isinstance(given, str) and given in set(Role):
        return Role(given)
    near = nearest(given, list(Role)) or list(Role)
    roles = "、".join(f"`{key}`（{text['ja']}）" for key, text in ROLE_TEXT.items())
    raise BadRequest(
        f"役割 `role` は次のどれかです: {roles}。氏名は記録しません",
        f"`role` is one of: {', '.join(Role)} (no names are recorded)",
        near,
    )


def random_id(given: object, name: str) -> str:
    """
    A case id or an idempotency key: a random UUID (version 4), in lower case.

    Nothing else is taken, since a number of a person's would be readable in it. A UUID without a single letter, or with one
    digit seven times in a row, is refused, too: chance makes few in a million, a number dressed up as a UUID is one.

    Raises:
        BadRequest: It is not; its value is not repeated.
    """
    try:
        found = uuid.UUID(given) if isinstance(given, str) and len(given) == 36 else None
    except ValueError:
        found = None
    if found is None or not _uuid4(str(found)):
        raise BadRequest(
            f"`{name}` は乱数の UUID（第4版）です。個人や書類の番号は使えません",
            f"`{name}` is a random UUID (version 4); a number of a person or a paper cannot be used",
        )
    return str(found)


def new_id() -> str:
    """A random UUID."""
    while not _uuid4(found := str(uuid.uuid4())):
        pass
    return found


def given_words(asked: Mapping[str, object]) -> dict[str, str | int]:
    """
    A request as it was given, for the record. Its words have been understood, so each is one of a closed set, in some
    spelling of it; a spelling that is longer than any word of ours is not kept.

    Raises:
        BadRequest: A word is too long, or of no type that a request has.
    """
    kept: dict[str, str | int] = {}
    for name, word in asked.items():
        if word is None:
            continue
        plain = word.isoformat() if isinstance(word, date) else word
        if type(plain) is int or (isinstance(plain, str) and _GIVEN[name](plain)):
            kept[name] = plain
        else:
            raise BadRequest(
                f"`{name}` の書き方は記録できません（余分な文字や空白を除いてください）",
                f"`{name}` cannot be recorded as it is written (leave out what does not belong there)",
            )
    return kept


def understood(answer: Mapping[str, Any]) -> Record:
    """The request of an answer, as it was understood."""
    act = answer["act"]
    return {
        "division": answer["division"],
        "item": answer["item"],
        "channel": answer["channel"],
        "act": act["key"] if act else None,
        "on": answer["on"],
    }


def decided(answer: Mapping[str, Any]) -> Record:
    """What an answer decided, in codes: `cites` are [kind, line] of the list, the acts or the register."""
    cites = [[cite["kind"], cite["line"]] for reason in answer["reasons"] for cite in reason["cites"]]
    return {
        "assignee": answer["assignee"],
        "certainty": answer["certainty"],
        "rows": [row["id"] for row in answer["rows"]],
        "rules": list(answer["rules"]),
        "cites": [cite for place, cite in enumerate(cites) if cite not in cites[:place]],
        "caveats": [caveat["code"] for caveat in answer["caveats"]],
        "handoff": answer["handoff"]["to"] if answer["handoff"] else None,
        "question": answer["question"]["to"] if answer["question"] else None,
    }


def publishes(record: Mapping[str, Any]) -> tuple[str, str] | None:
    """What a record puts into use, if it does: an edition and its SHA-256, or `key` and a public key."""
    if record["kind"] == Kind.PUBLICATION:
        return record["what"], record["sha256"]
    return ("key", record["signer"]) if record["kind"] in (Kind.LOG, Kind.KEY) else None


def digest(answer: Mapping[str, Any]) -> str:
    """The SHA-256 of the whole answer, every sentence of it, but for `provenance`, which the record has itself."""
    said = {name: part for name, part in answer.items() if name != "provenance"}
    return sha256(canonical(said))


# -- the allow-list --------------------------------------------------------------------------------------------------

Check = Callable[[Any], bool]


def _one_of(values: Iterable[str]) -> Check:
    known = frozenset(str(value) for value in values)
    return lambda value: type(value) is str and value in known


def _or_none(each: Check) -> Check:
    return lambda value: value is None or each(value)


def _list_of(each: Check, most: int) -> Check:
    return lambda value: type(value) is list and len(value) <= most and all(map(each, value))


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _remembered(test: Check) -> Check:
    """A test of short words that come again in every record. Its verdict on each is kept; a long one is no such word."""
    verdict = lru_cache(maxsize=4096)(test)
    return lambda value: type(value) is str and len(value) <= 128 and verdict(value)


# Plain code, not regular expressions: compiling a dozen of them takes longer than writing the record.
_DIGITS: Final = frozenset("0123456789")
_HEX: Final = _DIGITS | frozenset("abcdef")
_SMALL: Final = frozenset("abcdefghijklmnopqrstuvwxyz")
_LETTERS: Final = _SMALL | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _made_of(value: Any, characters: frozenset[str], most: int, least: int = 1) -> bool:
    return type(value) is str and least <= len(value) <= most and characters.issuperset(value)


def _day(value: Any) -> bool:
    try:
        return type(value) is str and len(value) == 10 and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _time(value: Any) -> bool:
    try:
        # Before 9999: the last hours of that year have no day in Japan
        return type(value) is str and len(value) == 24 and moment(datetime.fromisoformat(value)) == value < "9999"
    except (ValueError, OverflowError):
        return False


def _hash(value: Any) -> bool:
    return _made_of(value, _HEX, 64, 64)


def _uuid4(value: Any) -> bool:
    """A random UUID, and no number dressed up as one."""
    if type(value) is not str or len(value) != 36 or value[14] != "4" or value[19] not in "89ab":
        return False
    if value.encode("ascii", "replace").translate(_AS_X) != b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx":
        return False
    digits = value.replace("-", "")
    for place in (6, 13, 20, 27):  # seven in a row stand on one of them
        if digits[place] * 7 in digits:
            return False  # padding: chance makes two in a million
    return not digits.isdigit()


_AS_X: Final = bytes(120 if chr(code) in _HEX else code if chr(code) == "-" else 0 for code in range(256))


def _count(text: str, digits: int) -> bool:
    return _made_of(text, _DIGITS, digits) and text[0] != "0"


@_remembered
def _item(value: Any) -> bool:
    """`24`, `22-3`."""
    parts = value.split("-")
    return len(parts) in (1, 2) and _count(parts[0], 4) and all(_count(part, 3) for part in parts[1:])


@_remembered
def _row(value: Any) -> bool:
    """`nenkin-24`, `kokuho-22-3`."""
    name, dash, item = value.partition("-")
    return bool(dash) and _made_of(name, _SMALL, 12) and _item(item)


@_remembered
def _code(value: Any) -> bool:
    """A key or an id (`RETAINED`, `R-2026-001`): no telephone number, no My Number."""
    if not _made_of(value, _LETTERS | _DIGITS | frozenset("_.-"), 64) or value[0] not in _LETTERS:
        return False
    return not any(value[at : at + 7].isdigit() and len(value[at : at + 7]) == 7 for at in range(len(value) - 6))


@_remembered
def _origin(value: Any) -> bool:
    """A log's name, and no number of a person's: at most five digits, however many dashes stand between them."""
    return _made_of(value, _SMALL | _DIGITS | frozenset("./_-"), 128, 3) and not telling(value)


def _signer(value: Any) -> bool:
    """A public key's line: name, number, key."""
    name, _, rest = value.partition("+") if type(value) is str else ("", "", "")
    number, _, key = rest.partition("+")
    return (
        _origin(name) and _made_of(number, _HEX, 8, 8) and _made_of(key, _LETTERS | _DIGITS | frozenset("+/"), 44, 44)
    )


def _signature(value: Any) -> bool:
    """An Ed25519 signature, base64: 64 bytes, two signs of padding, and no bits that stand for nothing."""
    made = _made_of(value, _LETTERS | _DIGITS | frozenset("+/="), 88, 88)
    return made and value.find("=") == 86 and value[87] == "=" and value[85] in "AQgw"


@_remembered
def _version(value: Any) -> bool:
    """`0.1.0`, `1.0rc1`."""
    return _made_of(value, _SMALL | _DIGITS | frozenset(".+-"), 24, 3) and value[0] in _DIGITS and "." in value


def _engine(value: Any) -> bool:
    name, _, version = value.partition(" ") if type(value) is str else ("", "", "")
    return name in ("durable-rules", "table") and (not version or _version(version))


def _outcome(value: Any) -> bool:
    """`contractor/settled`, `error/unknown_item`."""
    who, _, sure = value.partition("/") if type(value) is str else ("", "", "")
    return _made_of(sure, _SMALL | frozenset("_"), 30) if who == "error" else who in _ASSIGNEES and sure in _CERTAINTIES


_ASSIGNEES: Final = frozenset(map(str, Assignee))
_CERTAINTIES: Final = frozenset(map(str, Certainty))


def _accepted(read_word: Callable[[str], object], longest: int = 40) -> Check:
    """A spelling that our own reader understands."""

    @_remembered
    def understood(value: Any) -> bool:
        try:
            return len(value) <= longest and read_word(value) is not None
        except AssignError:
            return False

    return understood


def _reference(value: str) -> str | None:
    """An item that the list could have: of numbers as long as a person's, none is."""
    number, place = item_reference(value) or ("", None)
    return number if _item(f"{number}-{place}" if place else number) and not telling(value) else None


def telling(text: str) -> bool:
    """Six digits or more, with or without something between them that is no letter: a number that could be a person's."""
    run = 0
    for character in text:
        run = run + 1 if character.isdigit() else 0 if character.isalpha() else run
        if run == 6:
            return True
    return False


@_remembered
def _word(value: Any) -> bool:
    """A label of an act, a heading: words without a number that could be a person's."""
    plain = normal(value)
    return plain != "" and len(value) <= 64 and plain.isprintable() and not telling(plain) and "@" not in plain


_numbered: Final = _accepted(_reference, 20)


@_remembered
def _named(value: Any) -> bool:
    """A row's id, as somebody wrote it."""
    return len(value) <= 40 and _row(pasted(value).strip())


_GIVEN: Final[dict[str, Check]] = {
    "division": _accepted(division),
    "item": lambda value: _numbered(value) or _named(value),
    "channel": _accepted(channel),
    "act": _word,
    "on": _accepted(date_of_case, 30),
    "section": _word,
    "row": _named,
}


def _given(value: Any) -> bool:
    return type(value) is dict and all(
        name in _GIVEN and ((type(word) is int and 0 < word < 10_000) or _GIVEN[name](word))
        for name, word in value.items()
    )


_STAMP: Final[dict[str, Any]] = {
    "schema": lambda value: value == SCHEMA and type(value) is int,
    "seq": _whole,
    "recorded": _time,
    "version": _version,
}
_COMMON: Final[dict[str, Any]] = {**_STAMP, "kind": _one_of(Kind), "origin": _origin}
_EDITIONS: Final[dict[str, Any]] = dict.fromkeys(EDITIONS, _remembered(_hash))
_ACTOR: Final[dict[str, Any]] = {
    "role": _one_of(Role),
    "key": _or_none(_uuid4),
    "engine": _engine,
    "editions": _EDITIONS,
}
_FIELDS: Final[dict[str, dict[str, Any]]] = {
    Kind.LOG: {**_COMMON, "signer": _signer},
    Kind.PUBLICATION: {**_COMMON, "what": _one_of(EDITIONS), "sha256": _hash, "bytes": _whole},
    Kind.KEY: {**_COMMON, "signer": _signer, "replaces": _signer, "endorsed": _or_none(_signature)},
    Kind.DECISION: {
        **_COMMON,
        **_ACTOR,
        "on": _day,
        "case": _uuid4,
        "corrects": _or_none(_whole),
        "given": _given,
        "request": {
            "division": _one_of(Division),
            "item": _item,
            "channel": _one_of(Channel),
            "act": _or_none(_code),
            "on": _day,
        },
        "decision": {
            "assignee": _one_of(Assignee),
            "certainty": _one_of(Certainty),
            "rows": _list_of(_row, 50),
            "rules": _list_of(_code, 50),
            "cites": _list_of(
                lambda each: (
                    type(each) is list and len(each) == 2 and _code(each[0]) and (each[1] is None or _whole(each[1]))
                ),
                200,
            ),
            "caveats": _list_of(_code, 20),
            "handoff": _or_none(_code),
            "question": _or_none(_code),
        },
        "answer": _hash,
    },
    Kind.BATCH: {
        **_COMMON,
        **_ACTOR,
        "on": _day,
        "rows": _whole,
        "root": _hash,
        "input": _hash,
        "output": _hash,
        "outcomes": lambda value: (
            type(value) is dict and all(_outcome(name) and _whole(number) for name, number in value.items())
        ),
    },
}


def _fields(record: Any) -> dict[str, Any]:
    kind = record.get("kind") if type(record) is dict else None
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise RecordError("kind")
    return fields


def _object(fields: dict[str, Any], value: Any, path: str) -> None:
    if type(value) is not dict:
        raise RecordError(path.rstrip(".") or "record")
    if value.keys() != fields.keys():
        if not value.keys() <= fields.keys():
            raise RecordError(f"{path}?")  # not even the name of an unknown field is repeated
        raise RecordError(f"{path}{next(name for name in fields if name not in value)}")
    for name, test in fields.items():
        if type(test) is dict:
            _object(test, value[name], f"{path}{name}.")
        elif not test(value[name]):
            raise RecordError(f"{path}{name}")


# -- drafts ----------------------------------------------------------------------------------------------------------

_STAMPED: Final[Record] = {"schema": SCHEMA, "seq": 0, "recorded": "2026-01-01T00:00:00.000Z", "version": VERSION}
_OWN: Final = ("case", "key")  # random ids, which no two records share


class _Shape:
    """How a kind of record is drafted: the names of its fields, those of its own, and what gets the others."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.names = sorted(fields.keys() - _STAMPED.keys() - {"origin"})
        self.own = [(name, fields[name]) for name in self.names if name in _OWN]
        self.others = [name for name in self.names if name not in _OWN]
        self.again = itemgetter(*self.others)


_SHAPES: Final = {str(kind): _Shape(fields) for kind, fields in _FIELDS.items()}


@lru_cache(maxsize=4096)
def _form(kind: str, origin: str, mark: bytes) -> tuple[str, tuple[str, str] | None, frozenset[tuple[str, str]]]:
    """Canonical JSON with a `%s` for each id of the record's own, for its time and its number; what it puts, what it cites."""
    shape = _SHAPES[kind]
    said = dict(zip(shape.others, marshal.loads(mark), strict=True))  # noqa: S302 - what we have just dumped
    own = [name for name, _ in shape.own]
    ids = dict.fromkeys(own, _ANY_ID)
    check({**said, **ids, **_STAMPED, "origin": origin})
    values = {
        name: ENCODER.encode(value).replace("%", "%%") for name, value in {**said, **_STAMPED, "origin": origin}.items()
    }
    values |= dict.fromkeys(own, "%s") | {"recorded": '"%s"', "seq": "%s"}
    text = ",".join(f'"{name}":{values[name]}' for name in sorted(values))
    return f"{{{text}}}", publishes(said), frozenset(said.get("editions", {}).items())


_ANY_ID: Final = "12345678-9abc-4def-8123-456789abcdef"
