"""
A CSV file → its header, and its rows as a frame of text.

Polars reads the file, and every byte of it is accounted for: bytes and rows are counted here, and compared with what Polars gave,
since it reads a short row as empty cells in silence. A file whose count differs (a short row, another encoding in one cell, a quote
that never closes) is read again here, row by row, by the strict parser that reads the header, too: each broken row becomes an output
row that says what is wrong.
"""

from __future__ import annotations

import re
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from assign.errors import BadRequest, DataError, code_point, shown

from . import columns, cp932
from .options import Options
from .recognise import BOM, LONGEST, euc, of_lines, refuse
from .source import DAMAGE, CsvByteCheck, Source, damage, not_ours

BLOCK: Final = 1 << 17  # bytes at a time: they fit the processor's cache
HEAD: Final = 1 << 22  # bytes in which a header ends

_QUOTED_TEXT: Final = rb'"[^"]*+(?:""[^"]*+)*+'  # a quoted cell but for its last quote
_CELL: Final = rb"(?:" + _QUOTED_TEXT + rb'"|[^",\r\n]*+)'
_ROW: Final = re.compile(rb"(?:" + _CELL + rb",)*+" + _CELL)
_OPEN: Final = re.compile(rb"(?:" + _CELL + rb",)*+" + _QUOTED_TEXT)
_GOES_ON: Final = re.compile(rb'[^"]*+(?:""[^"]*+)*+')
_CLOSES: Final = re.compile(rb'[^"]*+(?:""[^"]*+)*+"(?:,(?:' + _CELL + rb",)*+" + _CELL + rb")?")
_CLOSES_AND_OPENS: Final = re.compile(rb'[^"]*+(?:""[^"]*+)*+",(?:' + _CELL + rb",)*+" + _QUOTED_TEXT)
_CELLS: Final = re.compile(rb'(?:"([^"]*+(?:""[^"]*+)*+)"|([^",\r\n]*+))(?:,|\Z)')
_FIRST_LINE: Final = re.compile(rb'(?:[^"\r\n]++|"[^"]*+")*+')
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_OTHER_ENDS: Final = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")  # of lines elsewhere, never here
_SWAP: Final = bytes.maketrans(b"\r\n", b"\n\r")


