"""
The parts of an xlsx that are beside its sheets → which sheets there are, what styles mean, which shared texts are struck through in
part, and text that stands in no cell (text boxes, comments).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from assign.errors import DataError, shown

from .xlsx_xml import BLANKS, walk

_MOST_STYLES: Final = 65_490  # Excel's own limit
_BLACK: Final = frozenset({"000000", "theme 1", "indexed 8", "indexed 64"})
_WHITE: Final = frozenset({"FFFFFF", "theme 0", "indexed 9", "indexed 65"})


class SheetPart(NamedTuple):
    """A sheet: its name, where its XML is, whether it is hidden, and the parts that it leads to (drawings, comments)."""

    name: str
    part: str
    hidden: bool
    leads_to: tuple[str, ...]


class Style(NamedTuple):
    """What a style is: the format of its numbers, and what it looks like (`strike`, `fill FFFF00`, `colour FF0000`)."""

    format: str
    look: tuple[str, ...]


@dataclass
class Shared:
    """
    Of the shared texts: how many, which are blank, what those with parts of different dress look like, and of those that are struck
    through in part what is not.
    """

    count: int = 0
    blank: set[int] = field(default_factory=set)
    looks: dict[int, tuple[str, ...]] = field(default_factory=dict)
    unstruck: dict[int, str] = field(default_factory=dict)


class Book(NamedTuple):
    """The sheets, in their order; whether days are counted from 1904; and where styles and shared texts are, empty where there are none."""

    sheets: list[SheetPart]
    since_1904: bool
    styles: str
    shared: str


def book_of(parts: Mapping[str, bytes]) -> Book:
    """What is in a workbook, and where. Raises DataError."""
    book = _target(parts, "", "_rels/.rels", "officeDocument") or "xl/workbook.xml"
    if book not in parts:
        raise DataError("ブックの本体（workbook.xml）がありません", "there is no workbook.xml in it")
    leads = dict(_relations(parts, book))
    found: list[SheetPart] = []
    since_1904: list[bool] = []

    def begins(name: str, has: Mapping[str, str]) -> None:
        if name == "workbookPr":
            since_1904.append(has.get("date1904") in ("1", "true"))
        elif name == "sheet":
            part = leads.get(has.get("id", ""), ("", ""))[1]
            if part not in parts:
                raise DataError(f"シート {shown(has.get('name', ''))} の中身がありません", f"the sheet {shown(has.get('name', ''))} has no content")  # fmt: skip
            others = tuple(target for _, target in dict(_relations(parts, part)).values())
            found.append(SheetPart(has.get("name", ""), part, has.get("state", "visible") != "visible", others))

    walk(parts[book], begins)
    kinds = {kind: target for kind, target in leads.values() if target in parts}
    return Book(found, any(since_1904), kinds.get("styles", ""), kinds.get("sharedStrings", ""))


def _target(parts: Mapping[str, bytes], base: str, rels: str, ending: str) -> str:
    for kind, target in dict(_relations(parts, base, rels)).values():
        if kind == ending:
            return target
    return ""


def _relations(parts: Mapping[str, bytes], part: str, rels: str = "") -> list[tuple[str, tuple[str, str]]]:
    """What a part leads to: id → (kind, part)."""
    folder, name = posixpath.split(part)
    content = parts.get(rels or posixpath.join(folder, "_rels", f"{name}.rels"))
    found: list[tuple[str, tuple[str, str]]] = []
    if content is None:
        return found

    def begins(name: str, has: Mapping[str, str]) -> None:
        if name == "Relationship" and has.get("TargetMode") != "External":
            target = has.get("Target", "")
            target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found.append((has.get("Id", ""), (has.get("Type", "").rpartition("/")[2], target)))

    walk(content, begins)
    return found


def styles_of(content: bytes | None) -> list[Style]:
    """Each style by its number."""
    if content is None:
        return []
    reader = _Styles()
    walk(content, reader.begins, reader.ends)
    return [
        Style(
            reader.formats.get(number, BUILT_IN.get(number, "General")),
            (*_at(reader.fonts, font), *_at(reader.fills, fill), *_at(reader.borders, border)),
        )
        for number, font, fill, border in reader.cells
    ]


def _at(looks: list[tuple[str, ...]], number: int) -> tuple[str, ...]:
    return looks[number] if 0 <= number < len(looks) else ()


_TABLES: Final = ("fonts", "fills", "borders")


class _Styles:
    """The tables of a stylesheet, as they are streamed."""

    def __init__(self) -> None:
        self.formats: dict[int, str] = {}
        self.fonts: list[tuple[str, ...]] = []
        self.fills: list[tuple[str, ...]] = []
        self.borders: list[tuple[str, ...]] = []
        self.cells: list[tuple[int, int, int, int]] = []
        self._path: list[str] = []
        self._look: list[str] = []
        self._solid = self._coloured = self._diagonal = False

    def begins(self, name: str, has: Mapping[str, str]) -> None:
        self._path.append(name)
        table = self._path[1] if len(self._path) > 1 else ""
        if name == "numFmt" and table == "numFmts":
            self.formats[_whole(has.get("numFmtId"))] = has.get("formatCode", "General")
        elif name == "xf" and table == "cellXfs":
            if len(self.cells) >= _MOST_STYLES:
                raise DataError(f"書式が {_MOST_STYLES:,} より多いです", f"more than {_MOST_STYLES:,} styles")
            self.cells.append(
                (_whole(has.get("numFmtId")), _whole(has.get("fontId")), _whole(has.get("fillId")), _whole(has.get("borderId")))
            )  # fmt: skip
        elif table in _TABLES:
            if len(self._path) == 3:
                self._look, self._solid, self._coloured = [], False, False
                self._diagonal = any(has.get(way) in ("1", "true") for way in ("diagonalUp", "diagonalDown"))
            looks = {"fonts": font_look, "fills": self._fill_look, "borders": self._border_look}
            self._look += looks[table](name, has)

    def ends(self, _: str) -> None:
        if len(self._path) == 3 and self._path[1] in _TABLES:
            {"fonts": self.fonts, "fills": self.fills, "borders": self.borders}[self._path[1]].append(tuple(self._look))
        self._path.pop()

    def _fill_look(self, name: str, has: Mapping[str, str]) -> list[str]:
        if name == "patternFill":
            pattern = has.get("patternType", "none")
            self._solid = pattern == "solid"
            return [] if pattern in ("none", "solid") else [f"pattern {pattern}"]
        if name == "gradientFill":
            return ["pattern gradient"]
        if name == "fgColor" or (name == "bgColor" and not self._coloured):  # a fill without the first has the second
            colour = _colour(has)
            self._coloured = bool(colour)
            plain = colour in _WHITE or colour == "indexed 64" or not colour
            return [] if plain or not self._solid else [f"fill {colour}"]
        return []

    def _border_look(self, name: str, has: Mapping[str, str]) -> list[str]:
        """A line across a cell."""
        return ["diagonal"] if name == "diagonal" and self._diagonal and has.get("style", "none") != "none" else []


def font_look(name: str, has: Mapping[str, str]) -> list[str]:
    """What an element of a font says of the text: struck through, or of another colour than black."""
    if name in ("strike", "dstrike"):
        return ["strike"] if has.get("val", "1") not in ("0", "false", "none") else []
    if name == "color":
        colour = _colour(has)
        return [] if colour in _BLACK or not colour else [f"colour {colour}"]
    return []


def _colour(has: Mapping[str, str]) -> str:
    if "rgb" in has:
        return has["rgb"][-6:].upper()
    for kind in ("theme", "indexed"):
        if kind in has:
            tint = has.get("tint", "")
            return f"{kind} {has[kind]}" + (f" tint {tint[:5]}" if tint and tint != "0" else "")
    return ""


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else 0


def shared_of(content: bytes | None) -> Shared:
    """The shared texts, without their texts: those are calamine's to read."""
    found = Shared()
    if content is None:
        return found
    runs: list[tuple[str, ...]] = []
    look: list[str] = []
    texts: list[str] = []  # of each run
    state = {"said": False, "run": False, "phonetic": False, "text": False}

    def begins(name: str, has: Mapping[str, str]) -> None:
        if name == "si":
            runs.clear()
            texts.clear()
            state["said"] = False
        elif name == "r":
            look.clear()
            texts.append("")
            state["run"] = True
        elif name == "rPh":
            state["phonetic"] = True
        elif name == "t":
            state["text"] = not state["phonetic"]
        elif state["run"]:
            look.extend(font_look(name, has))

    def says(text: str) -> None:
        if state["text"] and text.strip(BLANKS):
            state["said"] = True
        if state["text"] and state["run"]:
            texts[-1] += text

    def ends(name: str) -> None:
        if name == "t":
            state["text"] = False
        elif name == "rPh":
            state["phonetic"] = False
        elif name == "r":
            state["run"] = False
            runs.append(tuple(look))
        elif name == "si":
            if not state["said"]:
                found.blank.add(found.count)
            if together := look_of_runs(runs):
                found.looks[found.count] = together
            if (left := unstruck_of_runs(texts, runs)) is not None:
                found.unstruck[found.count] = left
            found.count += 1

    walk(content, begins, ends, says)
    return found


