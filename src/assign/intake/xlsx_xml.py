"""
XML of a workbook, as it is streamed: its elements by their plain names, no deeper than a workbook's are.

The standard library's expat, so that a part is never held as a tree. `package` has let in nothing that declares an entity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final
from xml.parsers import expat

from assign.errors import DataError

from .limits import DEEPEST

BLANKS: Final = " \t\r\n"  # what a reader of XML may take for no text
_SEPARATOR: Final = " "


def walk(
    content: bytes,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """
    Each element's plain name with its attributes, as it begins and ends, and the text between.

    Raises:
        DataError: It is not well formed, too deep, or declares a type of document.
    """
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    depth = 0

    def begins(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise DataError("XML の入れ子が深すぎます", "its XML is nested too deeply")
        if any(_SEPARATOR in key for key in attributes):
            attributes = {_plain(key): value for key, value in attributes.items()}
        start(_plain(name), attributes)

    def ends(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(_plain(name))

    parser.StartElementHandler = begins
    parser.EndElementHandler = ends
    parser.StartDoctypeDeclHandler = _no_doctype
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat's own: that is all
    except expat.ExpatError as error:
        raise DataError(f"XML が壊れています（{error}）", f"its XML is damaged ({error})") from None


@lru_cache(maxsize=4096)  # a file has few names, each many times over
def _plain(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def _no_doctype(*_: Any) -> None:
    raise DataError("文書型宣言（DTD）があります", "it has a document type declaration (DTD)")