def read(path: Path, work: Path, options: Options, *, answered: bool = False) -> Source:
    """
    A CSV file as a frame of text.

    Args:
        answered: Whether it is one that was written here, with the answers in it: its columns are not looked at then.

    Raises:
        DataError: It is none. BadRequest: Its columns are not those of requests, or its first line is no header.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    refuse(head, "csv")
    bom = head.startswith(BOM)
    head = head.removeprefix(BOM)
    newline = _newline(head)
    if (
        newline == b"\r"
    ):  # as Excel's 'CSV (Macintosh)': CR and LF are exchanged for reading, and exchanged back in the cells
        path = _exchanged(path, work)
        head = head.translate(_SWAP)
    path = _without_blank_end(path, work)
    if not answered:
        of_lines(path)
    encoding = _encoding(head, options.encoding)
    clean = True
    twins = (
        encoding == "cp932" and options.out_format == "csv" and not answered
    )  # then it is written with the same codes
    if encoding == "cp932":
        recoded = work / "utf-8.csv"
        clean = cp932.copy_as_utf_8(path, recoded, marks=twins)
        path = recoded if clean else path
    names, start = _header(path, "utf-8" if clean else encoding)
    fields = {} if answered else columns.of_file(names)
    written = {"encoding": encoding, "bom": bom, "newline": newline.decode() or "\n", "twins": twins}

    def mended() -> Source:
        found = _mended(path, work, names, fields, "utf-8" if clean else encoding, start, written)
        return found if clean or twins else _without_marks(found)

    if newline == b"\r":
        return _exchanged_back(mended())
    return (_by_engine(path, names, fields, start, mended, written) if clean else None) or mended()


def _by_engine(
    path: Path,
    names: list[str],
    fields: dict[str, str],
    start: int,
    mend: Callable[[], Source],
    written: dict[str, object],
) -> Source | None:
    """The file as Polars is to read it; None where it must be read row by row."""
    import polars as pl

    byte_check = _byte_check(path, start, len(names))
    if byte_check is None:
        return None
    frame = pl.scan_csv(path, infer_schema=False, empty_string_is_null=False, glob=False)
    with suppress(pl.exceptions.PolarsError):
        if frame.collect_schema().names() == names:
            return Source(frame, byte_check.lines, fields, byte_check=byte_check, mend=mend, **written)  # type: ignore[arg-type]  # how it is written
    return None


def _mended(
    path: Path,
    work: Path,
    names: list[str],
    fields: dict[str, str],
    encoding: str,
    start: int,
    written: dict[str, object],
) -> Source:
    import polars as pl

    mended = work / "mended.parquet"
    rows = _mend(path, mended, names, encoding, start)
    return Source(pl.scan_parquet(mended, glob=False), rows, fields, **written)  # type: ignore[arg-type]  # how it is written


# -- the first line --------------------------------------------------------------------------------------------------


def _newline(head: bytes) -> bytes:
    """The line end after the header; none where nothing follows. Raises BadRequest where the first line is no row."""
    end = _FIRST_LINE.match(head).end()  # type: ignore[union-attr]  # it matches nothing at all, too
    rest = head[end : end + 2]
    if rest.startswith(b'"'):
        raise BadRequest("1 行目（見出し）の引用符が閉じていません", "line 1 (the header): a quote that never closes")
    if len(head) == HEAD and not rest:
        raise BadRequest("1 行目（見出し）が長すぎます", "line 1 (the header) is too long")
    if rest == b"\r\n":
        return rest
    if rest.startswith(b"\r"):
        outside = b"".join(head[end:].split(b'"')[::2])
        if b"\n" in outside:
            raise BadRequest(
                "1 行目（見出し）の中に復帰文字 CR があります。改行をそろえて（LF か CRLF）保存し直してください",
                "line 1 (the header) holds a carriage return; save the file with line ends of one kind (LF or CRLF)",
            )
    return rest[:1]


def _header(path: Path, encoding: str) -> tuple[list[str], int]:
    """The names of the columns, and where the rows begin. Raises BadRequest where they are no names."""
    with path.open("rb") as file:
        start = len(BOM) if file.read(3) == BOM else 0
        file.seek(start)
        first = next(_records(file, encoding), ([], None, 0))
    names, wrong, size = first
    if wrong is not None:
        ja, _, en = wrong.partition(": ")[2].partition(" / ")
        hint = ("。`--encoding` を確かめてください", "; see `--encoding`") if "ではない文字" in ja else ("", "")
        raise BadRequest(f"1 行目（見出し）が読めません（{ja}{hint[0]}）", f"line 1 (the header): {en}{hint[1]}")
    columns.not_too_many(len(names))
    _one_separator(names)
    seen: set[str] = set()
    for i, name in enumerate(names):
        if not name.strip():
            raise BadRequest(f"見出しの {i + 1} 列目が空です", f"column {i + 1} of the header is empty")
        if name in seen:
            raise BadRequest(
                f"見出しの {i + 1} 列目 {shown(name)} が2度あります",
                f"column {i + 1} of the header is named twice: {shown(name)}",
            )
        seen.add(name)
        if end := _OTHER_ENDS.search(name):  # what follows it would be more columns, and no row
            c = code_point(end[0])
            raise BadRequest(
                f"1 行目（見出し）の中に改行の文字 {c} があります。改行を LF か CRLF にして保存し直してください",
                f"line 1 (the header) holds a line end of another kind ({c}); save the file with LF or CRLF",
            )
        not_ours(name)
    return names, start + size


def _one_separator(names: list[str]) -> None:
    """Raises BadRequest where the first line is one of another kind of file."""
    first = names[0] if names else ""
    if first.casefold().startswith("sep="):
        raise BadRequest(
            "1 行目が `sep=` の行です。その行を消し、コンマ区切りで保存してください",
            "line 1 is a `sep=` line; delete it, and separate by commas",
        )
    if len(names) < len(columns.NEEDED):
        for mark, ja, en in (
            (";", "セミコロン `;`", "semicolons `;`"),
            ("\t", "タブ", "tabs"),
            ("|", "縦棒 `|`", "bars `|`"),
            ("，", "全角のコンマ `，`", "full-width commas `，`"),
            ("、", "読点 `、`", "Japanese commas `、`"),
            ("､", "半角の読点 `､`", "half-width Japanese commas `､`"),
            ("；", "全角のセミコロン `；`", "full-width semicolons `；`"),
        ):
            if any(mark in name for name in names):
                raise BadRequest(
                    f"{ja} で区切られています。コンマ区切りの CSV で保存し直してください（1 行目: {shown(first)}）",
                    f"it is separated by {en}; save it as CSV with commas (line 1: {shown(first)})",
                )


def _encoding(head: bytes, given: str) -> str:
    """UTF-8 where the beginning of the file is UTF-8, else cp932 where it is that."""
    if given != "auto":
        return given
    lines = head[: head.rfind(b"\n") + 1] or head
    first = lines[: lines.find(b"\n") + 1] or lines
    for text in (lines, first):  # one bad cell does not make a file cp932
        for encoding in ("utf-8", "cp932"):
            with suppress(UnicodeDecodeError):
                if _NOT[encoding].isdisjoint(text.decode(encoding)):
                    if encoding == "cp932":
                        euc(text)
                    return encoding
        euc(text)
    return "utf-8"


# What Python makes of bytes that are none of the encoding's.
_NOT: Final = {"utf-8": frozenset[str](), "cp932": frozenset("\x80\xa0\uf8f0\uf8f1\uf8f2\uf8f3")}


# -- copies ----------------------------------------------------------------------------------------------------------


def _exchanged(path: Path, work: Path) -> Path:
    copy = work / "exchanged.csv"
    with path.open("rb") as file, copy.open("wb") as out:
        while block := file.read(1 << 20):
            out.write(block.translate(_SWAP))
    return copy


def _exchanged_back(found: Source) -> Source:
    """The frame with CR and LF exchanged back, in cells and in the names of columns."""
    import polars as pl

    names = {name: name.translate({10: "\r", 13: "\n"}) for name in found.columns}
    cells = pl.col(list(names)).str.replace_many(["\r", "\n"], ["\n", "\r"])
    fields = {field: names[name] for field, name in found.fields.items()}
    return replace(found, frame=found.frame.with_columns(cells).rename(names), fields=fields)


def _without_marks(found: Source) -> Source:
    import polars as pl

    return replace(found, frame=found.frame.with_columns(pl.col(found.columns).str.replace_many(cp932.twins())))


def _without_blank_end(path: Path, work: Path) -> Path:
    """The file without the blank lines at its end, which are no rows."""
    with path.open("rb") as file:
        size = full = file.seek(0, 2)
        while full:
            file.seek(max(0, full - BLOCK))
            if text := file.read(min(BLOCK, full)).rstrip(b"\r\n \t"):
                full = max(0, full - BLOCK) + len(text)
                break
            full = max(0, full - BLOCK)
        file.seek(full)
        end = full  # and blanks in the last row that is none, and its line end
        while block := file.read(BLOCK):
            block += file.read(block.endswith(b"\r"))
            if found := _LINE_END.search(block):
                end += found.end()
                break
            end += len(block)
        if end == size:
            return path
        copy = work / "trimmed.csv"
        file.seek(0)
        with copy.open("wb") as out:
            shutil.copyfileobj(file, out, 1 << 20)
            out.truncate(end)
    return copy


# -- the bytes -------------------------------------------------------------------------------------------------------


def _byte_check(path: Path, start: int, columns: int) -> CsvByteCheck | None:
    """
    Count the bytes and rows after the header, to be compared with what Polars reads.

    None where the file must be read row by row: a NUL, a quote in the wrong place, a carriage return that ends no line (Polars may
    drop a byte of such a cell), or a separator at the very end (it may drop the cell after it).
    """
    between = lines = 0
    last = b"\n"
    rest = b""  # the beginning of a line that has a quote, or whose quote goes on in the next block
    with path.open("rb") as file:
        file.seek(start)
        while block := file.read(max(BLOCK, len(rest))):
            if b"\0" in block:
                return None
            if b"\r" in block:
                block += file.read(block.endswith(b"\r"))
                returns = len(block) - len(block.replace(b"\r", b""))  # three times as fast as counting them
                if returns != block.count(b"\r\n"):
                    return None
                between += returns
            last = block[-1:]
            if not rest and b'"' not in block:
                lines += block.count(b"\n")
                continue
            block = rest + block
            end = block.rfind(b"\n") + 1
            whole, rest = block[:end], block[end:]
            found = _quotes(whole)
            if found is None:
                return None
            if found[0] < 0:
                rest = block
                if len(rest) > LONGEST:  # a quote open for longer is a broken row, for either reader
                    return None
            else:
                between += found[0]
                lines += found[1]
        found = _quotes(rest)
        if found is None or found[0] < 0 or last == b",":
            return None
        return CsvByteCheck(
            file.tell() - start + (last != b"\n"), between + found[0], columns, lines + found[1] + (last != b"\n")
        )


def _quotes(part: bytes) -> tuple[int, int] | None:
    """
    The quotes of these lines that are no part of a cell, and the lines that end; -1 where a quote is still open, None where
    one stands in a bare cell.

    What is outside of quotes ends with a separator before a cell, and begins with one after it; where nothing is between
    two quoted texts they are one cell with a quote inside, written twice.
    """
    if b'"' not in part:
        return 0, part.count(b"\n")
    if part.startswith(b'"'):  # where every cell is quoted there are only separators between two quotes
        left = part.replace(b'","', b" ").replace(b'"\n"', b" ").replace(b'"\r\n"', b" ").rstrip(b"\r\n")
        if left.endswith(b'"') and left.count(b'"') == 2:
            ends = part.count(b'"\n"') + part.count(b'"\r\n"') + part.endswith(b"\n")
            return part.count(b'"'), ends
    texts = part.split(b'"')
    outside, still_open = texts[::2], len(texts) % 2 == 0
    before = outside if still_open else outside[:-1]
    if not all(text[-1:] in _BEFORE for text in before) or not all(text[:1] in _AFTER for text in outside[1:]):
        return None
    if still_open:
        return -1, 0
    return len(texts) - 1 - sum(not text for text in outside[1:-1]), sum(text.count(b"\n") for text in outside)


_AFTER: Final = (b",", b"\r", b"\n", b"")  # what follows a quoted cell
_BEFORE: Final = (b",", b"\n", b"")  # what precedes it


# -- row by row ------------------------------------------------------------------------------------------------------


def _mend(path: Path, target: Path, names: list[str], encoding: str, start: int) -> int:
    """The rows as text in Parquet, what is wrong with a row beside it. The number of rows."""
    import polars as pl

    schema = dict.fromkeys([*names, DAMAGE], pl.String)
    parts: list[Path] = []
    rows: list[tuple[str | None, ...]] = []
    total = size = 0

    def flush() -> None:
        part = target.with_name(f"mended-{len(parts):09d}.parquet")
        pl.DataFrame(rows, schema=schema, orient="row").write_parquet(part)
        parts.append(part)
        rows.clear()

    most = max(1, min(100_000, 2_000_000 // len(schema)))
    with path.open("rb") as file:
        read = file.seek(start)
        for cells, found, length in _records(file, encoding):
            total, read = total + 1, read + length
            wrong = found
            if wrong is None and len(cells) != len(names):
                wrong = damage(
                    f"{len(cells)} 列です（{len(names)} 列のはず）", f"{len(cells)} columns, expected {len(names)}"
                )
            rows.append((*(cells + [""] * len(names))[: len(names)], wrong))
            size += sum(map(len, cells))
            if len(rows) >= most or size > 64_000_000:
                flush()
                size = 0
        if read != file.seek(0, 2):  # INVARIANT: every byte stands in a row
            raise DataError(f"{read:,} バイト目から先が行になりません", f"what follows byte {read:,} is no row")
    flush()
    pl.scan_parquet(parts, glob=False).sink_parquet(target)
    return total


def _records(file: IO[bytes], encoding: str) -> Iterator[tuple[list[str], str | None, int]]:
    """
    Each row from here on: its cells, what is wrong with it, its bytes. A quote that never closes spoils one line alone.

    No line is read more than twice: one that an open quote passed over has none that is open by itself.
    """
    waiting: deque[bytes] = deque()  # lines that an open quote reached for, and that are looked at again on their own
    while line := waiting.popleft() if waiting else file.readline():
        row = line.removesuffix(b"\n").removesuffix(b"\r")
        if b'"' in row and _ROW.fullmatch(row) is None:
            more = _rest(line, file, waiting) if _OPEN.fullmatch(line) else [line]
            if more is None or len(more) == 1:
                ja, en = (
                    ("引用符が閉じていません", "a quote that never closes")
                    if more is None
                    else ("引用符の位置が正しくありません", "a quote where none may stand")
                )
                yield [_text(row, encoding)[0]], damage(ja, en), len(line)
                continue
            line = b"".join(more)
            row = line.removesuffix(b"\n").removesuffix(b"\r")
        yield *_cells(row, encoding), len(line)


def _rest(line: bytes, file: IO[bytes], waiting: deque[bytes]) -> list[bytes] | None:
    """
    The lines of a row whose first has an open quote; None, and all but the first put back, where they are no row.

    Raises DataError where the quote closes, but the row is longer than one may be: its lines are no rows of their own.
    """
    more, size = [line], len(line)
    back: int | None = None  # where the lines begin that are looked at and not held
    while follow := waiting.popleft() if waiting else file.readline():
        size += len(follow)
        if back is None:
            more.append(follow)
            back = file.tell() if size > LONGEST and not waiting else None
        if _GOES_ON.fullmatch(follow):
            continue
        if _CLOSES.fullmatch(follow.removesuffix(b"\n").removesuffix(b"\r")):
            if size > LONGEST:
                begin = shown(line[:100].decode("utf-8", "replace"))
                raise DataError(
                    f"{LONGEST >> 20} MB より長い行があります（{begin} で始まる行）",
                    f"a row is longer than {LONGEST >> 20} MB (it begins with {begin})",
                )
            return more
        if not _CLOSES_AND_OPENS.fullmatch(follow):
            break
    if back is not None:
        file.seek(back)
    waiting.extendleft(reversed(more[1:]))
    return None


def _cells(row: bytes, encoding: str) -> tuple[list[str], str | None]:
    if not row:
        return [], damage("空の行です", "an empty line")
    if b'"' in row:
        raws = [bare or quoted.replace(b'""', b'"') for quoted, bare in _CELLS.findall(row)]
        if not row.endswith(b","):
            raws.pop()  # what matches nothing, after the last cell
    else:
        raws = row.split(b",")
    texts = [_text(raw, encoding) for raw in raws]
    cells = [text for text, _ in texts]
    if b"\r" in row and b'"' not in row:
        return cells, damage("セルの中に引用符なしの復帰文字があります", "a bare carriage return in a cell")
    if any(bad for _, bad in texts):
        return cells, damage(f"{encoding} ではない文字があります", f"a cell that is not {encoding}")
    if b"\0" in row:
        return cells, damage("NUL 文字があります", "a cell with a NUL character")
    return cells, None


def _text(data: bytes, encoding: str) -> tuple[str, bool]:
    try:
        return cp932.decoded(data) if encoding == "cp932" else data.decode(encoding), False
    except UnicodeDecodeError:
        return data.decode(encoding, "replace"), True
