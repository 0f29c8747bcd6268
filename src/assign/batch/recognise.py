"""
Which other kind of file a file is, where it is not the expected one: named as its sender would name it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from assign.desk.spreadsheet import is_euc
from assign.errors import DataError, code_point

BOM: Final = b"\xef\xbb\xbf"
LONGEST: Final = 1 << 24  # bytes of a row; what is made of one while it is read takes up to 70 times as much memory
Signs = tuple[tuple[bytes, str, str], ...]  # how a file begins, and what is said of it
PACKED: Final[Signs] = (
    (b"\x1f\x8b", "gzip で圧縮されています。展開してください", "packed with gzip; unpack it"),
    (b"\x28\xb5\x2f\xfd", "zstd で圧縮されています。展開してください", "packed with zstd; unpack it"),
    (b"BZh", "bzip2 で圧縮されています。展開してください", "packed with bzip2; unpack it"),
    (b"\xfd7zXZ", "xz で圧縮されています。展開してください", "packed with xz; unpack it"),
    (b"7z\xbc\xaf", "7z で圧縮されています。展開してください", "packed with 7z; unpack it"),
    (b"SQLite format 3\0", "SQLite のデータベースです。表を CSV に書き出してください", "a SQLite database; export the table as CSV"),
    (b"\x04\x22\x4d\x18", "lz4 で圧縮されています。展開してください", "packed with lz4; unpack it"),
    (b"Rar!\x1a\x07", "RAR で圧縮されています。展開してください", "packed with RAR; unpack it"),
)  # fmt: skip
_SIGNS: Final[Signs] = (
    *PACKED,
    (b"PK\x03\x04", "Excel のブック（xlsx）か ZIP です。Excel で「CSV UTF-8（コンマ区切り）」として保存するか、展開してください", "an Excel workbook (xlsx) or a ZIP; save it as CSV UTF-8, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "古い Excel のブック（xls）です。Excel で「CSV UTF-8（コンマ区切り）」として保存してください", "an old Excel workbook (xls); save it as CSV UTF-8"),
    (b"%PDF", "PDF です。元の表を CSV で保存してください", "a PDF; save the table it was made from as CSV"),
    (b"PAR1", "Parquet です。`--format parquet` か、名前の終わりを .parquet にしてください", "Parquet; say `--format parquet`, or end its name in .parquet"),
    (b"PARE", "暗号化された Parquet です。暗号化せずに書き出してください", "an encrypted Parquet file; write it without encryption"),
    (b"ARROW1", "Arrow（Feather）です。Parquet か CSV に書き出してください", "Arrow (Feather); write it as Parquet or CSV"),
    (b"FEA1", "Feather です。Parquet か CSV に書き出してください", "Feather; write it as Parquet or CSV"),
    (b"ORC", "ORC です。Parquet か CSV に書き出してください", "ORC; write it as Parquet or CSV"),
    (b"Obj\x01", "Avro です。Parquet か CSV に書き出してください", "Avro; write it as Parquet or CSV"),
    (b"\x89PNG", "画像（PNG）です。元の表を CSV で保存してください", "an image (PNG); save the table it was made from as CSV"),
    (b"\xff\xd8\xff", "画像（JPEG）です。元の表を CSV で保存してください", "an image (JPEG); save the table it was made from as CSV"),
    (b"GIF8", "画像（GIF）です。元の表を CSV で保存してください", "an image (GIF); save the table it was made from as CSV"),
    (b"{\\rtf", "リッチテキスト（RTF）です。元の表を CSV で保存してください", "rich text (RTF); save the table it was made from as CSV"),
    (b"\xff\xfe\0\0", "UTF-32 です。UTF-8 で保存し直してください", "UTF-32; save it as UTF-8"),
    (b"\0\0\xfe\xff", "UTF-32 です。UTF-8 で保存し直してください", "UTF-32; save it as UTF-8"),
    (b"\xff\xfe", "UTF-16 です。UTF-8 で保存し直してください", "UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 です。UTF-8 で保存し直してください", "UTF-16; save it as UTF-8"),
)  # fmt: skip


def refuse(head: bytes, kind: str) -> None:
    """
    Raises DataError where the beginning of a file shows that it is no CSV, JSON Lines or Parquet, and says what it is.

    Args:
        head: Its first bytes. kind: The expected format.
    """
    for sign, ja, en in _SIGNS:
        if head.startswith(sign) and not (kind == "parquet" and sign == b"PAR1"):
            if sign.isalnum() and sign != b"PAR1" and b"," in head[:200].splitlines()[0]:
                continue  # `BZh,…` may be a column's name
            raise DataError(ja, en)
    if head[257:262] == b"ustar":
        raise DataError("tar の書庫です。展開してください", "a tar archive; unpack it")
    if head[2:5] == b"-lh" and head[6:7] == b"-":
        raise DataError("LZH で圧縮されています。展開してください", "packed with LZH; unpack it")
    body = head.removeprefix(BOM).lstrip()
    if kind == "parquet":
        if not head:
            raise DataError("空です", "empty")
        if not head.startswith(b"PAR1"):
            raise DataError(
                "Parquet ではありません。CSV か JSON Lines なら、名前の終わりか `--format` をそれに合わせてください",
                "not Parquet; if it is CSV or JSON Lines, end its name, or say `--format`, accordingly",
            )
        return
    if not body:
        if kind == "csv":
            raise DataError("ファイルが空です（見出しの行が要ります）", "the file is empty (a header line is needed)")
        return
    if wide := _wide(head[:400]):
        raise DataError(f"{wide} です。UTF-8 で保存し直してください", f"{wide}; save it as UTF-8")
    if len(controls := head[:400].translate(None, _TEXT)) > max(4, len(head[:400]) // 10):
        raise DataError(
            f"テキストではありません（先頭の 400 バイトに制御文字が {len(controls)} 個）。元の表を CSV で保存してください",
            f"not text ({len(controls)} control characters in its first 400 bytes); save the table it was made from as CSV",
        )
    if head.isascii() and any(mark in head for mark in (b"\x1b$B", b"\x1b$@")):
        raise DataError("ISO-2022-JP（JIS）です。UTF-8 で保存し直してください", "ISO-2022-JP (JIS); save it as UTF-8")
    if body[:200].lower().startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<head")):
        raise DataError("HTML か XML です。表を CSV で保存し直してください", "HTML or XML; save the table as CSV")
    if kind == "csv" and body[:1] in b"{[" and _is_json(body):
        raise DataError(
            "JSON です。JSON Lines なら `--format jsonl` を指定してください",
            "JSON; if it is JSON Lines, say `--format jsonl`",
        )
    if kind == "jsonl":
        _not_japanese(body)
        _one_end(body)
        if body[:1] == b"[" and not _closes_at_once(body):
            raise DataError(
                "JSON の配列です。1 行に 1 つのオブジェクト（JSON Lines）にしてください（例: `jq -c '.[]'`）",
                "a JSON array; write one object a line (JSON Lines; for example `jq -c '.[]'`)",
            )
        if body[:1] == b"{" and _spans_lines(body):
            raise DataError(
                "1 つのオブジェクトが何行にもわたる JSON です。1 行に 1 つ（JSON Lines）にしてください（例: `jq -c .`）",
                "JSON with an object over several lines; write one a line (JSON Lines; for example `jq -c .`)",
            )


def of_lines(path: Path, most: int = LONGEST) -> None:
    """
    Raises DataError where a line has more than `most` bytes: no row is that long, and a reader holds a whole one.

    Such a line holds a whole piece of half the size, from one multiple of it to the next; so it is enough to look, from each, for
    the next line end, which as a rule is near.
    """
    with path.open("rb") as file:
        for start in range(0, file.seek(0, 2), most // 2):
            file.seek(start)
            if len(file.readline(most // 2)) < most // 2:
                continue
            before = file.seek(max(0, start - most))
            begin = before + file.read(start - before).rfind(b"\n") + 1
            file.seek(begin)
            if len(file.readline(most + 1).rstrip(b"\r\n")) > most:
                file.seek(0)
                number = 1 + sum(file.read(min(1 << 20, begin - at)).count(b"\n") for at in range(0, begin, 1 << 20))
                raise DataError(
                    f"{number:,} 行目が {most >> 20} MB より長く、1 件としては読めません",
                    f"line {number:,} is longer than {most >> 20} MB, which is no row",
                )


_TEXT: Final = bytes({*range(0x20, 0x7F), *range(0x80, 0x100), 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1B})


def _wide(head: bytes) -> str | None:
    """UTF-32 or UTF-16 without a mark, by where its NULs stand."""
    at = {i % 4 for i, byte in enumerate(head[: len(head) // 4 * 4]) if not byte}
    for name, places in (
        ("utf-32-le", {1, 2, 3}),
        ("utf-32-be", {0, 1, 2}),
        ("utf-16-le", {1, 3}),
        ("utf-16-be", {0, 2}),
    ):
        if not at or not at <= places or (name.startswith("utf-32") and len(at) < 2):
            continue
        text = head[: len(head) // 4 * 4].decode(name, "replace")[:-1]
        if (
            "\ufffd" not in text
            and all(c.isprintable() or c in "\t\r\n\u3000" for c in text)
            and sum(text.count(mark) for mark in ',\t;{"')
            > 1  # at least two, as between three columns; one may be chance
        ):
            return name[:6].upper()
    return None


def euc(data: bytes) -> None:
    """Raises DataError where text that is no UTF-8 is EUC-JP."""
    if is_euc(data):
        raise DataError(
            "EUC-JP です。UTF-8 で保存し直してください（Shift_JIS なら `--encoding cp932` を指定してください）",
            "EUC-JP; save it as UTF-8 (if it is Shift_JIS, say `--encoding cp932`)",
        )


def _not_japanese(body: bytes) -> None:
    """Raises DataError where no line of JSON is UTF-8, since they are written in a Japanese encoding. One such line is damage."""
    whole = body[: body.rfind(b"\n") + 1 or None].splitlines()
    lines = [line for line in whole if not line.isascii()]
    if not lines or any(_is_utf_8(line) for line in lines):
        return
    for encoding, name in (("euc_jp", "EUC-JP"), ("cp932", "Shift_JIS")):
        if all(_json_in(line, encoding) for line in lines) and (len(lines) > 2 or len(lines) == len(whole)):
            raise DataError(f"{name} です。UTF-8 で保存し直してください", f"{name}; save it as UTF-8")


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _json_in(line: bytes, encoding: str) -> bool:
    try:
        return isinstance(json.loads(line.decode(encoding)), dict)
    except (ValueError, RecursionError):
        return False


def _is_json(body: bytes) -> bool:
    line = body.splitlines()[0].strip()
    return line[:2] in (b"[", b"[{", b"{") or (line.startswith(b'{"') and b":" in line)


def _one_end(body: bytes) -> None:
    """Raises DataError where objects follow each other without a line end of ours: all would be one damaged line."""
    if body.startswith(b"\x1e"):
        raise DataError(
            "各行の前に RS（U+001E）があります（JSON Text Sequences）。RS を消してください",
            "a RS (U+001E) before each line (JSON Text Sequences); delete them",
        )
    if b"\n" in body.strip() or b"\r" in body.strip() or body[:1] != b"{":
        return
    try:
        text = body.decode("utf-8", "replace")
        _, end = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(text)
    except (ValueError, RecursionError):
        return
    between, more, _ = text[end:].partition("{")
    if more and not between.strip(", \t\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"):
        name = " ".join(map(code_point, between.strip(" "))) or "なし / none"
        ja, _, en = name.partition(" / ")
        raise DataError(
            f"1 行に何件もあります（間にある文字: {ja}）。1 行に 1 件とし、改行を LF か CRLF にしてください",
            f"many objects on one line (between them: {en or ja}); write one a line, with LF or CRLF as line end",
        )


def _closes_at_once(body: bytes) -> bool:
    """Whether the first line is an array of its own, and something follows it: a damaged line among others."""
    first, _, rest = body.partition(b"\n")
    return first.strip().endswith(b"]") and rest.lstrip()[:1] == b"{"


def _spans_lines(body: bytes) -> bool:
    """Whether the first object ends on another line than it began on."""
    if b"\n" not in body.strip():
        return False
    text = body.decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(text)
    except (ValueError, RecursionError):
        return text.splitlines()[0].strip() == "{"  # a long one, of which this is the beginning
    return "\n" in text[:end]
