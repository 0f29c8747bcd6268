"""
JSON Lines → columns of text, for another output format: the fields of all lines, and the words of each request.

A field of a request has one column, under the first name that the file gives it. A line that is no object is kept as `line`.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final

from . import columns
from .json_lines import as_written, lines, read, rows_in
from .source import DAMAGE, WORDS, Source, damage, not_ours

NAMES: Final = 2_000  # different ones in a file: each is a column in every row, however few lines have it
ROWS: Final = 50_000  # of one part
CELLS: Final = 2_000_000  # of one part, at most
BYTES: Final = 32_000_000  # of one part, about


def source(path: Path, work: Path, lang: str) -> Source:
    """
    A file of JSON Lines as a frame of text.

    Raises:
        DataError: It is no such file. BadRequest: It has too many different names, or one that the run itself needs.
    """
    import polars as pl

    called: dict[str, str] = {}  # each field of a request → its column
    names: dict[str, None] = {}
    parts: list[Path] = []
    rest = lines(path)
    done = False
    while not done:
        rows: list[dict[str, str | None]] = []
        size = 0
        most = min(ROWS, CELLS // (len(names) + 20))
        for raw, _ in islice(rest, most):
            row, size = _row(raw, lang, called), size + len(raw)
            rows.append(row)
            if len(names) != len(names := names | dict.fromkeys(row)):
                columns.not_too_many(len(names) - len(WORDS) - 1, NAMES)
            if size > BYTES or len(rows) * len(names) > CELLS:
                break
        else:
            done = len(rows) < most
        if not rows:
            break
        mine = [*dict.fromkeys(name for row in rows for name in row)]
        data = {name: [row.get(name) for row in rows] for name in mine}
        parts.append(work / f"objects-{len(parts):09d}.parquet")
        pl.DataFrame(data, schema=dict.fromkeys(mine, pl.String)).write_parquet(parts[-1])
    for field in columns.NEEDED:
        called.setdefault(field, field)
    own = [name for name in names if name not in (DAMAGE, *WORDS.values())]
    own = [*(called[field] for field in columns.NEEDED if called[field] not in own), *own]
    schema = dict.fromkeys([*own, *WORDS.values(), DAMAGE], pl.String)
    if not parts:
        return Source(pl.DataFrame(schema=schema).lazy(), rows_in(path), called, worded=True)
    frame = pl.scan_parquet(parts, schema=schema, missing_columns="insert", glob=False)
    return Source(frame, rows_in(path), called, worded=True)


def _row(raw: bytes, lang: str, called: dict[str, str]) -> dict[str, str | None]:
    line = read(raw, lang)
    if line.words is None:  # its names may be those of columns of the user's
        return {"line": raw.decode("utf-8", "replace"), DAMAGE: line.error}
    try:
        cells = as_written(raw, line.body)
    except RecursionError:
        return _lost(raw, "入れ子が深すぎます", "nested too deeply")
    for name in cells:
        not_ours(name)
    if not all(map(_utf_8, cells)) or not all(value is None or _utf_8(value) for value in cells.values()):
        return _lost(
            raw, "UTF-8 で書けない文字（\\ud800 など）があります", "half of a surrogate pair, which UTF-8 lacks"
        )
    for field, name in line.fields.items():
        column = called.setdefault(field, name)
        if column != name:
            cells = {column if each == name else each: value for each, value in cells.items()}
    return {**cells, **dict(zip(WORDS.values(), line.words, strict=True))}


def _lost(raw: bytes, ja: str, en: str) -> dict[str, str | None]:
    return {"line": raw.decode("utf-8", "replace"), DAMAGE: damage(ja, en)}


def _utf_8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
