"""
The allow-list: every field that a record may have, and what may stand in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, Final

from assign.errors import AssignError, pasted
from assign.words import Assignee, Certainty, date_of_case, is_code, item_reference, normal

from .canonical import moment
from .kinds import EDITIONS, SCHEMAS, Kind, Record, Role


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
    if record.get("schema") == 1 and fields is FIELDS[Kind.DECISION]:
        fields = {**fields, "given": _given_first}
    if record["kind"] == Kind.KEY and "endorsed" not in record:
        record = {**record, "endorsed": None}  # the first logs of format 1 had no such field
    _object(fields, record, "")
    if record["kind"] == Kind.DECISION and record["on"] != record["request"]["on"]:
        raise RecordError("request.on")
    if record["kind"] == Kind.BATCH and record["rows"] != sum(record["outcomes"].values()):
        raise RecordError("outcomes")


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


def _short(test: Check) -> Check:
    """A test of a short text."""
    return lambda value: type(value) is str and len(value) <= 128 and test(value)


# Not regular expressions: to compile a dozen of them takes longer than to write the record.
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


def is_time(value: Any) -> bool:
    """A moment as `canonical.moment` writes it."""
    try:
        # Before 9999: the last hours of that year have no day in Japan
        return type(value) is str and len(value) == 24 and moment(datetime.fromisoformat(value)) == value < "9999"
    except (ValueError, OverflowError):
        return False


def _hash(value: Any) -> bool:
    return _made_of(value, _HEX, 64, 64)


def is_uuid4(value: Any) -> bool:
    """A random UUID. One with hardly any letters is refused: it may be a person's number written as a UUID."""
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


@_short
def is_item(value: Any) -> bool:
    """`24`, `22-3`, and what other lists print: `9の2`, `1-001`, `01`, `ア`, `①`, `(1)`, `L12`; no number as long as a person's."""
    if not 0 < len(value) <= 16 or has_long_number(value):
        return False
    parts = value.split("-")
    if all(part.isascii() and part.isdigit() for part in parts):
        return len(parts) <= 3 and len(parts[0]) <= 4 and all(len(part) <= 3 for part in parts[1:])
    told = [character for character in value if character not in "-の()"]
    letters = [character for character in told if character not in _DIGITS]
    return (
        bool(told)
        and len(letters) <= 1
        and all(letter.isalpha() or "①" <= letter <= "⑳" for letter in letters)
        and value[0] not in "-の)"
        and all(parts)
    )


@_short
def _row(value: Any) -> bool:
    """`nenkin-24`, `kokuho-22-3`."""
    name, dash, item = value.partition("-")
    return bool(dash) and _key(name) and is_item(item)


_code: Final = is_code


@_short
def _origin(value: Any) -> bool:
    """A log's name, and no number of a person's: at most five digits, however many dashes stand between them."""
    return _made_of(value, _SMALL | _DIGITS | frozenset("./_-"), 128, 3) and not has_long_number(value)


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


@_short
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
    """A word in any spelling that a request may have."""

    @_short
    def understood(value: Any) -> bool:
        try:
            return len(value) <= longest and read_word(value) is not None
        except AssignError:
            return False

    return understood


def _reference(value: str) -> str | None:
    """An item as a list has them; a number as long as a person's is none."""
    number, place = item_reference(value) or ("", None)
    return number if is_item(f"{number}-{place}" if place else number) and not has_long_number(value) else None


def has_long_number(text: str) -> bool:
    """Whether six digits or more stand in a row, punctuation and spaces between them ignored: it could be a person's number."""
    run = 0
    for character in text:
        run = run + 1 if character.isdigit() else 0 if character.isalpha() else run
        if run == 6:
            return True
    return False


@_short
def _word(value: Any) -> bool:
    """A label of an act or a heading: text without a number that could be a person's."""
    plain = normal(value)
    return plain != "" and len(value) <= 64 and plain.isprintable() and not has_long_number(plain) and "@" not in plain


def _key(value: Any) -> bool:
    """The key of a division or a channel, as manifests have them."""
    return _made_of(value, _SMALL | _DIGITS | frozenset("_"), 40) and value[0] in _SMALL and not has_long_number(value)


_numbered: Final = _accepted(_reference, 20)


@_short
def _named(value: Any) -> bool:
    """A row's id, as somebody wrote it."""
    return len(value) <= 40 and _row(pasted(value).strip())


GIVEN: Final[dict[str, Check]] = {
    "division": _key,
    "item": lambda value: _numbered(value) or _named(value) or is_item(value),
    "channel": _key,
    "act": _word,
    "on": _accepted(date_of_case, 30),
    "section": _word,
    "row": _named,
}


_GIVEN_FIRST: Final = {**GIVEN, "division": _word, "channel": _word}  # format 1 kept them as they were typed


def _given(value: Any, words: dict[str, Check] = GIVEN) -> bool:
    return type(value) is dict and all(
        name in words and ((type(word) is int and 0 < word < 10_000) or words[name](word))
        for name, word in value.items()
    )


def _given_first(value: Any) -> bool:
    return _given(value, _GIVEN_FIRST)


_STAMP: Final[dict[str, Any]] = {
    "schema": lambda value: type(value) is int and value in SCHEMAS,
    "seq": _whole,
    "recorded": is_time,
    "version": _version,
}


_COMMON: Final[dict[str, Any]] = {**_STAMP, "kind": _one_of(Kind), "origin": _origin}


_EDITIONS: Final[dict[str, Any]] = dict.fromkeys(EDITIONS, _hash)


_ACTOR: Final[dict[str, Any]] = {
    "role": _one_of(Role),
    "key": _or_none(is_uuid4),
    "engine": _engine,
    "editions": _EDITIONS,
}


FIELDS: Final[dict[str, dict[str, Any]]] = {
    Kind.LOG: {**_COMMON, "signer": _signer},
    Kind.PUBLICATION: {**_COMMON, "what": _one_of(EDITIONS), "sha256": _hash, "bytes": _whole},
    Kind.KEY: {**_COMMON, "signer": _signer, "replaces": _signer, "endorsed": _or_none(_signature)},
    Kind.DECISION: {
        **_COMMON,
        **_ACTOR,
        "on": _day,
        "case": is_uuid4,
        "corrects": _or_none(_whole),
        "given": _given,
        "request": {
            "division": _key,
            "item": is_item,
            "channel": _key,
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
    fields = FIELDS.get(kind) if isinstance(kind, str) else None
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
