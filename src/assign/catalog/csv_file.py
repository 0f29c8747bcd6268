"""
`catalog.csv` ↔ rows.

`data/catalog.csv` is the reading of the document, checked in, so that it can be reviewed as a diff and in a
spreadsheet. A city may bring its own. The file is read strictly: one wrong cell and the first line that does
not fit is named, and no task of it is used. `python -m assign.catalog.loader` writes it anew from the document.

A number is not a key and a name is not a key: the key is the row id (`nenkin-24`, or `kokuho-22-3` where the
number stands on several rows of the division).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final

from assign.errors import CatalogError, code_point, hidden, shown
from assign.words import Reading

from .manifest import Manifest
from .model import REPAIRS, Task, with_keys

BEFORE: Final = ("id", "division", "section", "group", "number", "name", "remark")
AFTER: Final = ("reading", "repairs", "document", "line", "raw")


def columns(manifest: Manifest) -> tuple[str, ...]:
    """The columns of a list's catalog: the printed cells stand between what names a row and where it was read."""
    return (*BEFORE, *manifest.cells, *AFTER)


# As printed: parts of digits, letters, a circled digit or one in brackets, with `-` or `の` between them (`9の2`, `1-001`, `1-3-ア`, `22(3)`,
# `01`, `(1)`, `①`, `国-1`), or none. What a spreadsheet makes of a number (`24.0`, `1,000`, `+24`, `2.4E+01`, `1-May`, `2026-04-01`) is none.
_BRACKETS: Final = r"\([0-9]{1,4}\)|\([ァ-ヶA-Za-z]\)"
_PART: Final = rf"(?:[1-9][0-9]{{0,7}}|0[0-9]{{1,7}}|[ぁ-んァ-ヶ一-龠]{{1,4}}[0-9]{{0,4}}|[A-Za-z]{{1,2}}[0-9]{{0,4}}|[①-⑳]|{_BRACKETS})"
_NUMBER: Final = re.compile(
    rf"|(?![0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}$)(?:[A-Za-z]{{3,4}}[0-9]{{0,4}}|{_PART}(?:[-の](?:[0-9]{{1,6}}|{_PART})|{_BRACKETS}){{0,3}})"
)


LONGEST_CELL: Final = 2_000  # characters


def is_number(text: str) -> bool:
    """Whether a text can be a row's number, or none."""
    return _NUMBER.fullmatch(text) is not None


def as_csv(tasks: Sequence[Task], manifest: Manifest) -> bytes:
    """The catalog file: UTF-8 with a byte order mark (spreadsheets need it), LF, one row a task."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns(manifest))
    for task in tasks:
        cells = [
            *(getattr(task, name) for name in BEFORE),
            *task.cells.values(),
            *(getattr(task, name) for name in AFTER),
        ]
        writer.writerow(" ".join(cell) if isinstance(cell, tuple) else str(cell) for cell in cells)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def tasks_of(file: str, text: str, manifest: Manifest) -> tuple[Task, ...]:
    """The rows of a catalog's text. Raises CatalogError, with the first line that does not fit."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Task] = []
    ids: list[tuple[str, int]] = []
    names = columns(manifest)
    document = ""
    try:
        _columns(file, next(reader, []), names)
        for cells in reader:
            line = reader.line_num
            if not any(cells):
                raise CatalogError(file, line, "空の行です（消してください）", "an empty row (remove it)")
            if len(cells) != len(names):
                raise CatalogError(
                    file,
                    line,
                    f"{len(names)} 列のはずが {len(cells)} 列です（余分なコンマか、足りないセルを直してください）",
                    f"{len(cells)} cells, expected {len(names)} (a comma too many, or a cell that is missing)",
                )
            _must_be_seen(file, len(rows) + 2, cells, names)
            cell = dict(zip(names, cells, strict=True))
            rows.append(_row(file, line, cell, manifest))
            ids.append((cells[0], line))
            document = document or _plain_name(file, line, cell["document"])
            if cell["document"] != document:
                raise CatalogError(file, line, "別の文書の行です", "a row of another document")
    except csv.Error as error:
        raise CatalogError(file, reader.line_num, f"CSV として読めません（{error}）", f"not CSV ({error})") from None
    if not rows:
        raise CatalogError(file, 1, "行がありません", "no rows")
    tasks = with_keys(rows, document)
    for task, (given, line) in zip(tasks, ids, strict=True):
        if task.id != given:
            raise CatalogError(
                file,
                line,
                f"id は `{task.id}` のはずが {shown(given)} です",
                f"the id must be `{task.id}`, not {shown(given)}",
            )
    return tasks


