"""
Text for terminals: width, wrapping, tables, colour, and files that appear whole or not at all.

Full-width text is measured by Unicode's East Asian width. Characters of ambiguous width (○ △ ×) count as two, as
Japanese terminals show them: a line is then never too long. wcwidth would do the measuring, but costs a cold start 26 ms.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from shutil import get_terminal_size
from typing import Final, TextIO

from .errors import OutputError

WIDTH: Final = 80
_NEVER_FIRST: Final = "、。，．）」』】〕：；？！ー々・／…)]},.;:?!ぁぃぅぇぉっゃゅょァィゥェォッャュョ"  # what may not open a Japanese line
_NEVER_LAST: Final = "（「『【〔(["


def width(text: str) -> int:
    """Columns that a text takes: wide, full-width and ambiguous characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


@lru_cache(maxsize=4096)
def _columns(c: str) -> int:
    if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WFA" else 1


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`: between any two full-width characters (but for 、 and the like), at spaces elsewhere."""
    lines: list[str] = []
    line = ""
    for whole in _pieces(text):
        piece = whole
        if line and width(line) + width(piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        while width(piece) > columns:  # one word longer than a line
            cut = next(n for n in range(len(piece), 0, -1) if width(piece[:n]) <= columns)
            lines.append(piece[:cut])
            piece = piece[cut:]
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    """What may not be broken: a full-width character with what must stay beside it, or a word with its space."""
    pieces: list[str] = []
    for c in text:
        before = pieces[-1][-1] if pieces else ""
        wide = unicodedata.east_asian_width(c) in "WF"
        if pieces and (
            c in _NEVER_FIRST
            or before in _NEVER_LAST
            or (not wide and before != " " and unicodedata.east_asian_width(before) not in "WF")
            or c == " "
        ):
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces


def labelled(pairs: Iterable[tuple[str, str]], columns: int, beside: Iterable[tuple[str, str]]) -> list[str]:
    """Lines of `label  text`, the text wrapped beside its label, all labels as wide as the widest of `beside`."""
    indent = max((width(label) for label, _ in beside), default=0) + 2
    lines: list[str] = []
    for label, text in pairs:
        first, *rest = wrap(text, columns - indent)
        lines.append(label + " " * (indent - width(label)) + first)
        lines += [" " * indent + line for line in rest]
    return lines


def table(rows: Sequence[Sequence[str]], widest: Sequence[int]) -> list[str]:
    """Rows in columns of at most the given widths; a cell that is longer goes on below."""
    sizes = [min(limit, max(width(row[i]) for row in rows)) for i, limit in enumerate(widest)]
    lines: list[str] = []
    for row in rows:
        cells = [wrap(cell, size) for cell, size in zip(row, sizes, strict=True)]
        for i in range(max(map(len, cells))):
            parts = [cell[i] if i < len(cell) else "" for cell in cells]
            lines.append(
                "  ".join(part + " " * (size - width(part)) for part, size in zip(parts, sizes, strict=True)).rstrip()
            )
    return lines


def columns_of(stream: TextIO) -> int:
    """A terminal's columns, at most 100; 80 where the output is not a terminal."""
    return max(40, min(get_terminal_size((WIDTH, 24)).columns, 100)) if stream.isatty() else WIDTH


def colourful(stream: TextIO) -> bool:
    """Whether to colour: a terminal, NO_COLOR not set, not a dumb one."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def bold(text: str, stream: TextIO) -> str:
    """The text in bold where the stream shows colour."""
    return f"\x1b[1m{text}\x1b[0m" if colourful(stream) else text


def write(text: str, out: str | None, *, data: bool = False) -> None:
    """
    Write an answer to the file or to stdout.

    Args:
        text: What to write; a newline ends it.
        out: The file, which appears whole (UTF-8) or not at all.
        data: JSON, which is UTF-8 whatever the console can do, unless a terminal shows it.

    Raises:
        OutputError: It could not be written.
    """
    try:
        if out is not None:
            whole_or_not(Path(out), (text + "\n").encode("utf-8", "replace"))
        elif data and not sys.stdout.isatty():
            sys.stdout.flush()
            sys.stdout.buffer.write((text + "\n").encode("utf-8"))
            sys.stdout.buffer.flush()
        else:
            encoding = sys.stdout.encoding or "utf-8"
            sys.stdout.write((text + "\n").encode(encoding, "replace").decode(encoding))
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing to say, and nothing more to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        name = out or "stdout"
        raise OutputError(
            f"{name} に書けません（{error.strerror}）", f"cannot write {name} ({error.strerror})"
        ) from None


def whole_or_not(path: Path, data: bytes) -> None:
    """A temporary file beside it, synced, then renamed. Raises OSError; the old file is then as it was."""
    import tempfile  # costs a cold start 2 ms, for those who write no file

    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def complain(text: str) -> None:
    """A message on stderr."""
    say(text, sys.stderr)


def say(text: str, stream: TextIO) -> None:
    """A line, with whatever characters the console has."""
    encoding = stream.encoding or "utf-8"
    stream.write((text + "\n").encode(encoding, "replace").decode(encoding))
    stream.flush()
