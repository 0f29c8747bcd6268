"""
A file, and what the command did with it → the first thing that is wrong, if anything is.

The right answer to each request is `Desk.decide`'s, called for it alone. What the file says comes from its generator; the
output is read with the standard library and, for Parquet, as a frame of which every value is compared.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from assign import AssignError, Desk
from assign.batch.recognise import LONGEST
from assign.words import normal

from .odd_files import ASKED, BOM, File, Row, line_of

ANSWERED: Final = ("assignee", "certainty", "rules", "row", "caveats", "reason", "error")
TODAY: Final = date(2026, 11, 25)
Answer = dict[str, str | None]


@dataclass(frozen=True)
class Result:
    """How the command ended. `out` is what it wrote, `left` what it should not have left behind."""

    exit: int
    out: bytes | None
    stderr: str
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """
    Something wrong.

    Attributes:
        kind: `answer`, `carried`, `lost_rows`, `silent`, `refused`, `traceback`, `hang`, `left_behind`, `form`, `message`.
    """

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


class Wrong(Exception):
    """Raised where the first wrong thing is seen."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.finding = Finding(kind, detail[:1000])


class Oracle:
    """`Desk.decide`, request by request, as the columns of an answer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[str | None, ...], Answer] = {}

    def __call__(self, asked: dict[str, str | None]) -> Answer:
        """The answer to a request of words; an empty word is none."""
        words = tuple(asked.get(name) or None for name in ASKED)
        known = self._known.get(words)
        if known is None:
            known = self._decided(words)
            if len(self._known) < 300_000:
                self._known[words] = known
        return known

    def _decided(self, words: tuple[str | None, ...]) -> Answer:
        given = dict(zip(ASKED, words, strict=True))
        answer: Answer = dict.fromkeys(ANSWERED)
        try:
            said = self._desk.decide(**{**given, "channel": given["channel"] or "", "on": given["on"] or TODAY})
        except AssignError as error:
            return {**answer, "error": f"{error.code}: {error.message('ja')}"}
        return {
            **answer,
            "assignee": said.assignee.value,
            "certainty": said.certainty.value,
            "rules": " ".join(said.rules),
            "row": " ".join(row.id for row in said.rows),
            "caveats": " ".join(
                [*(caveat.code for caveat in said.caveats), *(["printed_condition"] if said.exceptions else [])]
            )
            or None,
        }


def judged(file: File, result: Result, oracle: Oracle) -> Finding | None:
    """
    What is wrong first.

    Returns:
        None where the output is exactly right, or where the file was refused in one line and may be.
    """
    try:
        _ended_well(file, result)
        if result.exit == 0:
            _is_right(file, result.out or b"", oracle)
    except Wrong as wrong:
        return wrong.finding
    return None


def _ended_well(file: File, result: Result) -> None:
    if result.exit == -999:
        raise Wrong("hang", "it did not end")
    if "Traceback" in result.stderr or "panicked" in result.stderr or "内部の誤り" in result.stderr:
        raise Wrong("traceback", result.stderr)
    if result.left:
        raise Wrong("left_behind", ", ".join(result.left))
    if result.exit == 0:
        if result.out is None:
            raise Wrong("lost_rows", "exit 0, and there is no output")
        return
    if result.exit not in (1, 2):
        raise Wrong("form", f"exit {result.exit}: {result.stderr}")
    if result.out:
        raise Wrong("left_behind", f"exit {result.exit}, and an output of {len(result.out)} bytes")
    if not result.stderr.strip() or len(result.stderr.splitlines()) > 1:
        raise Wrong("message", f"a refusal is one line: {result.stderr!r}")
    not_text = file.data[:400].count(b"\x7f") > 40  # a file that begins so is called no text
    if (
        file.form.must == "answer"
        and not not_text
        and len(max(file.data.splitlines(), key=len, default=b"")) <= LONGEST
    ):
        raise Wrong("refused", f"well formed, and refused: {result.stderr}")


def _is_right(file: File, out: bytes, oracle: Oracle) -> None:
    form = file.form
    found = {"csv": _csv, "jsonl": _json, "parquet": _parquet}[form.target](file, out)
    if len(found) != len(file.rows):
        raise Wrong("lost_rows", f"{len(file.rows)} rows in, {len(found)} out, exit 0")
    for at, (row, (own, answer)) in enumerate(zip(file.rows, found, strict=True)):
        try:
            _row_is_right(file, row, own, answer, oracle)
        except Wrong as wrong:
            raise Wrong(wrong.finding.kind, f"row {at}: {wrong.finding.detail}") from None
    if form.must == "refuse" and not form.row_errors:
        raise Wrong("silent", f"nobody can know what {form.names} means, and it was answered")


def _row_is_right(file: File, row: Row, own: dict[str, Any], answer: Answer, oracle: Oracle) -> None:
    form = file.form
    answer = {name: answer.get(name) or None for name in ANSWERED}
    error = answer["error"]
    if row.damaged is not None:
        if not error or not error.startswith("damaged_row: "):
            raise Wrong("answer", f"a damaged row was answered: {row.damaged[:80]!r} → {answer}")
        if form.source == "jsonl":
            _same_line(row.damaged, own)
        return
    refused = error is not None and all(value is None for name, value in answer.items() if name != "error")
    otherwise = [name for name in form.columns if form.row_errors and form.written(name) != name]
    if otherwise and refused:
        return
    said_otherwise = any(_stands(row, name) for name in otherwise)
    # Of two names of one field, a line that has the second alone says by it what the field is.
    alone = bool(form.row_errors and form.twins and row.asked.get(form.twins[0]) is None and said_otherwise)
    if said_otherwise and not alone and form.must == "refuse":
        raise Wrong("silent", f"nobody can know what {form.names} means, and it was answered: {answer}")
    right = oracle(row.asked)
    for name in () if alone else ANSWERED:
        if name == "reason":
            if (answer["reason"] is None) != (right["error"] is not None):
                raise Wrong("answer", f"reason {answer['reason']!r} for {row.asked}")
        elif name == "error" and _about_nothing(row, right["error"], answer["error"]):
            continue
        elif answer[name] != _as_written(right[name], file):
            raise Wrong("answer", f"{name} is {answer[name]!r} and should be {right[name]!r} for {row.asked}")
    one_field = form.twins if form.source == "jsonl" and form.target != "jsonl" else None
    for name in form.columns:
        if not one_field or name not in one_field:  # lines of either name of a field may share its column
            _cell_is_right(file, row, name, own)
    strange = set(own) - {form.written(name) for name in form.columns} - set(ASKED) - {"line"}
    if strange:
        raise Wrong("carried", f"columns that the file does not have: {sorted(strange)}")


def _about_nothing(row: Row, right: str | None, found: str | None) -> bool:
    """Whether both are the same error, of a cell in which there is nothing to see: a file's names its column, the desk its field."""
    empty = any(not normal(row.asked.get(name) or "") for name in ASKED[:3]) or any(
        word and not normal(word) for word in row.asked.values()
    )
    codes = [text.partition(":")[0] for text in (right or "", found or "")]
    return (
        empty
        and codes[0] == codes[1]
        and re.search("欄 .*(が空です|空白しかありません|がありません)$", found or "") is not None
    )


