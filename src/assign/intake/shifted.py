"""
A row whose cells have slipped, as text out of a PDF has them → its number, name and marks, by the order of its cells.

The cell with the number begins the row; what stands before it are headings. A mark that stands in the row's own column alone fixes
where that column is, and the channels are counted from there. Where as many marks stand as there are channels, each has one. Of a
lone mark past the last column the text cannot tell whose it is; the mapping may say that the list's columns slipped to the right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from assign.catalog.csv_file import is_number
from assign.catalog.manifest import UNREAD

from .mapping import UNSETTLED
from .mapping import Mapping as TheMapping

_NUMBER: Final = re.compile(r"([0-9０-９]{1,8}(?:[-－の][0-9０-９]{1,6}|[(（][0-9０-９]{1,4}[)）])?)(?:[\s　]+(\S.*))?")

# What else begins a cell with number and name: a sign that stands alone (`①`, `(1)`), digits with a dot, or parts before a space.
_DIGITS: Final = "[0-9０-９]"
_HEADED: Final = re.compile(
    rf"(?:([①-⑳]|[(（]{_DIGITS}{{1,4}}[)）])|({_DIGITS}{{1,4}})[.．、](?!{_DIGITS})"
    rf"|({_DIGITS}\S{{0,15}}|[ァ-ヶA-ZＡ-Ｚ]|\w{{1,4}}[-－]{_DIGITS}{{1,4}})\s)\s*(\S.*)",
    re.DOTALL,
)

_PLAIN: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x2212: "-", 0x2010: "-", 0x3000: " "}


class Shifted(NamedTuple):
    """What a row says. `marks`: by the order of the columns of marks. `displaced`: a heading stands in another heading's cell."""

    headings: tuple[str, ...]
    displaced: bool
    number: str
    name: str
    remark: str
    marks: Mapping[int, str]
    repairs: tuple[str, ...]


def number_and_name(text: str) -> tuple[str, str]:
    """
    A cell with both.

    >>> number_and_name("9の2 海外の治療"), number_and_name("受付"), number_and_name("12")
    (('9の2', '海外の治療'), ('', '受付'), ('12', ''))
    >>> number_and_name("1-3-ア 返還の請求"), number_and_name("②受付"), number_and_name("（1）受付"), number_and_name("3. 受付")
    (('1-3-ア', '返還の請求'), ('②', '受付'), ('(1)', '受付'), ('3', '受付'))
    """
    text = text.strip()
    if found := _NUMBER.fullmatch(text):
        return found[1], found[2] or ""
    if found := _HEADED.fullmatch(text):
        number = plain_number(found[1] or found[2] or found[3])
        if is_number(number):
            return number, found[4]
    return "", text


def plain_number(number: str) -> str:
    """
    A number with full-width signs written plain; no other sign is bent into a number.

    >>> plain_number("１－００１"), plain_number("９の２"), plain_number("ア"), plain_number("①")
    ('1-001', '9の2', 'ア', '①')
    """
    return number.translate(_PLAIN).replace(" ", "")


def row(texts: Sequence[str], mapping: TheMapping, known: frozenset[str]) -> Shifted | None:
    """
    A row of slipped cells; None where no number begins it.

    Args:
        texts: Its cells. known: Every mark that the mapping knows.
    """
    at = next((i for i, text in enumerate(texts) if _NUMBER.fullmatch(text) and text not in known), None)
    if at is None:
        return None
    headings = [(i, text) for i, text in enumerate(texts[:at]) if text]
    number, name = number_and_name(texts[at])
    repairs: list[str] = []
    rest = list(texts[at + 1 :])
    wanted = [column.role for column in mapping.columns]
    split = "number" in wanted
    if not name:
        named = next((i for i, text in enumerate(rest) if text), len(rest))
        if named < len(rest) and rest[named] not in known:
            name, rest = rest[named], rest[named + 1 :]
            if not split:
                repairs.append("number_split")
    before = sum(role in ("section", "group") for role in wanted)
    if at != before:
        repairs.append("cells_shifted")
    marks, remark, more = _marks(rest, mapping, known)
    displaced = bool(headings) and len(headings) < before and headings[0][0] != before - 1
    return Shifted(
        tuple(text for _, text in headings),
        displaced,
        number,
        name,
        remark,
        marks,
        tuple(dict.fromkeys([*repairs, *more])),
    )


def _marks(rest: Sequence[str], mapping: TheMapping, known: frozenset[str]) -> tuple[dict[int, str], str, list[str]]:
    """The cells after the name → what is printed under each column of marks, the remark, and what was repaired."""
    columns = mapping.of_marks
    own = next((i for i, column in enumerate(columns) if not (column.channel or column.acts or column.party)), None)
    cells = list(rest)
    remark = ""
    if any(column.role == "remark" for column in mapping.columns):
        last = next((text for text in reversed(cells) if text), "")
        if last and last not in known and len(last) > 3:
            remark, cells = last, cells[: len(cells) - 1 - cells[::-1].index(last)]
    repairs: list[str] = []
    marks: dict[int, str] = {}
    others = [i for i in range(len(columns)) if i != own]
    if own is not None:
        alone = {m.printed for m in columns[own].marks if m.printed} - {
            m.printed for i in others for m in columns[i].marks
        }
        anchor = next((i for i, text in enumerate(cells) if text in alone), None)
        if anchor is None:
            # Nothing fixes the columns: what is printed cannot be placed.
            printed = [text for text in cells if text]
            marks = {own: "", **dict.fromkeys(others, UNREAD if printed else "")}
            return marks, remark, ["channel_unsettled"] if printed else []
        if anchor:
            repairs.append("cells_shifted")
        marks[own] = cells[anchor]
        cells = cells[anchor + 1 :]
    printed_at = [(i, text) for i, text in enumerate(cells) if text]
    if len(printed_at) == len(others):
        marks |= {column: text for column, (_, text) in zip(others, printed_at, strict=True)}
        if printed_at and printed_at[-1][0] >= len(others):
            repairs.append("cells_shifted")
        return marks, remark, repairs
    past = printed_at[-1][0] - len(others) + 1 if printed_at else 0
    if past > 0:
        if mapping.past_last_column == UNSETTLED[0] or len(printed_at) > len(others) or printed_at[0][0] < past:
            return {**marks, **dict.fromkeys(others, UNREAD)}, remark, [*repairs, "channel_unsettled"]
        printed_at = [(i - past, text) for i, text in printed_at]
        repairs.append("past_last_column")
    there = dict(printed_at)
    return {**marks, **{column: there.get(place, "") for place, column in enumerate(others)}}, remark, repairs
