"""
cp932 as text, and back to the same bytes.

Some 400 characters (㈱ ① 髙 ≒ ∵) have two codes in cp932, NEC's and IBM's, and Python writes one of them. A character that was read
in its other code is kept as a mark: a private-use character that stands for the code.
"""

from __future__ import annotations

import codecs
import re
from functools import cache
from pathlib import Path
from typing import Final

_PRIVATE: Final = 0xF0000  # and the code: no character of cp932
_CHARACTER: Final = re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\xfc]|[\x00-\xff]")


@cache
def twins() -> dict[str, str]:
    """Each mark → the character that it stands for."""
    found = {}
    for lead in (*range(0x81, 0xA0), *range(0xE0, 0xFD)):
        for trail in range(0x40, 0xFD):
            code = bytes((lead, trail))
            text = code.decode("cp932", "ignore")
            if len(text) == 1 and text.encode("cp932") != code:
                found[_mark(code)] = text
    return found


def decoded(data: bytes) -> str:
    """Bytes of cp932 as text with marks. Raises UnicodeDecodeError."""
    text = data.decode("cp932")
    return text if text.encode("cp932") == data else "".join(map(_character, _CHARACTER.findall(data)))


def code(text: str) -> bytes | None:
    """The code that a mark holds; None where the character is none."""
    return (ord(text) - _PRIVATE).to_bytes(2) if text in twins() else None


def copy_as_utf_8(source: Path, target: Path, *, marks: bool) -> bool:
    """Whether the whole file is cp932; then there is a copy in UTF-8, with marks or with the characters themselves."""
    decoder = codecs.getincrementaldecoder("cp932")()
    before = b""  # the first half of a character
    try:
        with source.open("rb") as file, target.open("wb") as out:
            while block := file.read(1 << 20):
                text = decoder.decode(block)
                half = decoder.getstate()[0]
                if marks:
                    text = decoded((before + block)[: len(before) + len(block) - len(half)])
                before = half
                out.write(text.encode())
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mark(data: bytes) -> str:
    return chr(_PRIVATE + int.from_bytes(data))


def _character(data: bytes) -> str:
    return mark if len(data) == 2 and (mark := _mark(data)) in twins() else data.decode("cp932")
