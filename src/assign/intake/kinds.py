"""
The first bytes of a file → which kind it is; and what is said of a kind that no list can be read from.
"""

from __future__ import annotations

from typing import Final

from assign.batch.recognise import PACKED, Signs
from assign.errors import DataError

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "xlsx": (".xlsx", ".xlsm", ".xltx", ".xltm"),
    "xls": (".xls", ".xlt"),
    "xlsb": (".xlsb",),
    "ods": (".ods", ".ots"),
    "pdf": (".pdf",),
    "csv": (".csv", ".tsv", ".txt"),
    "text": (".txt", ".text", ".tsv"),
}

_SIGNS: Final[Signs] = (
    *PACKED,
    (b"{\\rtf", "リッチテキスト（RTF）です。表を Excel か CSV で保存してください", "rich text (RTF); save the table as Excel or CSV"),
    (b"\x89PNG", "画像（PNG）です。文字のある元のファイルが要ります", "an image (PNG); the file it was made from is needed"),
    (b"\xff\xd8\xff", "画像（JPEG）です。文字のある元のファイルが要ります", "an image (JPEG); the file it was made from is needed"),
    (b"GIF8", "画像（GIF）です。文字のある元のファイルが要ります", "an image (GIF); the file it was made from is needed"),
    (b"II*\0", "画像（TIFF）です。文字のある元のファイルが要ります", "an image (TIFF); the file it was made from is needed"),
    (b"MM\0*", "画像（TIFF）です。文字のある元のファイルが要ります", "an image (TIFF); the file it was made from is needed"),
    (b"PAR1", "Parquet です。CSV に書き出してください", "Parquet; write it as CSV"),
    (b"\x7fELF", "プログラムです", "a program"),
    (b"MZ\x90\0", "プログラムです", "a program"),
    (b"%!PS", "PostScript です。PDF にしてください", "PostScript; make it a PDF"),
)  # fmt: skip


def packed_kind(data: bytes) -> str:
    """
    `zip`, `ole` (an old Excel workbook, or an encrypted new one), `pdf`, or `text` for anything that may be text.

    Raises:
        DataError: It is of a kind that no list can be read from; the message has no file name yet.
    """
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if data.startswith(OLE):
        return "ole"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    for sign, ja, en in _SIGNS:
        if data.startswith(sign):
            raise DataError(ja, en)
    if data[257:262] == b"ustar":
        raise DataError("tar の書庫です。展開してください", "a tar archive; unpack it")
    if data[:4] in (b"\x09\x08\x10\0", b"\x09\x08\x08\0", b"\x09\x04\x06\0", b"\x09\0\x04\0"):
        raise DataError(
            "とても古い Excel のブックです。xlsx で保存し直してください", "a very old Excel workbook; save it as xlsx"
        )
    head = data.removeprefix(b"\xef\xbb\xbf")[:1024].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta")):
        raise DataError(
            "HTML です（名前が .xls でも）。Excel で開き、xlsx で保存し直してください",
            "HTML, whatever its name; open it in Excel and save it as xlsx",
        )
    if head.startswith((b"<?xml", b"<!doctype", b"<workbook")):
        raise DataError(
            "XML です。Excel で開き、xlsx で保存し直してください", "XML; open it in Excel and save it as xlsx"
        )
    return "text"


def ole_kind(data: bytes) -> str:
    """`xls`. Raises DataError where it is an encrypted workbook, or no workbook."""
    folded = data.lower()  # names are the same in either case

    def has(name: str) -> bool:
        return name.lower().encode("utf-16-le") in folded

    if has("EncryptedPackage") or has("EncryptionInfo"):
        raise DataError(
            "パスワードで暗号化されたブックです。Excel で開き、パスワードを外して保存してください",
            "an encrypted workbook; open it in Excel, and save it without a password",
        )
    if has("WordDocument"):
        raise DataError(
            "Word の文書です。表を Excel か CSV で保存してください", "a Word document; save its table as Excel or CSV"
        )
    if has("PowerPoint Document"):
        raise DataError(
            "PowerPoint です。表を Excel か CSV で保存してください", "a PowerPoint file; save its table as Excel or CSV"
        )
    if not (has("Workbook") or has("Book")):
        raise DataError(
            "Excel のブックではありません（古い Office のファイルです）", "an old Office file, but no Excel workbook"
        )
    return "xls"


def part_kind(names: frozenset[str]) -> str:
    """`xlsx`, `xlsb` or `ods`, by what is in a packed file. Raises DataError where it is none of them."""
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "[Content_Types].xml" in names and any(
        name.endswith("workbook.xml") or name.startswith("xl/") for name in names
    ):
        return "xlsx"
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    if any(name.startswith("word/") for name in names):
        raise DataError(
            "Word の文書です。表を Excel か CSV で保存してください", "a Word document; save its table as Excel or CSV"
        )
    if any(name.startswith("ppt/") for name in names):
        raise DataError(
            "PowerPoint です。表を Excel か CSV で保存してください", "a PowerPoint file; save its table as Excel or CSV"
        )
    raise DataError(
        "ZIP の書庫です（Excel のブックではありません）。展開してください", "a ZIP archive, and no workbook; unpack it"
    )
