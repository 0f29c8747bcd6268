"""
The document → rows, each with its place, its raw text, and what was repaired.

The text was extracted from a printed table, and the extraction dropped and added cells. So a row is read by
the order and the glyphs of its cells, never by absolute column: the number cell starts the row, × and △ can
stand in 委託不可項目 alone, and 窓口 comes before バックヤード. Every line of the document must be one that is
expected where it stands; the first that is not is named, and nothing of the document is used.

Source: the document under data/source/ (348 lines, 10 printed tables, 215 rows).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from assign.errors import SourceError, code_point, hidden, unreadable
from assign.resources import NotText, TooLarge, decoded, line_digests, whole
from assign.words import Reading, sha256

from .manifest import UNREAD, Manifest
from .model import LARGEST, Task

_HEADINGS: Final = ("大分類", "中分類", "小分類 (※番号は業務フローの番号と一致)")
_NUMBER: Final = re.compile(r"([1-9][0-9]?)(?: (\S.*))?", re.ASCII)
_REMARK: Final = re.compile(r"(.+?)\s*(\([^()]*(?:令和|平成)[0-9]+年[^()]*\))")

LINES_BETWEEN: Final = 7  # at least, between two tables: the legend's three, the title, the sheet, two of the header
_JUDGED: Final = {"heading_displaced", "cells_shifted", "past_last_column", "name_from_heading", "undefined_mark"}


class Form(NamedTuple):
    """
    How a list is printed that this reader can read: a sheet for each division with three columns of names, a column of marks, and one
    for each channel. Titles, headings and marks are the manifest's.
    """

    title: str
    sheets: Mapping[str, str]  # heading → division
    legend: tuple[str, ...]
    head: tuple[tuple[str, ...], tuple[str, ...]]  # both lines above the rows
    mark: str  # the column of the marks
    channels: tuple[str, str]
    listed: str  # what is printed under a channel
    marks: frozenset[str]  # what can stand in the column of marks alone, and so tells where that is
    alone: frozenset[str]  # those of them that leave every channel blank
    defined: frozenset[str]  # what the document's own legend says of that column, a blank among it

    @classmethod
    def of(cls, manifest: Manifest) -> Form | None:
        """The form of a list; None where the manifest does not say that it is printed so."""
        marks = [column for column in manifest.columns if column.per == "row"]
        cells = [column for column in manifest.columns if column.per == "channel"]
        named: list[Any] = [*manifest.divisions.values(), *manifest.channels.values(), *marks, *cells]
        if len(marks) != 1 or len(cells) != 1 or len(manifest.channels) != 2 or not all(each.printed for each in named):
            return None
        (mark,), (cell,) = marks, cells
        pairs = [(line.when.get(mark.key), line.when.get(cell.key), line.legend) for line in manifest.meanings]
        under = {listed for _, listed, _ in pairs if listed}
        if len(under) != 1:
            return None
        (listed,) = under
        first, second = manifest.channels
        printed = {sign for sign, _, _ in pairs if sign}
        with_channel = {sign for sign, listed, _ in pairs if listed}
        quoted = dict.fromkeys(legend for _, _, legend in pairs if legend)
        texts = [legend.text for legend in sorted(quoted, key=lambda legend: legend.line)]
        return cls(
            title=manifest.title["ja"],
            sheets={division.printed: key for key, division in manifest.divisions.items()},
            legend=(f"{mark.label['ja']}欄 {texts[0]}", *texts[1:]),
            head=((*_HEADINGS, mark.printed, cell.printed), tuple(c.printed for c in manifest.channels.values())),
            mark=mark.key,
            channels=(first, second),
            listed=listed,
            marks=frozenset(printed - under),
            alone=frozenset(printed - with_channel),
            defined=frozenset(sign for sign, _, legend in pairs if sign is not None and legend),
        )


def read(path: Path, manifest: Manifest, document: str = "") -> list[Task]:
    """
    Read the document whole.

    Args:
        path: The document, UTF-8, one printed line a line.
        manifest: What is printed in it.
        document: Which document it is, if its file has another name.

    Returns:
        Its rows in document order.

    Raises:
        SourceError: With the first line that does not fit. A file that is cut short does not fit at its end.
    """
    try:
        data = whole(path, LARGEST)
    except TooLarge:
        raise SourceError(1, "大きすぎます", f"larger than {LARGEST} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    unchanged(data, document or path.name)
    try:
        return parse(decoded(data), manifest)
    except NotText as error:
        raise SourceError(error.line, error.ja, error.en) from None


def digests(data: bytes) -> list[str]:
    """A short digest of each line, the line end with it: 16 hexadecimal digits of its SHA-256."""
    return [sha256(line)[:16] for line in data.splitlines(keepends=True)]


def unchanged(data: bytes, document: str) -> None:
    """
    A document that we ship is what it was, line for line. Raises SourceError with the first line that is not.

    The reader below would find a row that does not fit; this finds any other change, too, down to a blank line.
    """
    kept = line_digests(document)
    if kept is None:
        return
    wanted = kept.read_text("ascii").split()
    found = digests(data)
    for line, (one, other) in enumerate(zip(wanted, found, strict=False), start=1):
        if one != other:
            raise SourceError(line, "元の文書と違います", "it differs from the document as it was")
    if len(found) < len(wanted):
        raise SourceError(len(found) + 1, "ここで文書が途切れています", "the document breaks off here")
    if len(found) > len(wanted):
        raise SourceError(len(wanted) + 1, "元の文書にない行です", "a line that the document does not have")


def parse(text: str, manifest: Manifest) -> list[Task]:
    """The same for text. Raises SourceError."""
    if (form := Form.of(manifest)) is None:
        raise SourceError(1, "この一覧の印字の形は読めません", "a list that is printed so cannot be read")
    lines = _Lines(text)
    rows: list[Task] = []
    order = list(form.sheets.values())
    seen: list[str] = []
    while lines.skip_blank():
        lines.expect(form.title)
        lines.skip_blank()
        sheet = lines.take()
        division = form.sheets.get(sheet)
        if division is None:
            raise lines.misfit("知らない表題です", "an unknown sheet title")
        if not seen or seen[-1] != division:
            seen.append(division)
            if seen != order[: len(seen)]:
                raise lines.misfit("表の順が違います", "the sheets are out of order")
        lines.skip_blank()
        rows += _table(form, lines, division, rows[-1] if rows and rows[-1].division == division else None)
        for legend in form.legend:
            lines.skip_blank()
            lines.expect(legend)
    if seen != order:
        missing = order[len(seen)]
        raise SourceError(
            len(lines),
            f"ここで文書が終わり、`{missing}` の表がありません",
            f"it ends here, without the table of `{missing}`",
        )
    return rows


def row_lines(form: Form, text: str) -> dict[int, str]:
    """The lines of a document that carry a row, by their numbers: all with a tab but the two of each table's header."""
    return {
        at: line
        for at, line in enumerate(text.removesuffix("\n").split("\n"), start=1)
        if "\t" in line and tuple(filter(None, line.split("\t"))) not in form.head
    }


