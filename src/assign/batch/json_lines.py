"""
JSON Lines: one object a line → its request, and the same line with the answer.

A line ends with LF, CRLF or CR. Python's decoder reads it by RFC 8259: no NaN, no duplicate name, and a number stays text as written.
The line is written byte for byte as it was read, with the answer's fields before its last bracket; a line that is no object is kept
as `line`, with its error. The answer is looked up in the lookup table; requests outside it are decided once each.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from json.decoder import scanstring  # type: ignore[attr-defined]  # the stubs lack it
from pathlib import Path
from typing import IO, Any, Final, NoReturn

from assign.desk.lookup import ANSWERED, ASKED, Answered, Counts, Line, of_line
from assign.errors import BadRequest, shown
from assign.words import LONGEST as LONGEST_WORD

from . import columns
from .recognise import BOM, LONGEST, of_lines, refuse
from .source import first_line

DAY: Final = re.compile(
    r"[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
MOST_WORDS: Final = 100_000  # requests outside the lookup table that are cached
MOST_OF_WORD: Final = LONGEST_WORD + 1  # characters kept of a word: longer than any known one
MOST_OF_NAMES: Final = 2_000  # characters of the names of a line that are cached
HEAD: Final = 1 << 20
_BLANKS: Final = b" \t\r\n"
_SYNTAX: Final = json.JSONDecoder(parse_int=str, parse_float=str)
Words = tuple[str, ...]
Decide = Callable[[Words, dict[str, str]], Answered]


class Number(str):
    """A number of JSON, as it is written: `1.50`, `-0`, `1e400`, five thousand digits."""

    __slots__ = ()


class Read:
    """
    A line as it is understood.

    Attributes:
        body: Its fields, or `{"line": …}` where it is no object.
        words: What it asks, in the order of `ASKED`; None where it is no request.
        error: Why, as `code: message`.
        fields: The name of each field of a request that it has.
    """

    __slots__ = ("body", "error", "fields", "words")

    def __init__(self, body: dict[str, Any], words: Words | None, error: str, fields: dict[str, str]) -> None:
        self.body: dict[str, Any] = body
        self.words: Words | None = words
        self.error: str = error
        self.fields: dict[str, str] = fields


def read(raw: bytes, lang: str = "ja") -> Read:
    """A line, without its end."""
    try:
        text = raw.decode("utf-8")
        body = _DECODER.decode(text)
        if type(body) is not dict:
            raise ValueError("オブジェクトではありません / not an object")
        columns.not_too_many(len(body))
        if taken := next((name for name in body if columns.meaning(name) in ANSWERED), None):
            raise ValueError(f"{shown(taken)} は答えの項目です / {shown(taken)} is a field of the answer")
        fields = _fields(tuple(body))
        words = [word(body[fields[name]])[:MOST_OF_WORD] if name in fields else "" for name in ASKED]
        if columns.GROUP in fields:
            words[-1] = columns.headings(words[-1], word(body[fields[columns.GROUP]])[:MOST_OF_WORD])
        return Read(body, tuple(words), "", fields)
    except BadRequest as error:
        return Read(body, None, f"{error.code}: {error.message(lang)}", {})
    except UnicodeDecodeError:
        return _damaged(raw, "UTF-8 ではありません / not UTF-8")
    except RecursionError:
        return _damaged(raw, "入れ子が深すぎます / nested too deeply")
    except json.JSONDecodeError as error:
        return _damaged(raw, f"JSON ではありません（{error.pos + 1} 文字目） / not JSON (character {error.pos + 1})")
    except ValueError as error:
        return _damaged(raw, first_line(error))


def decoded(raw: bytes) -> dict[str, Any]:
    """The object on a line. Raises ValueError."""
    return dict(_DECODER.decode(raw.decode("utf-8")))


def _fields(names: tuple[str, ...]) -> dict[str, str]:
    return _remembered(names) if sum(map(len, names)) <= MOST_OF_NAMES else columns.understood(names)


_remembered: Final = lru_cache(maxsize=1 << 12)(columns.understood)


def word(value: Any) -> str:
    """A JSON value as a word of a request; objects and lists as JSON, which no field accepts."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return dumped(value)


