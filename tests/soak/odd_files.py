"""
A seed → a file of requests, and what it says: the generator knows each request, because it wrote it.

Nothing of the product reads here. A file is a `Form` (how it is written) and its `Row`s; `rendered` makes the bytes, so that
a failing file can be written again with fewer rows. What must happen is part of the form:

    answer   it is well formed: exactly the right output
    either   exactly the right output, or a refusal of one line
    refuse   there is no right answer (a near miss, two columns of one meaning): a refusal
"""

from __future__ import annotations

import io
import json
import random
from dataclasses import dataclass, field, replace
from typing import Any, Final

from assign import Desk

from .odd_words import DAMAGED_LINES, DECORATED, JAPANESE, NAMES, NEAR_MISS, TOKENS, WORDS, typed_columns

ASKED: Final = ("division", "item", "channel", "act", "on", "section")
FORMATS: Final = ("csv", "jsonl", "parquet")
BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Row:
    """
    One request as the file says it.

    Attributes:
        asked: The words under their true names. None: nothing is said.
        carried: Somebody else's columns: text in CSV, a JSON value as written in JSON Lines, a value in Parquet.
        style: Seeds how this row is written (quotes, spaces, order, escapes).
        damaged: What stands there in place of a row (JSON Lines), or `short`, `long` (CSV).
        twice: A word that stands in the row a second time, under another spelling of the name.
    """

    asked: dict[str, str | None]
    carried: dict[str, Any]
    style: int
    damaged: bytes | None = None
    twice: tuple[str, str] | None = None


@dataclass(frozen=True)
class Form:
    """How a file is written and given to the command. `names` are true names → names as written."""

    kind: str
    source: str
    target: str
    must: str = "answer"
    columns: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    bom: bool = False
    end: str = "\n"  # "mixed": LF and CRLF in turn
    last_end: bool = True
    blanks: int = 0
    quote: str = "needed"  # needed, all, some
    raw_header: tuple[str, str] | None = None  # a column → its header cell exactly as it stands
    via: str = "file"  # file, stdin, fifo, fd
    to: str = "file"  # file, stdout
    types: dict[str, Any] = field(default_factory=dict)  # Parquet: column → Polars type
    options: tuple[str, ...] = ()
    row_errors: bool = False  # a row may be refused alone
    twins: tuple[str, str] | None = None  # an asked column, and a carried one that is written as another name of it

    def written(self, name: str) -> str:
        """The name as the file has it."""
        return self.names.get(name, name)


@dataclass(frozen=True)
class File:
    """A form and its rows."""

    form: Form
    rows: tuple[Row, ...]

    def with_rows(self, rows: list[Row]) -> File:
        """The same form with other rows."""
        return replace(self, rows=tuple(rows))

    @property
    def data(self) -> bytes:
        """The bytes."""
        return {"csv": _csv, "jsonl": _json_lines, "parquet": _parquet}[self.form.source](self)


# -- writing ---------------------------------------------------------------------------------------------------------


def _cell(text: str, quote: str, rng: random.Random) -> str:
    needed = any(mark in text for mark in ',"\r\n')
    if needed or quote == "all" or (quote == "some" and rng.random() < 0.3):
        return '"' + text.replace('"', '""') + '"'
    return text


def _csv(file: File) -> bytes:
    form = file.form
    rng = random.Random(0)
    header = []
    for name in form.columns:
        raw = form.raw_header
        header.append(raw[1] if raw and raw[0] == name else _cell(form.written(name), form.quote, rng))
    lines = [",".join(header)]
    for row in file.rows:
        rng = random.Random(row.style)
        words = {**row.carried, **row.asked}
        cells = [_cell(words.get(name) or "", form.quote, rng) for name in form.columns]
        if row.damaged == b"short":
            cells = cells[:-1]
        elif row.damaged == b"long":
            cells = [*cells, "x"]
        lines.append(",".join(cells))
    out = io.StringIO(newline="")
    for at, line in enumerate(lines):
        end = ("\n", "\r\n")[at % 2] if form.end == "mixed" else form.end
        out.write(line + (end if form.last_end or at < len(lines) - 1 else ""))
    if form.last_end:
        out.write(form.blanks * ("\n" if form.end == "mixed" else form.end))
    return BOM * form.bom + out.getvalue().encode(form.encoding)


def _json_text(text: str, rng: random.Random) -> str:
    """A JSON string; some characters escaped though they need not be."""
    escaped = rng.random() < 0.3 or _has_surrogate(text)
    if rng.random() < 0.1 and text and text[0].isalnum() and ord(text[0]) < 0x10000:
        return f'"\\u{ord(text[0]):04x}' + json.dumps(text[1:], ensure_ascii=escaped)[1:]
    return json.dumps(text, ensure_ascii=escaped)


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)