class _Lines:
    """The document's lines, taken one after the other."""

    def __init__(self, text: str) -> None:
        self._lines = text.removesuffix("\n").split("\n")
        self.at = 0  # the line last taken, 1-based

    def __len__(self) -> int:
        return len(self._lines)

    def peek(self) -> str | None:
        return self._lines[self.at] if self.at < len(self._lines) else None

    def take(self) -> str:
        line = self.peek()
        if line is None:
            raise SourceError(self.at, "ここで文書が途切れています", "the document breaks off here")
        self.at += 1
        if (c := hidden(line, "\t")) is not None:
            raise self.misfit(f"見えない文字 {code_point(c)} があります", f"a hidden character {code_point(c)}")
        return line

    def skip_blank(self) -> bool:
        """Go to the next line that says something (a form feed between two pages does not); False at the end."""
        while (line := self.peek()) is not None and line in ("", "\f"):
            self.at += 1
        return self.peek() is not None

    def expect(self, text: str) -> None:
        if self.take() != text:
            raise self.misfit(f"「{text}」のはずです", f"expected `{text}`")

    def misfit(self, ja: str, en: str) -> SourceError:
        return SourceError(self.at, ja, en)


def _table(form: Form, lines: _Lines, division: str, above: Task | None) -> list[Task]:
    """One printed table: two header lines, then rows up to a blank line."""
    header = lines.take().split("\t")
    if tuple(cell for cell in header if cell) != form.head[0]:
        raise lines.misfit("表の見出しのはずです", "expected the header of a table")
    # In two tables number and name are separate cells: their header has one empty cell more before 委託不可項目.
    split = header.index(form.head[0][3]) == 4
    if tuple(cell for cell in lines.take().split("\t") if cell) != form.head[1]:
        raise lines.misfit("表の見出しの2行目のはずです", "expected the second header line of a table")
    rows = table_rows(form, division, _body(lines), above, split=split)
    if not rows:
        raise lines.misfit("表に行がありません", "a table without a row")
    return rows


