"""
A catalog against the document that it was read from.

Every row carries the line that it was read from (`raw`), and that line is read again: a cell that says something
else than its own raw text is refused, whoever changed it. A city that has looked at the original settles a row whose text
cannot tell (its channels, reading `as_printed`) by adding `original_checked` to its repairs; no other cell can differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from assign.errors import CatalogDiffers, SourceError, shown, unreadable
from assign.resources import DOCUMENT, NotText, TooLarge, decoded, document_file, whole
from assign.words import Reading

from .manifest import UNREAD, Manifest
from .model import CONDITION_IN_WORDS, LARGEST, ORIGINAL_CHECKED, Catalog, Task, with_keys
from .parts import ABSENT
from .printed import LINES_BETWEEN, Form, read, row_lines, table_rows


def disagreement(catalog: Catalog, file: str = "catalog.csv") -> CatalogDiffers | None:
    """
    None where every row is what its raw text says, else the first that is not.

    Rows whose lines follow one another are a printed table, and are read as the document is. A catalog of the document
    that we ship is held against its lines, too: none may be missing, moved or another text. A list whose manifest does not say
    how it is printed cannot be read again; of its rows the marks are counted.
    """
    if (form := Form.of(catalog.manifest)) is None:
        return _other_marks(catalog, file) or _lost_remark(catalog, file)
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


_BETWEEN: Final = re.compile(r'[\s,|"]+')  # what stands between the cells of a line, in whatever form


def _other_marks(catalog: Catalog, file: str) -> CatalogDiffers | None:
    """
    The first row declared as printed whose cells have other marks than its raw text: a △ that was lost would give the whole row away.
    A mark that moved to another cell of its row is not seen, since nothing says where a line's cells stand.
    """
    at = {task.id: number for number, task in enumerate(catalog.tasks, start=2)}
    for task, given, found in other_marks(catalog):
        if task.reading is Reading.AS_PRINTED:
            return CatalogDiffers(
                file,
                at[task.id],
                f"`{task.id}` の印は {shown(' '.join(given))} ですが、raw では {shown(' '.join(found))} です"
                "（文書どおりに直してください。判断で読んだ行なら reading を judged に）",
                f"the marks of `{task.id}` are {shown(' '.join(given))}, but in its raw text {shown(' '.join(found))} "
                "(make them what the document says; a row read by judgement has the reading `judged`)",
            )
    return None


def _lost_remark(catalog: Catalog, file: str) -> CatalogDiffers | None:
    """The first row that was read with a remark on which answers hang, and has none."""
    for number, task in enumerate(catalog.tasks, start=2):
        if CONDITION_IN_WORDS in task.repairs and not task.remark.partition("※")[0].strip():
            return CatalogDiffers(
                file,
                number,
                f"`{task.id}` は備考（remark）のある行として読まれましたが、備考がありません（文書どおりに直してください）",
                f"`{task.id}` was read with a remark, and has none (make it what the document says)",
            )
    return None


def other_marks(catalog: Catalog) -> Iterator[tuple[Task, list[str], list[str]]]:
    """The rows whose cells have other marks than their raw text, with both."""
    printed = {cell for task in catalog.tasks for cell in task.cells.values()}
    printed |= {glyph for line in catalog.manifest.meanings for glyph in line.when.values()}
    marks = {mark for mark in printed if mark and mark not in (UNREAD, ABSENT) and not _BETWEEN.search(mark)}
    each = "|".join(map(re.escape, sorted(marks, key=len, reverse=True)))  # 甲乙 before 甲
    for task in catalog.tasks if marks else ():
        rest = task.raw
        for words in (task.name, task.remark, task.section, task.group, task.number):
            rest = rest.replace(words, " ", 1) if words else rest
        found = [
            mark
            for word in _BETWEEN.split(rest)
            if re.fullmatch(f"(?:{each})+", word)
            for mark in re.findall(each, word)
        ]
        given = [cell for cell in task.cells.values() if cell in marks]
        if task.raw and Counter(found) != Counter(given):
            yield task, given, found


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
        for name in (*task._fields[1:6], *task.cells, "reading", "repairs"):
            given, read_again = (row.cells[name] if name in row.cells else getattr(row, name) for row in (task, wanted))
            if given != read_again:
                cell, raw = (" ".join(v) if isinstance(v, tuple) else v for v in (given, read_again))
                raise CatalogDiffers(
                    file,
                    at[task.line],
                    f"`{task.id}` の {name} は {shown(cell)} ですが、raw からは {shown(raw)} と読めます（文書どおりに直してください）",
                    f"`{name}` of `{task.id}` is {shown(cell)}, but its raw text says {shown(raw)} (make it what the document says)",
                )


def checked(task: Task, found: Task) -> Task:
    """The row as read, or as the original has it where the text cannot tell and the catalog says that somebody looked."""
    if task.repairs != (*found.repairs, ORIGINAL_CHECKED) or found.reading is not Reading.UNREADABLE:
        return found
    if UNREAD in task.cells.values():
        return found
    cells = {name: task.cells[name] if cell == UNREAD else cell for name, cell in found.cells.items()}
    return found._replace(cells=cells, reading=Reading.AS_PRINTED, repairs=task.repairs)


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
