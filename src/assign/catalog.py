"""
Rows → the `Catalog` of frozen tasks that every decision looks things up in.

`data/catalog.csv` is the reading of the document, checked in, so that it can be reviewed as a diff and in a
spreadsheet. A city may bring its own. The file is read strictly: one wrong cell and the first line that does
not fit is named, and no task of it is used. `python -m assign.catalog` writes it anew from the document.

A number is not a key and a name is not a key: the key is the row id (`nenkin-24`, or `kokuho-22-3` where the
number stands on several rows of the division).
"""

from __future__ import annotations

import csv
import errno
import io
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from .errors import CatalogError, SourceError, shown, unreadable
from .source import REPAIRS, Row, read
from .words import GLYPH, Channel, Division, Listed, Mark, Reading, once, sha256

COLUMNS: Final = (
    "id", "division", "section", "group", "number", "name", "remark", "mark", "counter", "backyard",
    "reading", "repairs", "document", "line", "raw",
)  # fmt: skip
_Word = TypeVar("_Word", bound=StrEnum)
LARGEST: Final = 4_000_000  # bytes; the built-in catalog has 48,000


@dataclass(frozen=True, slots=True)
class Task(Row):
    """A row with its key: `id`, the `item` that names it alone (`24`, `22-3`), and the `document` it is from."""

    id: str
    item: str
    document: str

    def listed(self, channel: Channel) -> Listed:
        """What the cell of a channel says."""
        return self.counter if channel is Channel.COUNTER else self.backyard


@dataclass(frozen=True)
class Catalog:
    """All tasks in document order, and the bytes of the file they are from."""

    tasks: tuple[Task, ...]
    data: bytes = field(repr=False)

    @once
    def sha256(self) -> str:
        """The SHA-256 of the file, in hexadecimal."""
        return sha256(self.data)

    @once
    def by_id(self) -> dict[str, Task]:
        """The row of an id."""
        return {task.id: task for task in self.tasks}

    @once
    def by_number(self) -> dict[tuple[Division, str], tuple[Task, ...]]:
        """All rows that carry a number in a division, in document order."""
        found: dict[tuple[Division, str], list[Task]] = {}
        for task in self.tasks:
            found.setdefault((task.division, task.number), []).append(task)
        return {key: tuple(tasks) for key, tasks in found.items()}


def with_keys(rows: Iterable[Row], document: str) -> tuple[Task, ...]:
    """Give every row its id: the number where it stands once in the division, else number and place."""
    rows = list(rows)
    often = Counter((row.division, row.number) for row in rows)
    seen: Counter[tuple[Division, str]] = Counter()
    tasks = []
    for row in rows:
        key = (row.division, row.number)
        seen[key] += 1
        item = row.number if often[key] == 1 else f"{row.number}-{seen[key]}"
        fields = {name: getattr(row, name) for name in Row.__slots__}
        tasks.append(Task(**fields, id=f"{row.division}-{item}", item=item, document=document))
    return tuple(tasks)


