"""
Places where something was seen → remarks, one for each sheet and kind, however many places there are.
"""

from __future__ import annotations

from dataclasses import replace

from assign.words import Bilingual

from .sheets import Remark


class Remarks:
    """Remarks as they are found; of one kind in one sheet the first place is kept, and how many more there are."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Remark] = {}

    def add(
        self,
        code: str,
        text: Bilingual,
        *,
        sheet: str = "",
        row: int = 0,
        column: int = 0,
        line: int = 0,
        of: str = "",
        said: str = "",
    ) -> None:
        """One place. `of`: what is counted apart from others of the same code (which colour); `said`: what a comment says."""
        key = (code, sheet, of)
        before = self._found.get(key)
        if before is None:
            self._found[key] = Remark(code, text, sheet, row, column, line, said=said)
        else:
            self._found[key] = replace(before, count=before.count + 1)

    def all(self) -> tuple[Remark, ...]:
        """In the order in which they were first found."""
        return tuple(self._found.values())