def line_of(form: Form, row: Row) -> bytes:
    """A line of JSON Lines, without its end."""
    if row.damaged is not None:
        return row.damaged
    rng = random.Random(row.style)
    gap = rng.choice(["", " ", " ", "  ", "\t"])
    pairs = []
    for name in form.columns:
        if name in ASKED:
            word = row.asked.get(name)
            if word is None and rng.random() < 0.5:
                continue
            value = "null" if word is None else _json_text(word, rng)
            if word is not None and name == "item" and rng.random() < 0.5 and word.isdigit() and word.isascii():
                value = word if word == "0" or word[0] != "0" else value
            pairs.append((form.written(name), value))
        elif name in row.carried:
            pairs.append((form.written(name), row.carried[name]))
    if rng.random() < 0.2:
        rng.shuffle(pairs)
    if row.twice:
        pairs.insert(rng.randrange(len(pairs) + 1), (row.twice[0], json.dumps(row.twice[1])))
    inside = f",{gap}".join(f"{_json_text(name, rng)}:{gap}{value}" for name, value in pairs)
    return ("{" + inside + "}").encode("utf-8", "surrogatepass")


def _json_lines(file: File) -> bytes:
    form = file.form
    out = []
    for at, row in enumerate(file.rows):
        end = ("\n", "\r\n")[at % 2] if form.end == "mixed" else form.end
        out.append(line_of(form, row) + (end.encode() if form.last_end or at < len(file.rows) - 1 else b""))
    return BOM * form.bom + b"".join(out)


