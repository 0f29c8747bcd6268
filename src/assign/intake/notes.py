"""
What was noted in reading a list: lines that are no rows, rows repaired, doubtful, refused; each with its place.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from assign.errors import path_shown, visible
from assign.words import Bilingual
from assign.yaml_nodes import Node

from .sheets import Cell, Remark, Row, place

LEVELS: Final = ("refused", "doubtful", "repaired", "skipped")


Where = Row | Cell | Remark | Node | None  # in the file; a node: in the mapping


class Note(NamedTuple):
    """One thing that was noted. `code` is a stable name."""

    level: str
    code: str
    text: Bilingual
    place: Bilingual

    def plain(self) -> dict[str, Any]:
        """As JSON gives it."""
        return {"level": self.level, "code": self.code, "text": dict(self.text), "place": dict(self.place)}


class Notes:
    """All of them, in the order in which they were made; the same is said of a place once."""

    def __init__(self, file: str) -> None:
        self.file: str = file
        self.all: list[Note] = []
        self._said: set[tuple[str, str, str]] = set()

    def _add(self, level: str, where: Where, code: str, ja: str, en: str) -> None:
        if isinstance(where, Row):
            where = Cell("", where.sheet, where.number, 0, where.line)
        if isinstance(where, Node):
            name = path_shown(where.file)
            at: Bilingual = {"ja": f"{name} の {where.line} 行目", "en": f"{name}, line {where.line}"}
        else:
            at = place(self.file, where) if where is not None else {"ja": "", "en": ""}
        if (code, at["ja"], ja) not in self._said:
            self._said.add((code, at["ja"], ja))
            self.all.append(Note(level, code, {"ja": visible(ja), "en": visible(en)}, at))

    def refused(self, where: Where, code: str, ja: str, en: str) -> None:
        """While there is one of these, there is no edition."""
        self._add("refused", where, code, ja, en)

    def doubtful(self, where: Where, code: str, ja: str, en: str) -> None:
        """Read, and to be looked at by a person."""
        self._add("doubtful", where, code, ja, en)

    def repaired(self, where: Where, code: str, ja: str, en: str) -> None:
        """Read as it must be meant."""
        self._add("repaired", where, code, ja, en)

    def skipped(self, row: Row, text: str, *, heading: bool = False) -> None:
        """No row of the list: a heading, or what the mapping leaves out."""
        code = "heading" if heading else "skip"
        self._add("skipped", row, code, text[:200], text[:200])

    def of(self, level: str) -> list[Note]:
        """Those of one level."""
        return [note for note in self.all if note.level == level]