def as_csv(tasks: Sequence[Task]) -> bytes:
    """The catalog file: UTF-8 with a byte order mark (spreadsheets need it), LF, one row a task."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for task in tasks:
        writer.writerow(
            " ".join(task.repairs) if column == "repairs" else str(getattr(task, column)) for column in COLUMNS
        )
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def load(path: Path) -> Catalog:
    """
    Read a catalog file.

    Args:
        path: CSV in UTF-8 (with or without a byte order mark), the columns of `COLUMNS`.

    Returns:
        The catalog, with the SHA-256 of the file's bytes.

    Raises:
        CatalogError: With the first line that does not fit.
    """
    try:
        if not path.is_file():  # a pipe would be waited for
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return from_edition(data, path.name)


def from_edition(data: bytes, name: str = "catalog.csv") -> Catalog:
    """
    A catalog from its bytes, as `Catalog.data` is and a decision log keeps it.

    Raises:
        CatalogError: With the first line that does not fit.
    """
    if len(data) > LARGEST:
        raise CatalogError(name, 1, "大きすぎます", f"larger than {LARGEST} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CatalogError(name, line, "UTF-8 ではありません", "not UTF-8") from None
    return Catalog(tasks=_tasks(name, text), data=data)


def _tasks(file: str, text: str) -> tuple[Task, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    ids: list[tuple[str, int]] = []
    document = ""
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise CatalogError(
                file, 1, f"列は {','.join(COLUMNS)} のはずです", f"the columns must be {','.join(COLUMNS)}"
            )
        for cells in reader:
            line = reader.line_num
            if len(cells) != len(COLUMNS):
                raise CatalogError(
                    file,
                    line,
                    f"{len(COLUMNS)} 列のはずが {len(cells)} 列です",
                    f"{len(cells)} cells, expected {len(COLUMNS)}",
                )
            row = _row(file, line, dict(zip(COLUMNS, cells, strict=True)))
            rows.append(row)
            ids.append((cells[0], line))
            document = document or cells[COLUMNS.index("document")]
            if cells[COLUMNS.index("document")] != document:
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


def _row(file: str, line: int, cell: dict[str, str]) -> Row:
    def one_of(kind: type[_Word], column: str) -> _Word:
        try:
            return kind(cell[column])
        except ValueError:
            choices = ", ".join(f"`{choice.value}`" for choice in kind)
            raise CatalogError(
                file, line, f"{column} は {choices} のどれかです", f"{column} must be one of {choices}"
            ) from None

    def number(column: str) -> str:
        value = cell[column]
        if not (value.isascii() and value.isdigit() and value[0] != "0" and len(value) < 9):
            raise CatalogError(file, line, f"{column} は番号のはずです", f"{column} must be a number")
        return value

    mark = one_of(Mark, "mark")
    row = Row(
        division=one_of(Division, "division"),
        section=cell["section"],
        group=cell["group"],
        number=number("number"),
        name=cell["name"],
        remark=cell["remark"],
        mark=mark,
        counter=one_of(Listed, "counter"),
        backyard=one_of(Listed, "backyard"),
        reading=one_of(Reading, "reading"),
        repairs=tuple(cell["repairs"].split()),
        line=int(number("line")),
        raw=cell["raw"],
    )
    if unknown := set(row.repairs).difference(REPAIRS):
        raise CatalogError(
            file, line, f"知らない修復 {shown(min(unknown))} です", f"an unknown repair {shown(min(unknown))}"
        )
    if any(len(text) > 2_000 for text in cell.values()):
        raise CatalogError(file, line, "2,000 文字を超えるセルがあります", "a cell of more than 2,000 characters")
    if not row.name or not row.section:
        raise CatalogError(file, line, "名称と大分類が要ります", "name and section must not be empty")
    some = Listed.NO in (row.counter, row.backyard) and row.counter == row.backyard
    if (mark is Mark.RETAINED) != some:
        raise CatalogError(
            file, line, f"印 `{GLYPH[mark]}` と委託業務欄が合いません", f"mark `{mark.value}` does not fit the channels"
        )
    return row


def from_document(path: Path) -> tuple[Task, ...]:
    """The tasks as read from the document itself. Raises SourceError."""
    return with_keys(read(path), path.name)


def first_difference(catalog: Catalog, document: Path) -> SourceError | None:
    """
    Whether catalog and document agree: None, or the first line of the document that does not fit.

    Every line that carries a row is compared to the byte, and every field of the reading; the lines between
    are held by the reader itself.
    """
    try:
        name = catalog.tasks[0].document  # whatever the file at hand is called
        tasks = with_keys(read(document, name), name)
    except SourceError as error:
        return error
    for kept, found in zip(catalog.tasks, tasks, strict=False):
        # Raw text first: where a row is lost, the row below stands in its place.
        if kept.raw != found.raw or (kept != found and len(catalog.tasks) == len(tasks)):
            return SourceError(
                found.line, f"台帳の `{kept.id}` と違います", f"it differs from `{kept.id}` of the catalog"
            )
    if len(catalog.tasks) != len(tasks):
        more = catalog.tasks[len(tasks) :] or tasks[len(catalog.tasks) :]
        return SourceError(more[0].line, "台帳と行数が違います", "the catalog has another number of rows")
    return None


if __name__ == "__main__":  # make catalog
    from .places import catalog_file, document_file

    catalog_file().write_bytes(as_csv(from_document(document_file())))
    sys.stdout.write(f"{catalog_file()}\n")
