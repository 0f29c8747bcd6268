"""
Sheets with the very same header → whether they look like one list before and after a change, and the day on which each begins to hold.

Their names say it: 前 and 後, 改正前 and 改正後, 旧 and 新, a year or a day. A day is taken from where it is printed, in the name or above the
table, and never made up: where none is printed none is offered, and the mapping is refused until a person has written it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from .sheets import Sheet

_VERSION: Final = re.compile(
    r"^前$|^後$|改正|改定|変更[前後]|見直し[前後]|現行|^[新旧]|[新旧]$|令和|平成|[RH][0-9]{1,2}(?![0-9])|20[0-9]{2}|年度|第?[0-9]+版"
)
_DAY: Final = re.compile(
    r"(?:(?P<era>令和|R)\s?(?P<of>[0-9]{1,2}|元)|(?P<year>20[0-9]{2}))\s?[年./-]\s?(?P<month>[0-9]{1,2})\s?[月./-]\s?(?P<day>[0-9]{1,2})"
)
_FISCAL: Final = re.compile(r"(?:(?P<era>令和|R)(?P<of>[0-9]{1,2}|元)|(?P<year>20[0-9]{2}))(?:年度|(?=\D|$))")


def editions(sheets: Sequence[Sheet], parts: Sequence[dict[str, Any]], header: int) -> list[dict[str, Any]]:
    """
    An entry of `editions` for each sheet, the earlier first; empty where they do not look like one list at two times.

    Args:
        parts: Where the table stands, for each of the sheets.
        header: The first row of its header: what stands above it may have the day.
    """
    versions = [bool(_VERSION.search(_plain(sheet.name))) for sheet in sheets]
    if len(sheets) < 2 or sum(versions) < len(sheets) - 1 or (not versions[-1] and not versions[0]):
        return []
    found = [(day_of(sheet, header), sheet, part) for sheet, part in zip(sheets, parts, strict=True)]
    if all(day for day, _, _ in found):
        found.sort(key=lambda each: each[0])
    names = ["before", "after"] if len(found) == 2 else [f"edition{at}" for at in range(1, len(found) + 1)]
    return [
        {"folder": name, "edition": sheet.name, **({"effective": day} if day else {}), "parts": [part]}
        for name, (day, sheet, part) in zip(names, found, strict=True)
    ]


def day_of(sheet: Sheet, header: int) -> str:
    """The day that is printed in a sheet's name or above its table; of a fiscal year its first day; empty: none."""
    above = [cell.text for row in sheet.rows if row.number < header for cell in row.cells if cell.text.strip()]
    texts = [_plain(text) for text in (sheet.name, *above)]
    for pattern in (_DAY, _FISCAL):
        for text in texts:
            if (found := pattern.search(text)) is not None:
                said = found.groupdict()
                year = int(said["year"]) if said["year"] else 2018 + (1 if said["of"] == "元" else int(said["of"]))
                try:
                    return date(year, int(said.get("month") or 4), int(said.get("day") or 1)).isoformat()
                except ValueError:
                    continue
    return ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()