def _stands(row: Row, name: str) -> bool:
    return row.asked.get(name) is not None or row.carried.get(name) is not None


def _as_written(text: str | None, file: File) -> str | None:
    """An error repeats what was typed; a character that the encoding of the output lacks is `?` there."""
    if text is None or file.form.target != "csv" or file.form.encoding == "utf-8":
        return text
    return text.encode(file.form.encoding, "replace").decode(file.form.encoding)


def _same_line(line: bytes, own: dict[str, Any]) -> None:
    texts = ((own.get("line") or ""), line.decode("utf-8", "replace"))
    if len({text.removeprefix("\ufeff").strip() for text in texts}) > 1:
        raise Wrong("carried", f"the damaged line {line[:80]!r} became {own.get('line')!r}")


_ABSENT: Final = object()


def _cell_is_right(file: File, row: Row, name: str, own: dict[str, Any]) -> None:
    form = file.form
    written = _name_in(form.target, form.written(name))
    found = own.get(written, own.get(name, _ABSENT) if name in ASKED else _ABSENT)
    value = row.asked.get(name) if name in ASKED else row.carried.get(name)
    if name == "on" and form.types.get("on") is not None and str(form.types["on"]).startswith("Datetime"):
        found = found and str(found)[:10]  # a day as a timestamp stays one
    compare = {"csv": _text_kept, "jsonl": _token_kept, "parquet": _value_kept}[form.source]
    if form.source == "jsonl" and name in ASKED:
        value = None if value is None else json.dumps(value)
    if found is _ABSENT:
        if form.source == "jsonl" and value is None:
            return
        raise Wrong("carried", f"the column {form.written(name)!r} is gone; there are {list(own)}")
    if not compare(file, value, found):
        raise Wrong("carried", f"{form.written(name)!r} was {value!r:.200} and became {found!r:.200}")


