"""
A table whose channels are headings over one column (【窓口】, 【郵送】) → a part for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from .header import headers
from .mapping import OF_PART
from .sheets import Row, Source
from .vocabulary import known

_HEADING: Final = re.compile(r"[【〔\[（(<＜《■●◆]\s*(.{1,12}?)\s*[】〕\]）)>＞》]?")


def by_headings(
    source: Source, parts: Sequence[dict[str, Any]], columns: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """
    The parts, those with channels as headings as several; and these channels, by key, with `called` and `kind`.

    Args:
        columns: Those that are offered; the one that such headings stand over is said to be `of_part`.
    """
    found: list[dict[str, Any]] = []
    channels: dict[str, dict[str, Any]] = {}
    for part in parts:
        rows = [row for sheet in source.sheets if sheet.name == part.get("sheet", sheet.name) for row in sheet.rows]
        heads = list(_heads(rows, part))
        column = _only(rows, part, columns) if len(heads) > 1 and all(key for _, key, _ in heads) else None
        if column is None:
            found.append(part)
            continue
        column["channel"] = OF_PART
        last = str(part["rows"]).partition("-")[2]
        ends = [*(at - 1 for at, _, _ in heads[1:]), last]
        for (at, channel, called), end in zip(heads, ends, strict=True):
            key, kind = channel.split()
            channels.setdefault(key, {"called": called, "kind": kind})
            found.append({**part, "rows": f"{at + 1}-{end}", "channel": key})
    return found, channels


def _heads(rows: Sequence[Row], part: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """The heading rows of a part: where each stands, and the channel that it names, if it is one."""
    first, _, last = str(part["rows"]).partition("-")
    for row in rows:
        at = row.number if "sheet" in part else row.line
        texts = [cell.text.strip() for cell in row.cells if cell.text.strip()]
        if int(first) <= at <= int(last or at) and len(texts) == 1 and (head := _HEADING.fullmatch(texts[0])):
            yield at, known("channel", head[1]), head[1]


def _only(rows: Sequence[Row], part: Mapping[str, Any], columns: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The only column of marks of a table, if it is of no channel of its own."""
    first, _, last = str(part["header"]).partition("-")
    head = [row for row in rows if int(first) <= (row.number if "sheet" in part else row.line) <= int(last or first)]
    printed = {word for text in headers(head).values() for word in (text, text.rpartition("/")[2])}
    marks = [column for column in columns if column["role"] == "mark" and column.get("header") in printed]
    return marks[0] if len(marks) == 1 and not {"channel", "party"} & set(marks[0]) else None
