"""
The program that reads a workbook or a PDF, in a process of its own: bytes come in on standard input, sheets go out as JSON.

    python -m assign.intake.child KIND SECONDS MEGABYTES

It bounds itself before it looks at the first byte: memory, time, and that it can write no file. Whatever happens to it, who asked
gets an answer or its end. What it answers is text, and is read as text: a reader that was taken over could lie about a file, and no more.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, Final

from assign.errors import DataError

from .remarks import Remarks
from .sheets import Cell, Remark, Row, Sheet, Span

NO_MEMORY: Final = (
    "読むのに要るメモリが多すぎます（表でないものが入っていないか確かめてください）",
    "it takes too much memory to read (look whether it holds something that is no table)",
)


def main() -> None:
    """Read one file, say what is in it, and end."""
    kind, seconds, megabytes = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    bound(seconds, megabytes)
    gc.disable()  # it reads one file and ends; looking for garbage would take a third of its time
    logging.disable(logging.CRITICAL)  # what a library says of a damaged file is not for the person
    try:
        said = _read(kind, sys.stdin.buffer.read())
    except DataError as error:
        said = {"error": [error.ja, error.en]}
    except (MemoryError, RecursionError):
        said = {"error": list(NO_MEMORY)}
    except Exception as error:  # noqa: BLE001 - a file of somebody's, in any shape; a library that meets it in any way
        name = type(error).__name__
        said = {"error": [f"読めません（壊れたファイルです: {name}）", f"it cannot be read (a damaged file: {name})"]}
    out = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    sys.stdout.buffer.write(out)
    sys.stdout.buffer.flush()
    os._exit(0)  # what it holds need not be given back piece by piece


def bound(seconds: float, megabytes: int) -> None:
    """No more memory and time than this, no core dump, no file written. Windows has no such limits: there time alone is bounded."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_CPU, max(1, round(seconds))),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # a lower one is there, or the system has none (macOS: memory)
            continue


def _read(kind: str, data: bytes) -> dict[str, Any]:
    remarks = Remarks()
    read: Callable[[bytes, Remarks], tuple[str, list[Sheet]]]
    if kind == "pdf":
        from .pdf import of_pdf as read
    elif kind == "ole":
        from .workbook import of_xls as read
    else:
        from .workbook import of_package as read
    found, sheets = read(data, remarks)
    return {
        "kind": found,
        "sheets": [_sheet(sheet) for sheet in sheets],
        "remarks": [_remark(each) for each in remarks.all()],
    }


def _sheet(sheet: Sheet) -> list[Any]:
    return [sheet.name, sheet.hidden, [[row.number, [_cell(cell) for cell in row.cells]] for row in sheet.rows]]


def _cell(cell: Cell) -> Any:
    """Its text, alone where there is nothing more to say."""
    if cell.merged is None and not cell.look and not cell.hidden:
        return cell.text
    span = cell.merged
    return [
        cell.text,
        None if span is None else [span.top, span.left, span.bottom, span.right],
        list(cell.look),
        cell.hidden,
        cell.unstruck,
    ]


def _remark(remark: Remark) -> list[Any]:
    return [
        remark.code,
        remark.text["ja"],
        remark.text["en"],
        remark.sheet,
        remark.row,
        remark.column,
        remark.count,
        remark.said,
    ]


def understood(said: dict[str, Any]) -> tuple[str, tuple[Sheet, ...], tuple[Remark, ...]]:
    """What `main` wrote, read back: the kind, sheets and remarks. Raises ValueError, TypeError, KeyError where it is none."""
    sheets = []
    for name, hidden, rows in said["sheets"]:
        made = []
        for number, cells in rows:
            read = tuple(_cell_of(each, str(name), int(number), column) for column, each in enumerate(cells, start=1))
            made.append(Row(int(number), read, 0, "\t".join(cell.text for cell in read)))
        sheets.append(Sheet(str(name), tuple(made), bool(hidden)))
    remarks = tuple(
        Remark(str(code), {"ja": str(ja), "en": str(en)}, str(sheet), int(row), int(column), 0, int(count), str(text))
        for code, ja, en, sheet, row, column, count, text in said["remarks"]
    )
    return str(said["kind"]), tuple(sheets), remarks


def _cell_of(said: Any, sheet: str, row: int, column: int) -> Cell:
    if isinstance(said, str):
        return Cell(said, sheet, row, column)
    text, span, look, hidden, unstruck = said
    merged = None if span is None else Span(*map(int, span))
    left = None if unstruck is None else str(unstruck)
    return Cell(str(text), sheet, row, column, 0, merged, tuple(map(str, look)), bool(hidden), left)


if __name__ == "__main__":
    main()