def _parquet(file: File) -> bytes:
    import polars as pl

    form = file.form
    columns = []
    for name in form.columns:
        values: list[Any] = [row.asked.get(name) if name in ASKED else row.carried.get(name) for row in file.rows]
        kind = form.types.get(name, pl.String)
        if name in ASKED and kind.is_integer():
            values = [None if value is None else int(value) for value in values]
        elif name == "on" and kind.is_temporal():
            series = pl.Series(form.written(name), values, pl.String).str.to_date("%Y-%m-%d").cast(kind)
            columns.append(series)
            continue
        columns.append(pl.Series(form.written(name), values, kind))
    out = io.BytesIO()
    pl.DataFrame(columns).write_parquet(out, row_group_size=max(1, len(file.rows) // 2 or 1))
    return out.getvalue()


# -- choosing --------------------------------------------------------------------------------------------------------


class Maker:
    """Makes files of requests from seeds."""

    def __init__(self, desk: Desk) -> None:
        self._typed_columns = typed_columns()
        self._tasks = desk.catalog.tasks
        self._acts = list(desk.rules.acts)
        self._labels = [act.title["ja"] for act in desk.rules.acts.values()]

    def file(self, seed: str, source: str, target: str, rows: int) -> File:
        """The file of this seed."""
        rng = random.Random(seed)
        form = self._form(rng, source, target)
        return File(form, tuple(self._row(rng, form, at) for at in range(rows)))

    def _form(self, rng: random.Random, source: str, target: str) -> Form:
        kinds = KINDS[source]
        kind = rng.choices(list(kinds), list(kinds.values()))[0]
        optional = [name for name in ASKED[3:] if rng.random() < 0.7]
        carried = rng.sample(NAMES, rng.randrange(1, 5))
        columns = [*ASKED[:3], *optional, *carried]
        if rng.random() < 0.5:
            rng.shuffle(columns)
        form = Form(kind, source, target, columns=tuple(columns))
        if source == "csv":
            form = replace(form, quote=rng.choice(["needed", "needed", "all", "some"]), last_end=rng.random() < 0.8)
            form = replace(form, end=rng.choice(["\n", "\n", "\r\n"]), bom=rng.random() < 0.2)
        elif source == "jsonl":
            form = replace(form, end=rng.choice(["\n", "\n", "\r\n", "mixed"]), last_end=rng.random() < 0.8)
            form = replace(form, bom=rng.random() < 0.05)
        else:
            form = self._typed(rng, form)
        if target == "csv" and rng.random() < 0.5:
            form = replace(form, options=("--no-guard",))
        if rng.random() < 0.04:
            form = replace(form, to="stdout")
        changed: Form = getattr(self, f"_{kind}", lambda _, same: same)(rng, form)
        return changed

    def _typed(self, rng: random.Random, form: Form) -> Form:
        import polars as pl

        types: dict[str, Any] = {"item": rng.choice([pl.String, pl.String, pl.Int64, pl.UInt16, pl.Int8])}
        if "on" in form.columns:
            types["on"] = rng.choice([pl.String, pl.String, pl.Date])
        if rng.random() < 0.2:
            types["division"] = pl.Categorical
        for name in form.columns:
            if name not in ASKED:
                types[name] = rng.choice(list(self._typed_columns))
        must = form.must
        if types.get("on") == pl.Date and rng.random() < 0.3:  # what pandas makes of a day
            types["on"], must = pl.Datetime(rng.choice(["ns", "us", "ms"])), "either"
        must = "either" if form.target == "jsonl" and any(_no_json(kind) for kind in types.values()) else must
        must = "either" if form.target == "csv" and any(_no_csv(kind) for kind in types.values()) else must
        return replace(form, types=types, must=must)

    # -- kinds of form: each takes a well-formed one

    def _renamed(self, rng: random.Random, form: Form, choose: dict[str, list[str]], **more: Any) -> Form:
        """With names of asked columns written otherwise."""
        there = [name for name in form.columns if name in choose]
        if not there:
            form = replace(form, columns=(*form.columns, "act"))
            there = ["act"]
        few = rng.sample(there, rng.randrange(1, min(3, len(there)) + 1))
        return replace(form, names={name: rng.choice(choose[name]) for name in few}, **more)

    def _names_decorated(self, rng: random.Random, form: Form) -> Form:
        choose = {name: [decorate(name) for decorate in DECORATED] for name in ASKED}
        return self._renamed(rng, form, choose, must="either", row_errors=form.source == "jsonl")

    def _names_japanese(self, rng: random.Random, form: Form) -> Form:
        return self._renamed(rng, form, JAPANESE, must="either", row_errors=form.source == "jsonl")

    def _names_near(self, rng: random.Random, form: Form) -> Form:
        return self._renamed(rng, form, NEAR_MISS, must="refuse", row_errors=form.source == "jsonl")

    def _names_twice(self, rng: random.Random, form: Form) -> Form:
        """Two columns of one meaning."""
        name = rng.choice(ASKED)
        second = rng.choice([each for decorate in DECORATED if (each := decorate(name)) != name] + JAPANESE[name])
        carried = next(each for each in form.columns if each not in ASKED)
        columns = form.columns if name in form.columns else (*form.columns, name)
        types = {**form.types}
        if form.source == "parquet":
            import polars as pl

            types[carried] = pl.String
        return replace(
            form,
            columns=columns,
            names={carried: second},
            types=types,
            must="refuse",
            twins=(name, carried),
            row_errors=form.source == "jsonl",
        )

    def _cp932(self, rng: random.Random, form: Form) -> Form:
        given = ("--encoding", "cp932") if rng.random() < 0.7 else ()
        names = tuple(name for name in form.columns if _cp932_safe(name))
        return replace(form, encoding="cp932", bom=False, columns=names, options=(*form.options, *given))

    def _end_cr(self, rng: random.Random, form: Form) -> Form:
        return replace(form, end="\r", must="either", bom=rng.random() < 0.1)

    def _end_mixed(self, _: random.Random, form: Form) -> Form:
        return replace(form, end="mixed")

    def _blank_end(self, rng: random.Random, form: Form) -> Form:
        return replace(form, last_end=True, blanks=rng.randrange(1, 4))

    def _header_quote(self, rng: random.Random, form: Form) -> Form:
        """A quote in the header where none should be."""
        name = next(each for each in reversed(form.columns) if each not in ASKED)
        cell, must = rng.choice(
            [
                ('5" disk', "either"),
                ('disk 5"', "either"),
                ('a"b"c', "either"),
                (f'"{name}', "refuse"),
                ('"a"b', "either"),
            ]
        )
        meant = {'"a"b': "ab"}.get(cell, cell)
        return replace(form, raw_header=(name, cell), names={name: meant}, must=must)

    def _pipe(self, rng: random.Random, form: Form) -> Form:
        # Nothing but one `--format` tells the two formats of a run that has no name at either end.
        to = "file" if form.source != form.target else form.to
        return replace(form, via=rng.choice(["stdin", "fifo", "fd", "fd"]), to=to)

    # -- rows

    def _row(self, rng: random.Random, form: Form, at: int) -> Row:
        task = rng.choice(self._tasks)
        asked: dict[str, str | None] = {
            "division": task.division,
            "item": rng.choice([task.item, task.number, task.number]),
            "channel": rng.choice(["counter", "backyard", "窓口", "バックヤード"]),
            "act": rng.choice([None, None, *self._acts, *self._labels]),
            "on": rng.choice([None, "2026-04-01", "2021-09-30", "2024-12-02"]),
            "section": rng.choice([None, None, None, task.section]),
        }
        asked = {name: word for name, word in asked.items() if name in form.columns}
        if rng.random() < 0.35:
            for name in rng.sample(list(asked), rng.randrange(1, 3)):
                asked[name] = self._odd(rng, form, name)
        if form.source == "parquet":
            _typed_words(rng, form, asked)
        carried: dict[str, Any] = {}
        for name in form.columns:
            if name in ASKED:
                continue
            if form.source == "csv":
                carried[name] = self._fit(rng, form, WORDS["carried"])
            elif form.source == "jsonl":
                if rng.random() < 0.9:
                    carried[name] = _token(rng, form)
            else:
                carried[name] = rng.choice(self._typed_columns[form.types[name]]) if name in form.types else None
                if form.types.get(name) is not None and rng.random() < 0.1:
                    carried[name] = None
                if form.kind == "names_twice" and name in form.names:
                    carried[name] = "decide"
        if form.source == "csv" and form.kind != "damaged" and at and rng.random() < 0.01:  # nothing but separators
            asked, carried = dict.fromkeys(asked, ""), dict.fromkeys(carried, "")
        row = Row(asked, carried, rng.randrange(1 << 30))
        if form.kind == "damaged" and at and rng.random() < 0.15:
            return replace(row, damaged=_damage(rng, form))
        if form.kind == "damaged" and form.source == "csv" and rng.random() < 0.02:
            name = next(each for each in form.columns if each not in ASKED)
            return replace(row, carried={**carried, name: "\n".join(map(str, range(150)))})
        return row

    def _odd(self, rng: random.Random, form: Form, name: str) -> str | None:
        if rng.random() < 0.2:
            return self._fit(rng, form, WORDS["carried"])
        if rng.random() < 0.15:
            return f"{self._fit(rng, form, WORDS[name])}{rng.randrange(10**6)}"
        return self._fit(rng, form, WORDS[name])

    def _fit(self, rng: random.Random, form: Form, words: list[str]) -> str:
        """A word that the file's encoding has."""
        while True:
            word = rng.choice(words)
            if rng.random() < 0.002:
                word = word * 20_000
            if form.encoding == "utf-8" or _cp932_safe(word):
                return word


def _damage(rng: random.Random, form: Form) -> bytes:
    return rng.choice([b"short", b"long"]) if form.source == "csv" else rng.choice(DAMAGED_LINES)


def _token(rng: random.Random, form: Form) -> str:
    if rng.random() < 0.4:
        return json.dumps(rng.choice(WORDS["carried"]), ensure_ascii=rng.random() < 0.3)
    token: str = "9" * 5000 if rng.random() < 0.002 else rng.choice(TOKENS)
    return token if form.target == "jsonl" or "\\ud" not in token else "1"


def _typed_words(rng: random.Random, form: Form, asked: dict[str, str | None]) -> None:
    """The words that a column of numbers or days can hold."""
    if form.types["item"].is_integer():
        asked["item"] = str(rng.choice([None, 1, 2, 9, 22, 24, 51, 99, 0, 1000, 127])) if rng.random() < 0.95 else None
        if asked["item"] in ("None", "1000") or asked["item"] is None:
            asked["item"] = None
        if rng.random() < 0.02 and str(form.types["item"]).startswith("Int"):
            asked["item"] = "-1"
    if "on" in asked and (kind := form.types.get("on")) is not None and kind.is_temporal():
        asked["on"] = rng.choice([None, "2026-04-01", "2020-02-29", "1900-01-01", "2024-12-02"])


def _cp932_safe(text: str) -> bool:
    try:
        return text.encode("cp932").decode("cp932") == text
    except UnicodeError:
        return False


def _no_csv(kind: Any) -> bool:
    return bool(kind.is_nested() or str(kind).startswith(("Binary", "Duration", "Object")))


def _no_json(kind: Any) -> bool:
    """Nor has JSON infinity."""
    return str(kind).startswith(("Binary", "Duration", "Object", "Float"))


# Each kind of form and its weight.
KINDS: Final[dict[str, dict[str, float]]] = {
    "csv": {
        "plain": 5, "names_decorated": 2, "names_japanese": 1, "names_near": 1, "names_twice": 1, "cp932": 2, "end_cr": 1,
        "end_mixed": 1, "blank_end": 1, "header_quote": 1, "pipe": 0.6, "damaged": 2,
    },
    "jsonl": {"plain": 5, "names_decorated": 2, "names_japanese": 1, "names_near": 1, "names_twice": 1, "damaged": 3, "pipe": 0.6},
    "parquet": {"plain": 6, "names_decorated": 1, "names_japanese": 1, "names_near": 1, "names_twice": 1, "pipe": 0.3},
}  # fmt: skip
