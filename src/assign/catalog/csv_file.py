"""
Rows → the `Catalog` of frozen tasks that every decision looks things up in.

`data/catalog.csv` is the reading of the document, checked in, so that it can be reviewed as a diff and in a
spreadsheet. A city may bring its own. The file is read strictly: one wrong cell and the first line that does
not fit is named, and no task of it is used. `python -m assign.catalog` writes it anew from the document.

Every row carries the line that it was read from (`raw`), and `load` reads that line again: a cell that says something
else than its own raw text is refused, whoever changed it. A city that has looked at the original settles a row whose text
cannot tell (its channels, reading `as_printed`) by adding `original_checked` to its repairs; no other cell can differ.

A number is not a key and a name is not a key: the key is the row id (`nenkin-24`, or `kokuho-22-3` where the
number stands on several rows of the division).
"""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Final

from assign import resources
from assign.errors import (
    CatalogDiffers,
    CatalogError,
    RuleFileError,
    SourceError,
    code_point,
    hidden,
    shown,
    unreadable,
    visible,
)
from assign.resources import DOCUMENT, NotText, TooLarge, decoded, document_file, whole
from assign.words import Reading, nearest, sha256

from .manifest import FILE, UNREAD, Manifest, from_bytes, plain
from .manifest import load as load_manifest
from .model import CATALOG, Catalog, Task, _all_of, with_keys
from .printed import LINES_BETWEEN, ORIGINAL_CHECKED, REPAIRS, Form, Row, read, row_lines, table_rows

BEFORE: Final = ("id", "division", "section", "group", "number", "name", "remark")
AFTER: Final = ("reading", "repairs", "document", "line", "raw")


def columns(manifest: Manifest) -> tuple[str, ...]:
    """The columns of a list's catalog: the printed cells stand between what names a row and where it was read."""
    return (*BEFORE, *manifest.cells, *AFTER)


# As printed: digits first (`9の2`, `1-001`, `22(3)`) or a letter (`ア`), or none. What a spreadsheet makes of a number (`24.0`, `1,000`,
# `+24`, `2.4E+01`, `024`) is none.
_NUMBER: Final = re.compile(
    r"|[1-9][0-9]{0,7}(?:-[0-9]{1,6}|の[0-9]{1,4}|\([0-9]{1,4}\))?|[ぁ-んァ-ヶ一-龠A-Za-z]{1,4}[0-9]{0,4}"
)


LARGEST: Final = 4_000_000  # bytes; the built-in catalog has 48,000


LONGEST_CELL: Final = 2_000  # characters


_COMPARED: Final = tuple(name for name in Row.__slots__ if name not in ("division", "line", "raw", "cells"))


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


