"""
What a file is that is not what it was taken for, in the words of who sent it.
"""

from __future__ import annotations

import json
from typing import Final

from assign.errors import DataError

BOM: Final = b"\xef\xbb\xbf"
_SIGNS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"PK\x03\x04", "Excel のブック（xlsx）か ZIP です。CSV UTF-8 で保存し直すか、展開してください", "an Excel workbook (xlsx) or a ZIP; save it as CSV UTF-8, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "古い Excel のブック（xls）です。CSV UTF-8 で保存し直してください", "an old Excel workbook (xls); save it as CSV UTF-8"),
    (b"\x1f\x8b", "gzip で圧縮されています。展開してください", "packed with gzip; unpack it"),
    (b"\x28\xb5\x2f\xfd", "zstd で圧縮されています。展開してください", "packed with zstd; unpack it"),
    (b"BZh", "bzip2 で圧縮されています。展開してください", "packed with bzip2; unpack it"),
    (b"\xfd7zXZ", "xz で圧縮されています。展開してください", "packed with xz; unpack it"),
    (b"7z\xbc\xaf", "7z で圧縮されています。展開してください", "packed with 7z; unpack it"),
    (b"%PDF", "PDF です。元の表を CSV で保存してください", "a PDF; save the table it was made from as CSV"),
    (b"PAR1", "Parquet です。`--format parquet` か、名前の終わりを .parquet にしてください", "Parquet; say `--format parquet`, or end its name in .parquet"),
    (b"SQLite format 3\0", "SQLite のデータベースです。表を CSV に書き出してください", "a SQLite database; export the table as CSV"),
    (b"\xff\xfe", "UTF-16 です。UTF-8 で保存し直してください", "UTF-16; save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 です。UTF-8 で保存し直してください", "UTF-16; save it as UTF-8"),
)  # fmt: skip


def refuse(head: bytes, kind: str) -> None:
    """
    Raises DataError where the beginning of a file shows that it is no CSV, JSON Lines or Parquet, and says what it is.

    Args:
        head: Its first bytes. kind: What it was taken for.
    """
    for sign, ja, en in _SIGNS:
        if head.startswith(sign) and not (kind == "parquet" and sign == b"PAR1"):
            if sign.isalnum() and sign != b"PAR1" and b"," in head[:200].splitlines()[0]:
                continue  # `BZh,…` may be a column's name
            raise _is(ja, en)
    body = head.removeprefix(BOM).lstrip()
    if kind == "parquet":
        if not head:
            raise _is("空です", "empty")
        return
    if not body:
        if kind == "csv":
            raise DataError("ファイルが空です（見出しの行が要ります）", "the file is empty (a header line is needed)")
        return
    if head[:400].count(b"\0") > len(head[:400]) // 4:
        raise _is("UTF-16 です。UTF-8 で保存し直してください", "UTF-16; save it as UTF-8")
    if body[:200].lower().startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<head")):
        raise _is("HTML か XML です。表を CSV で保存し直してください", "HTML or XML; save the table as CSV")
    if kind == "csv" and body[:1] in b"{[" and _is_json(body):
        raise _is(
            "JSON です。JSON Lines なら `--format jsonl` を指定してください",
            "JSON; if it is JSON Lines, say `--format jsonl`",
        )
    if kind == "jsonl":
        if body[:1] == b"[" and not _closes_at_once(body):
            raise _is(
                "JSON の配列です。1 行に 1 つのオブジェクト（JSON Lines）にしてください（例: `jq -c '.[]'`）",
                "a JSON array; write one object a line (JSON Lines; for example `jq -c '.[]'`)",
            )
        if body[:1] == b"{" and _spans_lines(body):
            raise _is(
                "1 つのオブジェクトが何行にもわたる JSON です。1 行に 1 つ（JSON Lines）にしてください（例: `jq -c .`）",
                "JSON with an object over several lines; write one a line (JSON Lines; for example `jq -c .`)",
            )


def _is(ja: str, en: str) -> DataError:
    return DataError(f"入力は {ja}", f"the input is {en}")


def _is_json(body: bytes) -> bool:
    line = body.splitlines()[0].strip()
    return line[:2] in (b"[", b"[{", b"{") or (line.startswith(b'{"') and b":" in line)


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