def _columns(file: str, head: Sequence[str], names: Sequence[str]) -> None:
    """The header, and where it is another one the first column that differs."""
    for place, (name, found) in enumerate(zip_longest(names, head), start=1):
        if name != found:
            ja = (
                f"`{name}` のはずが{f' {shown(found)} です' if found is not None else 'ありません'}"
                if name
                else f"{shown(found)} は余分です"
            )
            en = (
                f"{f'is {shown(found)}' if found is not None else 'is missing'}, expected `{name}`"
                if name
                else f"{shown(found)} is one too many"
            )
            raise CatalogError(
                file,
                1,
                f"{place} 列目: {ja}（コンマ区切りの CSV で、列は {','.join(names)} の順です）",
                f"column {place} {en} (CSV with commas; the columns are {','.join(names)})",
            )


def _must_be_seen(file: str, line: int, cells: Sequence[str], names: Sequence[str]) -> None:
    """No cell holds a character that a reader does not see; a tab is one in `raw`, where it stands between cells."""
    *rest, raw = cells
    if hidden(" ".join(rest)) is None and hidden(raw, "\t") is None and max(map(len, cells)) <= LONGEST_CELL:
        return
    for column, text in zip(names, cells, strict=True):
        if (c := hidden(text, "\t" if column == "raw" else "")) is not None:
            raise CatalogError(
                file,
                line,
                f"{column} に見えない文字 {code_point(c)} があります（消してください）",
                f"a hidden character {code_point(c)} in `{column}` (remove it)",
            )
        if len(text) > LONGEST_CELL:
            raise CatalogError(
                file,
                line,
                f"{column} が {LONGEST_CELL:,} 文字を超えています",
                f"`{column}` has more than {LONGEST_CELL:,} characters",
            )


def _plain_name(file: str, line: int, name: str) -> str:
    """The name of a file in the list's own folder, and nothing that leads anywhere else."""
    if not name or name.startswith(".") or len(name.encode("utf-8", "replace")) > 200 or set(name) & set('/\\:*?"<>|'):
        raise CatalogError(
            file,
            line,
            f"document はフォルダのないファイル名です（{shown(name)} は使えません）",
            f"`document` is a file's name without a folder ({shown(name)} cannot be used)",
        )
    return name


def _row(file: str, line: int, cell: dict[str, str], manifest: Manifest) -> Task:
    def one_of(known: Iterable[str], column: str) -> str:
        if cell[column] in (known := list(known)):
            return cell[column]
        choices = ", ".join(f"`{choice}`" for choice in known)
        raise CatalogError(
            file,
            line,
            f"{column} は {choices} のどれかのはずが {shown(cell[column])} です",
            f"`{column}` must be one of {choices}, not {shown(cell[column])}",
        )

    at = cell["line"]
    if not (at.isascii() and at.isdigit() and at[0] != "0" and len(at) < 9):
        raise CatalogError(
            file,
            line,
            f"line は番号のはずが {shown(at)} です（`24` のように。表計算では先に列を文字列にしてください）",
            f"`line` must be a number such as `24`, not {shown(at)} (in a spreadsheet, make the column text first)",
        )
    if not _NUMBER.fullmatch(cell["number"]):
        raise CatalogError(
            file,
            line,
            f"number は印字された番号のはずが {shown(cell['number'])} です（`24` や `9の2` のように。表計算では先に列を文字列にしてください）",
            f"`number` must be a number as printed, such as `24`, not {shown(cell['number'])} (in a spreadsheet, make the column text first)",
        )
    row = Task(
        division=one_of(manifest.divisions, "division"),
        section=cell["section"],
        group=cell["group"],
        number=cell["number"],
        name=cell["name"],
        remark=cell["remark"],
        cells={name: cell[name] for name in manifest.cells},
        reading=Reading(one_of(Reading, "reading")),
        repairs=tuple(cell["repairs"].split()),
        line=int(at),
        raw=cell["raw"],
    )
    if unknown := set(row.repairs).difference(REPAIRS):
        raise CatalogError(
            file, line, f"知らない修復 {shown(min(unknown))} です", f"an unknown repair {shown(min(unknown))}"
        )
    if not row.name:
        raise CatalogError(file, line, "名称が要ります", "name must not be empty")
    return row
