"""
Text for terminals: tables, colour, and files that appear whole or not at all.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from shutil import get_terminal_size
from typing import Final, TextIO

from assign.columns import labelled, pieces, width, wrap
from assign.errors import path_shown
from assign.files import unwritable, whole_or_not, writing

WIDTH: Final = 80


NARROWEST: Final = 20  # columns in which a sentence can still be read


_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


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


def in_terminal(out: str | None) -> bool:
    """Whether the answer is read in a terminal: not in a pipe, nor in a file."""
    return out is None and sys.stdout is not None and not sys.stdout.closed and sys.stdout.isatty()


def listing(
    head: Sequence[str], body: Sequence[Sequence[str]], flexible: int, out: str | None, *, quiet: bool = False
) -> list[str]:
    """
    A list as it is to be read: in a terminal as wide as that is, the one flexible column wrapped; in a pipe or a file one row
    a line, whole, so that `grep` finds it. Where a terminal leaves that column no room to be read in, each row is a block.

    Args:
        quiet: The rows alone, without their head.
    """
    rows = body if quiet else [head, *body]
    sizes = [max(width(row[i]) for row in (head, *body)) for i in range(len(head))]
    if in_terminal(out):
        columns = get_terminal_size((WIDTH, 24)).columns
        room = columns - (sum(sizes) - sizes[flexible] + 2 * (len(sizes) - 1))
        if room < min(sizes[flexible], NARROWEST):
            blocks = [
                labelled(pairs, max(columns, NARROWEST), pairs)
                for row in body
                if (pairs := list(zip(head, row, strict=True)))
            ]
            return [line for block in blocks for line in (*block, "")][:-1]
        sizes[flexible] = min(sizes[flexible], room)
    return table(rows, sizes)


def folded(line: str, columns: int) -> list[str]:
    """A line that is too long for the terminal, continued below, further in; one of a word that is too long (a key) stays whole."""
    indent = len(line) - len(line.lstrip(" "))
    room = columns - indent - 4
    if width(line) <= columns or any(width(piece) > room for piece in pieces(line)):
        return [line]
    first, *rest = wrap(line, room)
    return [" " * indent + first, *(" " * (indent + 4) + each for each in rest)]


def separated(rows: Iterable[Sequence[str]], form: str) -> str:
    """
    Rows as `csv` or `tsv`, for a spreadsheet or a program.

    CSV begins with a byte order mark: without it Excel in Japan takes UTF-8 for cp932 and shows rubbish. A cell that a
    spreadsheet would take for a formula is given a leading `'`. TSV has neither; a tab or a line end in a cell is a space.
    """
    if form == "tsv":
        return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
    lines = (",".join(_csv_cell(cell) for cell in row) for row in rows)
    return "\ufeff" + "\r\n".join(lines) + "\r"  # `write` ends the last line


def _csv_cell(cell: str) -> str:
    guarded = f"'{cell}" if cell[:1] in _FORMULA else cell
    return '"' + guarded.replace('"', '""') + '"' if any(c in guarded for c in ',"\r\n') else guarded


def columns_of(stream: TextIO | None) -> int:
    """A terminal's columns, at most 100; 80 where the output is not a terminal, or there is none."""
    if stream is None or stream.closed:
        return WIDTH
    return max(40, min(get_terminal_size((WIDTH, 24)).columns, 100)) if stream.isatty() else WIDTH


def as_wide_as(stream: TextIO | None, text: str) -> list[str]:
    """Lines no wider than the terminal that shows them; in a pipe or a file one, whole, so that `grep` finds it."""
    if stream is None or stream.closed or not stream.isatty():
        return [text]
    return folded(text, columns_of(stream))


def colourful(stream: TextIO | None) -> bool:
    """Whether to show bold text: a terminal, NO_COLOR not set, not a dumb one."""
    return (
        stream is not None
        and not stream.closed
        and stream.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def bold(text: str, stream: TextIO | None) -> str:
    """The text in bold where the stream shows colour."""
    return f"\x1b[1m{text}\x1b[0m" if colourful(stream) else text


def write(text: str, out: str | None, *, data: bool = False) -> bool:
    """
    Write an answer to the file or to stdout.

    Args:
        text: What to write; a newline ends it.
        out: The file, which appears whole (UTF-8) or not at all.
        data: JSON, which is UTF-8 whatever the console can do, unless a terminal shows it.

    Returns:
        Whether anybody reads on: False where the reader of a pipe has gone (`| head`), which is no failure.

    Raises:
        OutputError: It could not be written.
    """
    try:
        if out is None and sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        if out is not None:
            whole_or_not(out, (text + "\n").encode("utf-8", "replace"))
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
        _silence(sys.stdout)
        return False
    except (OSError, ValueError) as error:
        if out is None:
            _silence(sys.stdout)
        raise unwritable(path_shown(out) if out else "stdout", error) from None
    return True


def pour(lines: Iterable[str], out: str | None) -> None:
    """
    Write line after line (UTF-8) to the file, which appears whole or not at all, or to stdout.

    Raises:
        OutputError: They could not be written.
    """
    if out is None:
        rest = iter(lines)
        while (some := list(islice(rest, 1000))) and write("\n".join(some), None, data=True):
            pass
        return
    try:
        with writing(out) as file:
            file.writelines(f"{line}\n".encode() for line in lines)
    except OSError as error:
        raise unwritable(path_shown(out), error) from None


def complain(text: str) -> None:
    """
    A message on stderr, with whatever characters the console has. Where it cannot be written there is nobody to tell; of
    stdout that would be an answer lost in silence: `write` raises.
    """
    if (stream := sys.stderr) is None:
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write((text + "\n").encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        _silence(stream)


def complain_bytes(data: bytes) -> None:
    """JSON on stderr, UTF-8 whatever the console can do."""
    try:
        sys.stderr.flush()
        sys.stderr.buffer.write(data)
        sys.stderr.buffer.flush()
    except AttributeError:  # a stream of text alone, in somebody's own program
        complain(data.decode("utf-8").rstrip("\n"))
    except (OSError, ValueError):
        _silence(sys.stderr)


def flush() -> None:
    """Everything out, before the exit code is said. Raises OutputError."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except (OSError, ValueError) as error:
        _silence(sys.stdout)
        raise unwritable("stdout", error) from None


def _silence(stream: TextIO | None) -> None:
    """What cannot be written to any more is not flushed at exit: that would change the exit code, and say so in English."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[union-attr]  # None is suppressed