def _body(lines: _Lines) -> Iterator[tuple[int, str]]:
    while lines.peek() not in (None, "", "\f"):
        raw = lines.take()
        yield lines.at, raw


def table_rows(
    form: Form, division: str, body: Iterable[tuple[int, str]], above: Task | None, *, split: bool
) -> list[Task]:
    """
    The lines of one printed table below its header → its rows.

    Args:
        body: Each line with its number in the document.
        above: The last row of the division's table before; headings and numbers go on from there.
        split: Whether number and name stand in separate cells.

    Raises:
        SourceError: With the first line that does not fit.
    """
    rows: list[Task] = []
    displaced: set[str] = set()  # sections of this table in which an unmarked row's ○ stands past the last column
    unsure: list[int] = []  # rows whose only ○ reads バックヤード by the header
    for at, raw in body:
        row, marks = _row(form, at, division, raw, rows[-1] if rows else above, split)
        if marks == {3}:
            displaced.add(row.section)
        elif marks == {2} and not row.cells[form.mark]:
            unsure.append(len(rows))
        rows.append(row)
    # Where neighbours' cells slipped to the right, a lone ○ under バックヤード may be a slipped 窓口: the text cannot tell.
    for index in unsure:
        row = rows[index]
        if row.section in displaced:
            rows[index] = row._replace(
                cells={**row.cells, **dict.fromkeys(form.channels, UNREAD)},
                reading=Reading.UNREADABLE,
                repairs=(*row.repairs, "channel_unsettled"),
            )
    return rows


def _row(form: Form, at_line: int, division: str, raw: str, above: Task | None, split: bool) -> tuple[Task, set[int]]:
    """One row, and where its ○ stand, counted from 委託不可項目 (0 = 委託不可項目, 1 = 窓口, 2 = バックヤード, 3 = past it)."""
    cells = raw.split("\t")
    if any(cell != cell.strip() for cell in cells):
        raise SourceError(at_line, "セルの前後に空白があります", "a cell with spaces around it")
    at, found = next(((i, match) for i, cell in enumerate(cells) if (match := _NUMBER.fullmatch(cell))), (0, None))
    if found is None:
        raise SourceError(at_line, "番号のある行のはずです", "expected a row with its number")
    repairs: list[str] = []
    section, group = _headings(at_line, cells[:at], above, repairs)
    number, name = found[1], found[2] or ""
    rest = cells[at + 1 :]
    if split:
        if name or not rest or not rest[0]:
            raise SourceError(at_line, "番号と名称は別のセルのはずです", "expected number and name in separate cells")
        name, rest = rest[0], rest[1:]
        repairs.append("number_split")
    _follows(at_line, number, section, above)
    mark, marks, slipped = _marks(form, at_line, rest)
    if at != 2 or slipped:
        repairs.append("cells_shifted")
    remark = ""
    if with_remark := _REMARK.fullmatch(name):
        name, remark = with_remark[1], with_remark[2]
        repairs.append("remark_split")
    if not name:
        name = group
        repairs.append("name_from_heading")
    if mark not in form.defined:
        repairs.append("undefined_mark")
    if 3 in marks:
        repairs.append("past_last_column")
    columns = {column - 1 for column in marks} if 3 in marks else marks
    return (
        Task(
            division=division,
            section=section,
            group=group,
            number=number,
            name=name,
            remark=remark,
            cells={
                form.mark: mark,
                **{name: form.listed if place in columns else "" for place, name in enumerate(form.channels, start=1)},
            },
            reading=Reading.JUDGED if _JUDGED.intersection(repairs) else Reading.AS_PRINTED,
            repairs=tuple(repairs),
            line=at_line,
            raw=raw,
        ),
        marks,
    )