def look_of_runs(runs: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What a text of several runs looks like: what all of them wear, and what some do."""
    every = [each for each in runs[0] if all(each in run for run in runs)] if runs else []
    some = dict.fromkeys(each for run in runs for each in run if each not in every)
    return (*every, *(f"partly {each}" for each in some))


def unstruck_of_runs(texts: Sequence[str], runs: Sequence[tuple[str, ...]]) -> str | None:
    """Of a text of several runs that is struck through in part, what is not; None of any other."""
    if not runs or "partly strike" not in look_of_runs(runs):
        return None
    return "".join(text for text, worn in zip(texts, runs, strict=True) if "strike" not in worn)


def drawn_text(content: bytes) -> str:
    """The text of the boxes and shapes of a drawing."""
    return _text_in(content, "t")


def comments(content: bytes) -> list[tuple[str, str]]:
    """The comments on cells: where, and what they say."""
    found: list[tuple[str, list[str]]] = []
    inside: list[str] = []

    def begins(name: str, has: Mapping[str, str]) -> None:
        if name in ("comment", "threadedComment"):
            found.append((has.get("ref", ""), []))
        inside.append(name)

    def says(text: str) -> None:
        if found and inside and inside[-1] in ("t", "text"):
            found[-1][1].append(text)

    walk(content, begins, lambda _: inside.__delitem__(-1), says)
    return [(where, "".join(said)) for where, said in found]


def _text_in(content: bytes, element: str) -> str:
    said: list[str] = []
    inside: list[str] = []
    walk(
        content,
        lambda name, _: inside.append(name),
        lambda _: inside.__delitem__(-1),
        lambda text: said.append(text) if inside and inside[-1] == element else None,
    )
    return " ".join(said)


_ERA: Final = '[$-411]ggge"年"m"月"d"日"'
_ERA_SHORT: Final = "[$-411]ge.m.d"
# Formats that have a number alone, as Excel in Japan prints them.
# Source: ECMA-376 part 1, 18.8.30 (numFmt), the table of all languages and that of ja-jp.
BUILT_IN: Final[Mapping[int, str]] = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy/m/d h:mm", 27: _ERA_SHORT, 28: _ERA, 29: _ERA, 30: "m/d/yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"時"mm"分"',
    33: 'h"時"mm"分"ss"秒"', 34: 'yyyy"年"m"月"', 35: 'm"月"d"日"', 36: _ERA_SHORT, 37: "#,##0;-#,##0", 38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
    50: _ERA_SHORT, 51: _ERA, 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: _ERA, 55: 'yyyy"年"m"月"', 56: 'm"月"d"日"',
    57: _ERA_SHORT, 58: _ERA,
}  # fmt: skip