def load(path: Path, *, as_it_is: bool = False) -> Catalog:
    """
    Read a list.

    Args:
        path: The folder of a list (`manifest.yaml` and `catalog.csv`), or its catalog: CSV in UTF-8 (with or without a byte order
            mark), the columns of `columns(manifest)`. Where no manifest stands beside the catalog, that of the built-in list holds.
        as_it_is: Whether a row may say something else than its own raw text: for `check`, which shows it, and nobody else.

    Returns:
        The catalog, with the bytes of both files.

    Raises:
        CatalogError: With the first line that does not fit.
        CatalogDiffers: With the first that says something else than its own raw text.
        RuleFileError: With the first line of the manifest that does not fit. DataError: A file cannot be read.
    """
    if os.path.isdir(path):
        folder, path = path, path / CATALOG
    else:
        folder = path.parent
        if not os.path.exists(folder / FILE):
            folder = resources.data_folder()
    try:
        data = whole(path, LARGEST)
    except TooLarge:
        raise CatalogError(shown_name(path), 1, "大きすぎます", f"larger than {LARGEST} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    catalog = _catalog(load_manifest(folder / FILE), data, shown_name(path))
    # What we ship was held against its raw text when it was set up (a test does it again), and need not be at each start.
    if as_it_is or resources.kept("list.json").get("catalog") == sha256(data):
        return catalog
    if (found := disagreement(catalog, shown_name(path))) is not None:
        raise found
    return catalog


def write_kept(folder: Path) -> Path:
    """Keep the built-in manifest parsed, and what its catalog is once it is held against its raw text; where."""
    catalog = load(folder, as_it_is=True)
    if (found := disagreement(catalog)) is not None:
        raise found
    file = resources.kept_file().with_name("list.json")
    kept = {
        "sha256": sha256(catalog.manifest.data),
        "catalog": sha256(catalog.rows),
        "manifest": plain(catalog.manifest),
    }
    resources.keep(file.name, kept)
    return file


def shown_name(path: Path) -> str:
    """A file's name in a message: one line, whatever it is called."""
    return visible(path.name)[:200]


def from_edition(data: bytes) -> Catalog:
    """
    A list from its one text, as `Catalog.data` is and a decision log keeps it.

    Its form is checked, and not its reading: what an earlier program has read, and answered by, is replayed as it was.

    Raises:
        CatalogError, RuleFileError: With the first line that does not fit.
    """
    files = resources.split(data, (FILE, CATALOG))
    if isinstance(files, str):
        raise CatalogError(files, 1, "一覧の版の形ではありません", "not an edition of a list")
    return _catalog(from_bytes(files[FILE]), files[CATALOG])


def _catalog(manifest: Manifest, data: bytes, name: str = CATALOG) -> Catalog:
    if len(data) > LARGEST:
        raise CatalogError(name, 1, "大きすぎます", f"larger than {LARGEST} bytes")
    try:
        text = decoded(data)
    except NotText as error:
        raise CatalogError(name, error.line, error.ja, error.en) from None
    catalog = Catalog(tasks=_tasks(name, text, manifest), manifest=manifest, rows=data)
    unknown = {line.when["row"] for line in manifest.meanings if "row" in line.when} - catalog.by_id.keys()
    if unknown:
        row = min(unknown)
        raise RuleFileError(
            FILE,
            1,
            f"台帳に行 {shown(row)} がありません",
            f"the catalog has no row {shown(row)}",
            nearest(row, catalog.by_id),
        )
    if (clash := manifest.clash((task.id, task.cells) for task in catalog.tasks)) is not None:
        ja, en = (" / ".join(f"{dict(line.when)} → {line.means}" for line in clash) for _ in range(2))
        raise RuleFileError(
            FILE, 1, f"同じ欄に2つの意味があります（{ja}）", f"two lines of one rank read a cell otherwise ({en})"
        )
    return catalog


def _tasks(file: str, text: str, manifest: Manifest) -> tuple[Task, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
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


def _row(file: str, line: int, cell: dict[str, str], manifest: Manifest) -> Row:
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
    row = Row(
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


def disagreement(catalog: Catalog, file: str = "catalog.csv") -> CatalogDiffers | None:
    """
    None where every row is what its raw text says, else the first that is not.

    Rows whose lines follow one another are a printed table, and are read as the document is. A catalog of the document
    that we ship is held against its lines, too: none may be missing, moved or another text. A list whose manifest does not say
    how it is printed cannot be read again.
    """
    if (form := Form.of(catalog.manifest)) is None:
        return None
    at = {task.line: number for number, task in enumerate(catalog.tasks, start=2)}  # a row is one line of the file
    try:
        for table in _tables(catalog.tasks, file, list(catalog.manifest.divisions)):
            _same(form, table[0], table[1], file, at)
        if catalog.tasks[0].document == DOCUMENT:
            _same_lines(form, catalog.tasks, file, at)
    except SourceError as error:
        return CatalogDiffers(
            file,
            at.get(error.line, 1),
            f"raw（文書 {error.line} 行目）が読めません: {error.why_ja}",
            f"`raw` (line {error.line} of the document) cannot be read: {error.why_en}",
        )
    except CatalogDiffers as error:
        return error
    return None


def _tables(tasks: Sequence[Task], file: str, order: Sequence[str]) -> Iterator[tuple[list[Task], Task | None]]:
    """The rows of each printed table, with the row of the division's table before."""
    table: list[Task] = []
    above: Task | None = None
    for number, task in enumerate(tasks, start=2):
        if table:
            last = table[-1]
            gap = task.line - last.line
            later = order.index(task.division) - order.index(last.division)
            if gap < 1 or later < 0 or 1 < gap <= LINES_BETWEEN or (gap == 1 and later):
                raise CatalogDiffers(
                    file,
                    number,
                    f"文書の {last.line} 行目の次に {task.line} 行目は来ません（行の順か抜けを確かめてください）",
                    f"line {task.line} of the document cannot follow line {last.line} (a row is missing, or out of order)",
                )
            if gap > 1:
                yield table, above
                above = last if not later else None
                table = []
        table.append(task)
    yield table, above


def _same(form: Form, table: Sequence[Task], above: Task | None, file: str, at: dict[int, int]) -> None:
    body = ((task.line, task.raw) for task in table)
    split = "number_split" in table[0].repairs
    for task, found in zip(table, table_rows(form, table[0].division, body, above, split=split), strict=True):
        wanted = checked(task, found)
        if _all_of(task) == _all_of(wanted):
            continue
        cells = [(f"{name}", *(row.cells[name] for row in (task, wanted))) for name in task.cells]
        fields = [(name, *(getattr(row, name) for row in (task, wanted))) for name in _COMPARED]
        for name, given, read_again in (*fields[:-2], *cells, *fields[-2:]):
            if given != read_again:
                cell, raw = (" ".join(v) if isinstance(v, tuple) else v for v in (given, read_again))
                raise CatalogDiffers(
                    file,
                    at[task.line],
                    f"`{task.id}` の {name} は {shown(cell)} ですが、raw からは {shown(raw)} と読めます（文書どおりに直してください）",
                    f"`{name}` of `{task.id}` is {shown(cell)}, but its raw text says {shown(raw)} (make it what the document says)",
                )


def checked(task: Row, found: Row) -> Row:
    """The row as read, or as the original has it where the text cannot tell and the catalog says that somebody looked."""
    if task.repairs != (*found.repairs, ORIGINAL_CHECKED) or found.reading is not Reading.UNREADABLE:
        return found
    if UNREAD in task.cells.values():
        return found
    cells = {name: task.cells[name] if cell == UNREAD else cell for name, cell in found.cells.items()}
    return replace(found, cells=cells, reading=Reading.AS_PRINTED, repairs=task.repairs)


def _same_lines(form: Form, tasks: Sequence[Task], file: str, at: dict[int, int]) -> None:
    """The document that we ship has these lines, and no other rows."""
    lines = row_lines(form, decoded(whole(document_file(), LARGEST)))
    for task in tasks:
        if lines.pop(task.line, None) != task.raw:
            raise CatalogDiffers(
                file,
                at[task.line],
                f"raw が文書 {DOCUMENT} の {task.line} 行目と違います",
                f"`raw` is not what line {task.line} of {DOCUMENT} says",
            )
    if lines:
        line = min(lines)
        raise CatalogDiffers(
            file,
            max((number for known, number in at.items() if known < line), default=1) + 1,
            f"文書 {DOCUMENT} の {line} 行目の行がありません",
            f"the row of line {line} of {DOCUMENT} is missing",
        )


def from_document(path: Path, manifest: Manifest) -> tuple[Task, ...]:
    """The tasks as read from the document itself. Raises SourceError."""
    return with_keys(read(path, manifest), path.name)


def first_difference(catalog: Catalog, document: Path) -> SourceError | None:
    """
    Whether catalog and document agree: None, or the first line of the document that does not fit.

    Every line that carries a row is compared to the byte, and every field of the reading; the lines between
    are held by the reader itself. Of a document that is printed in another form, the lines of the rows are compared.
    """
    if Form.of(catalog.manifest) is None:
        return _other_line(catalog, document)
    try:
        name = catalog.tasks[0].document  # whatever the file at hand is called
        tasks = with_keys(read(document, catalog.manifest, name), name)
    except SourceError as error:
        return error
    for kept, found in zip(catalog.tasks, tasks, strict=False):
        # Raw text first: where a row is lost, the row below stands in its place.
        wanted = checked(kept, found)
        if kept.raw != found.raw or (kept != wanted and len(catalog.tasks) == len(tasks)):
            return SourceError(
                found.line, f"台帳の `{kept.id}` と違います", f"it differs from `{kept.id}` of the catalog"
            )
    if len(catalog.tasks) != len(tasks):
        more = catalog.tasks[len(tasks) :] or tasks[len(catalog.tasks) :]
        return SourceError(more[0].line, "台帳と行数が違います", "the catalog has another number of rows")
    return None


def _other_line(catalog: Catalog, document: Path) -> SourceError | None:
    """The first row whose `raw` is not what its line of the document says."""
    try:
        lines = decoded(whole(document, LARGEST)).replace("\r\n", "\n").split("\n")
    except TooLarge:
        return SourceError(1, "大きすぎます", f"larger than {LARGEST} bytes")
    except NotText as error:
        return SourceError(error.line, error.ja, error.en)
    except (OSError, ValueError) as error:
        raise unreadable(document, error) from None
    for task in catalog.tasks:
        if task.line > len(lines) or lines[task.line - 1] != task.raw:
            return SourceError(
                task.line, f"台帳の `{task.id}` の raw と違います", f"it is not the `raw` of `{task.id}` in the catalog"
            )
    return None


def _write() -> None:
    folder = resources.data_folder()
    shipped = load_manifest(folder / FILE)
    (folder / CATALOG).write_bytes(as_csv(from_document(resources.document_file(), shipped), shipped))
    sys.stdout.write(f"{folder / CATALOG}\n")


if __name__ == "__main__":  # make catalog
    _write()