def dumped(value: Any) -> str:
    """JSON again, each number as it was written."""
    if isinstance(value, Number):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {dumped(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(dumped, value))}]"
    return json.dumps(value, ensure_ascii=False)


def as_written(raw: bytes, body: dict[str, Any]) -> dict[str, str | None]:
    """The fields of a line as text: strings without their quotes, all else as it is written."""
    nested = any(isinstance(value, (dict, list)) for value in body.values())
    slices = _slices(raw.decode("utf-8")) if nested else {}
    return {
        name: slices[name]
        if isinstance(value, (dict, list))
        else value
        if value is None or isinstance(value, str)
        else dumped(value)
        for name, value in body.items()
    }


def _slices(text: str) -> dict[str, str]:
    """The values of an object that has been read already, as they are written."""
    found, at = {}, _BLANK.match(text, text.index("{") + 1).end()  # type: ignore[union-attr]  # it matches nothing, too
    while text[at] != "}":
        name, at = scanstring(text, at + 1, True)  # noqa: FBT003 - strict
        at = _BLANK.match(text, _BLANK.match(text, at).end() + 1).end()  # type: ignore[union-attr]
        _, end = _PASSES.raw_decode(text, at)
        found[name] = text[at:end]
        at = _BLANK.match(text, end).end()  # type: ignore[union-attr]
        if text[at] == ",":
            at = _BLANK.match(text, at + 1).end()  # type: ignore[union-attr]
    return found


_BLANK: Final = re.compile(r"[ \t\r\n]*")


def lines(path: Path, *, answered: bool = False) -> Iterator[tuple[bytes, bytes]]:
    """
    Each line of a file and its end, without a byte order mark, and without the blank lines at its end.

    Args:
        answered: Whether it is one that was written here: its lines may be longer than those that were read.

    Raises:
        DataError: It is no file of JSON Lines, and what it is.
    """
    with path.open("rb") as file:
        refuse(file.read(HEAD), "jsonl")
        if not answered:
            of_lines(path)
        yield from _lines(file, *_extent(file))