def _headings(at_line: int, cells: list[str], above: Task | None, repairs: list[str]) -> tuple[str, str]:
    """大分類 and 中分類. A section never opens without a group beside it, so one heading alone is a 中分類."""
    headings = [cell for cell in cells if cell]
    if len(headings) == 2:
        return headings[0], headings[1]
    if len(headings) > 2 or above is None:
        raise SourceError(at_line, "大分類と中分類の数が合いません", "the headings do not fit")
    repairs.append("heading_carried")
    if not headings:
        return above.section, above.group
    if cells.index(headings[0]) != 1:
        repairs.append("heading_displaced")
    return above.section, headings[0]


def _follows(at_line: int, number: str, section: str, above: Task | None) -> None:
    """Numbers go on by 0 or 1; they start again at 1 with a new 大分類 alone."""
    allowed = {"1"} if above is None else {above.number, str(int(above.number) + 1)}
    if above is not None and above.section != section:
        allowed = {str(int(above.number) + 1), "1"}
    if number not in allowed:
        wanted = " / ".join(sorted(allowed, key=int))
        raise SourceError(
            at_line,
            f"番号が続きません（{number}。{wanted} のはず）",
            f"number {number} does not follow (expected {wanted})",
        )


def _marks(form: Form, at_line: int, rest: list[str]) -> tuple[str, set[int], bool]:
    """
    The cells after the name → the mark, where a channel is marked, and whether the cells slipped.

    Some marks can stand in the column of marks alone, so they fix that column, also where a cell was added before them.
    """
    glyphs = [(i, cell) for i, cell in enumerate(rest) if cell]
    known = (*sorted(form.marks), form.listed)
    if any(cell not in known for _, cell in glyphs):
        some = "・".join(known)
        raise SourceError(at_line, f"{some}以外のセルがあります", f"a cell that is none of {' '.join(known)}")
    letters = [(i, cell) for i, cell in glyphs if cell in form.marks]
    listed = {i for i, cell in glyphs if cell == form.listed}
    if len(letters) > 1 or (letters and letters[0][0] > 1):
        raise SourceError(at_line, "印の欄が読めません", "the column of marks cannot be read")
    slip = letters[0][0] if letters else 0
    listed = {i - slip for i in listed}
    if letters and letters[0][1] in form.alone:
        if listed:
            raise SourceError(
                at_line,
                f"{letters[0][1]}の行に{form.listed}があります",
                f"a {letters[0][1]} row that carries {form.listed}",
            )
        return letters[0][1], set(), bool(slip)
    mark = letters[0][1] if letters else form.listed if 0 in listed else ""
    channels = listed - {0}
    if not channels:
        raise SourceError(at_line, f"場の欄に{form.listed}がありません", f"no {form.listed} under any channel")
    if (
        (letters and 0 in listed)
        or min(listed) < 0
        or max(channels) > 3
        or {1, 3} <= channels
        or (mark and 3 in channels)
    ):
        raise SourceError(at_line, f"{form.listed}の位置が読めません", f"the place of {form.listed} cannot be read")
    return mark, channels, bool(slip)