def _name_in(target: str, name: str) -> str:
    return name.encode("utf-8", "replace").decode() if target != "jsonl" else name


def _guarded(file: File, text: str, found: str) -> bool:
    """In CSV a leading `'` keeps a spreadsheet from taking a cell for a formula; where there is one it must."""
    if file.form.target != "csv" or "--no-guard" in file.form.options:
        return found == text
    opens = text.lstrip("'")[:1]
    if opens and opens in "=@\t\r":
        return found == f"'{text}"
    return found == text or (bool(opens) and opens in "+-\n" and found == f"'{text}")


def _text_kept(file: File, text: str | None, found: Any) -> bool:
    if file.form.target != "csv":
        return (found or "") == (text or "")
    return isinstance(found, str) and _guarded(file, text or "", found)


class Number(str):
    """A number as JSON writes it."""

    __slots__ = ()


def pairs_of(text: str) -> Any:
    """JSON with numbers as they are written, objects as lists of pairs."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number, object_pairs_hook=tuple)


def _token_kept(file: File, token: str | None, found: Any) -> bool:
    """A value of JSON: the same value in JSON, and the text of it elsewhere."""
    value = None if token is None else pairs_of(token)
    if file.form.target == "jsonl":
        # An item may stand as a number or as a text in the file: the generator says which word it is.
        return (type(found) is type(value) and found == value) or (isinstance(found, Number) and found == value)
    if value is None or value == "":
        return found in (None, "")
    if not isinstance(found, str):
        return False
    if isinstance(value, str):  # a number, too
        return _guarded(file, value, found)
    if isinstance(value, bool):
        return found == str(value).lower()
    return bool(pairs_of(found) == value)


def _value_kept(file: File, value: Any, found: Any) -> bool:
    target = file.form.target
    if target == "parquet":  # the whole frame has been compared
        return True
    if value is None:
        return found in (None, "")
    if isinstance(found, Number) and isinstance(value, int | float | str):
        return float(found) == float(value) if isinstance(value, float) else str(value) == found
    if isinstance(value, float):
        return (found is None and not math.isfinite(value) and target == "jsonl") or _same_float(value, found)
    if isinstance(value, bool):
        return found is value or found == str(value).lower()
    if isinstance(value, str):
        return isinstance(found, str) and _guarded(file, value, found)
    if isinstance(value, int):
        return isinstance(found, str) and found == str(value)
    if isinstance(value, dict | list):
        return bool(found == pairs_of(json.dumps(value)))
    if isinstance(value, bytes):
        return False
    return isinstance(found, str) and bool(found)


def _same_float(value: float, found: Any) -> bool:
    try:
        number = float(found)
    except (TypeError, ValueError):
        return False
    return number == value or (math.isnan(number) and math.isnan(value))


# -- reading what was written ----------------------------------------------------------------------------------------

Rows = list[tuple[dict[str, Any], Answer]]


def _csv(file: File, out: bytes) -> Rows:
    form = file.form
    if form.source == "csv":
        if out.startswith(BOM) != (bom := file.data.startswith(BOM)):
            raise Wrong("form", f"a BOM came in: {bom}, and went out: {not bom}")
        _line_ends(form.end, out)
    try:
        text = out.removeprefix(BOM).decode(form.encoding if form.source == "csv" else "utf-8")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise Wrong("form", f"the output is no CSV: {error}") from None
    if not lines:
        raise Wrong("lost_rows", "an output of no line")
    header, rows = lines[0], lines[1:]
    if "--no-guard" not in form.options:
        header = [
            name[1:] if name[:1] == "'" and name.lstrip("'")[:1] in ("=", "+", "-", "@", "\t", "\r") else name
            for name in header
        ]
    if tuple(header[-7:]) != ANSWERED or any(len(row) != len(header) for row in rows):
        raise Wrong("form", f"not the columns of an answer, or rows of another length: {header}")
    if len(set(header)) != len(header):
        raise Wrong("form", f"two columns of one name: {header}")
    return [(dict(zip(header[:-7], row, strict=False)), dict(zip(ANSWERED, row[-7:], strict=True))) for row in rows]


csv.field_size_limit(1 << 30)


def _line_ends(end: str, out: bytes) -> None:
    """As they came in, where the file was of one mind."""
    bare = re.sub(rb'"(?:[^"]|"")*"', b"", out)
    lone = bare.count(b"\n") - bare.count(b"\r\n")
    if (end == "\r\n" and lone) or (end == "\n" and b"\r" in bare):
        raise Wrong("form", f"lines ended with {end!r}, and {lone} of {bare.count(bytes([10]))} now end with a bare LF")


def _json(file: File, out: bytes) -> Rows:
    rows: Rows = []
    try:
        text = out.decode("utf-8")
        lines = text.split("\n")
    except UnicodeDecodeError as error:
        raise Wrong("form", f"the output is not UTF-8: {error}") from None
    if lines.pop():
        raise Wrong("form", "the last line has no end")
    if len(lines) != len(file.rows):
        raise Wrong("lost_rows", f"{len(file.rows)} rows in, {len(lines)} out, exit 0")
    for at, line in enumerate(lines):
        try:
            pairs = pairs_of(line)
        except (ValueError, RecursionError) as error:
            raise Wrong("form", f"line {at} is no JSON ({error}): {line[:200]}") from None
        words = dict(pairs)
        if any(isinstance(value, Number) and not value.lstrip("-")[:1].isdigit() for value in words.values()):
            raise Wrong("form", f"line {at} is no JSON (a number that is none): {line[:200]}")
        if len(words) != len(pairs) or tuple(name for name, _ in pairs[-7:]) != ANSWERED:
            raise Wrong("form", f"line {at} has a name twice, or no answer: {line[:300]}")
        if file.form.source == "jsonl":
            _stays(file, file.rows[at], line)
        rows.append(({n: v for n, v in words.items() if n not in ANSWERED}, {n: words[n] for n in ANSWERED}))
    return rows


def _stays(file: File, row: Row, line: str) -> None:
    """From JSON Lines to JSON Lines a line stays as it stands there, the answer after its own fields."""
    raw = line_of(file.form, row).decode("utf-8", "replace")
    if row.damaged is None and not line.startswith(raw[:-1].rstrip()):
        raise Wrong("carried", f"the line {raw[:200]} became {line[:200]}")


def _parquet(file: File, out: bytes) -> Rows:
    import polars as pl

    try:
        frame = pl.read_parquet(out)
    except pl.exceptions.PolarsError as error:
        raise Wrong("form", f"the output is no Parquet: {error}") from None
    if tuple(frame.columns[-7:]) != ANSWERED:
        raise Wrong("form", f"not the columns of an answer: {frame.columns}")
    own = frame[:, :-7]
    if file.form.source == "parquet":
        came = pl.read_parquet(file.data)
        for name, column in zip(came.columns, came.get_columns(), strict=True):
            true = next((each for each in file.form.columns if file.form.written(each) == name), name)
            now = own[name] if name in own.columns else own.get_column(true, default=None)
            if now is None:
                raise Wrong("carried", f"the column {name!r} is gone: {own.columns}")
            if not now.equals(column, check_dtypes=column.dtype != pl.Categorical, null_equal=True):
                raise Wrong("carried", f"the column {name!r} ({column.dtype}) changed: {now.dtype}")
    if frame.height == 0:
        return []
    answers = frame[:, -7:].rows(named=True)
    return list(zip(own.rows(named=True), answers, strict=True))