def _lines(file: IO[bytes], at: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    file.seek(at)
    for whole in file:
        line = whole.removesuffix(b"\n")
        if b"\r" in line:
            line = line.rstrip(b"\r")
            if b"\r" in line and not _is_one(line):
                *pieces, line = line.split(b"\r")
                for piece in pieces:
                    if at < end:
                        yield piece, b"\r"
                    at += len(piece) + 1
                whole = whole[sum(map(len, pieces)) + len(pieces) :]  # noqa: PLW2901 - the pieces are given; what is left is one line more
        if at >= end:
            return
        yield line, whole[len(line) :]
        at += len(whole)


def _is_one(line: bytes) -> bool:
    """Whether a carriage return inside a line is white space within one JSON value, and so ends no line."""
    if len(line) > LONGEST:
        return False
    try:
        _SYNTAX.decode(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return True


def _extent(file: IO[bytes]) -> tuple[int, int]:
    """Where the first line begins, and where the last one that is not blank ends."""
    file.seek(0)
    start = len(BOM) if file.read(len(BOM)) == BOM else 0
    end = file.seek(0, 2)
    while end > start:
        block = min(1 << 16, end - start)
        file.seek(end - block)
        left = len(file.read(block).rstrip(_BLANKS))
        end += left - block
        if left:
            break
    return start, end


def rows_in(path: Path) -> int:
    """The lines of a file, counted in its bytes: the blank ones at its end are none."""
    with path.open("rb") as file:
        start, end = _extent(file)
        at, rows, lone = file.seek(start), int(end > start), 0
        last = b""
        while block := file.read(min(1 << 20, end - at)):
            at += len(block)
            rows += block.count(b"\n")
            if b"\r" in (block := last + block):
                lone += block.count(b"\r") - block.count(b"\r\n") - last.count(b"\r")
            last = block[-1:]
        return sum(1 for _ in _lines(file, start, end)) if lone else rows


class Answers:
    """The lookup table, asked line by line."""

    def __init__(self, table: Sequence[Line], decide: Decide, today: str, lang: str) -> None:
        self._today = today
        self._decide = decide
        self._known: dict[tuple[Words, tuple[tuple[str, str], ...]], tuple[bytes, str]] = {}
        self._by_words: dict[Words, tuple[list[str], list[tuple[str, tuple[bytes, str]]]]] = {}
        said: dict[Answered, tuple[bytes, str]] = {}
        for each in table:
            answer = of_line(each, lang)
            if answer not in said:
                said[answer] = (ending(answer), answer.outcome)
            since, told = self._by_words.setdefault(tuple(each[:4]), ([], []))
            since.append(each.since)
            told.append((each.until, said[answer]))

    def of(self, words: Words, called: dict[str, str]) -> tuple[bytes, str]:
        """The end of an answered line, and what it counts as. `called`: the name of each field on this line."""
        found = self._by_words.get(words[:4])
        day = words[4] or self._today
        if found is not None and not words[5] and DAY.fullmatch(day) and (place := bisect_right(found[0], day)):
            until, answered = found[1][place - 1]
            if day <= until:  # else no edition that has this row is in force
                return answered
        key = (words, tuple(called.items()))  # an error may name the fields
        if (known := self._known.get(key)) is not None:
            return known
        answer = self._decide(words, called)
        told = (ending(answer), answer.outcome)
        if len(self._known) < MOST_WORDS:
            self._known[key] = told
        return told


def ending(answer: Answered) -> bytes:
    """An answer as text that follows the fields of its request."""
    return b", " + json.dumps(answer._asdict(), ensure_ascii=False)[1:].encode("utf-8", "replace")


def answer(path: Path, out: Path, answers: Answers, lang: str, heard: Callable[[int], None]) -> Counts:
    """Every line of a file with its answer and the line end that it has; the last one, where it has none, that of the first."""
    tally: Counter[str] = Counter()
    done = 0
    first = b""
    with out.open("wb", buffering=1 << 20) as sink:
        for done, (given, end) in enumerate(lines(path), 1):
            first = first or end or b"\n"
            line, raw = read(given, lang), given
            if line.words is not None:
                said, outcome = answers.of(line.words, line.fields)
            else:
                wrong = Answered(None, None, None, None, None, None, line.error)
                said, outcome = ending(wrong), wrong.outcome
                if "line" in line.body and line.error.startswith("damaged_row"):
                    raw = json.dumps(line.body, ensure_ascii=False).encode("utf-8", "replace")  # it is no object
            close = raw.rindex(b"}")
            tally[outcome] += 1
            sink.write(raw[:close] + (said if line.body else said[2:]) + raw[close + 1 :] + (end or first))
            if not done % 10_000:
                heard(done)
    return Counts(rows_in=rows_in(path), rows_out=done, outcomes=dict(tally))


def _damaged(raw: bytes, why: str) -> Read:
    return Read({"line": raw.decode("utf-8", "replace")}, None, f"damaged_row: {why}", {})


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)
        raise ValueError(f"名前 {shown(twice)} が2度あります / the name {shown(twice)} stands twice")
    return found


def _none(word: str) -> NoReturn:
    raise ValueError(f"{shown(word)} は JSON の値ではありません / {shown(word)} is no value of JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once, parse_int=Number, parse_float=Number, parse_constant=_none)


def _nothing(_: object) -> None:
    """Decode to nothing: the value is only skipped."""


_PASSES: Final = json.JSONDecoder(object_pairs_hook=_nothing, parse_int=_nothing, parse_float=_nothing)
