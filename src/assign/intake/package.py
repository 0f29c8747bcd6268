"""
A packed workbook (xlsx, xlsb, ods) → its parts, unpacked under a limit, and packed anew for the library that reads them.

What a ZIP says of itself is not believed: parts are unpacked while counting, and the library is given an archive that was written
here, of these parts alone. So names that lead elsewhere, two parts of one name, sizes that lie, parts within each other, macros and
embedded files never reach it, and no two readers can read one file in two ways. Nothing is unpacked to the disk.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

from assign.errors import DataError, shown

from .limits import MOST_PARTS, MOST_UNPACKED

_BLOCK: Final = 1 << 20
_LEFT_OUT: Final = ("docProps/", "customXml/", "xl/media/", "xl/embeddings/", "xl/printerSettings/", "xl/pivotCache/",
                    "xl/externalLinks/", "xl/activeX/", "xl/ctrlProps/", "Pictures/", "Thumbnails/", "Basic/", "Scripts/")  # fmt: skip
_DECLARED: Final = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)[\"']")


def opened(data: bytes) -> tuple[dict[str, bytes], frozenset[str]]:
    """
    The parts that may be read, and the names of all.

    Raises:
        DataError: It is damaged, encrypted, too large, or has what no workbook has.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise _damaged() from error
    parts: dict[str, bytes] = {}
    found = archive.infolist()
    if len(found) > MOST_PARTS:
        raise DataError(
            f"中のファイルが {MOST_PARTS:,} より多い書庫です", f"an archive of more than {MOST_PARTS:,} parts"
        )
    seen: set[str] = set()
    left = MOST_UNPACKED
    for info in found:
        name = info.filename.replace("\\", "/")  # as some programs on Windows write it
        _require_plain(info, name, seen)
        seen.add(name.casefold())
        if not name.endswith("/") and _wanted(name):
            parts[name] = _unpacked(archive, info, left)
            left -= len(parts[name])
    if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
        raise _encrypted()
    for name, content in parts.items():
        if name.endswith((".xml", ".rels")):
            _require_plain_xml(name, content)
    return parts, frozenset(info.filename.replace("\\", "/") for info in found)


def packed(parts: Mapping[str, bytes]) -> io.BytesIO:
    """The parts as an archive of our own."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    out.seek(0)
    return out


def has_macros(names: frozenset[str]) -> bool:
    """Whether there are programs in it; none is ever run, nor read."""
    return any(name.casefold().endswith("vbaproject.bin") or name.startswith(("Basic/", "Scripts/")) for name in names)


def _wanted(name: str) -> bool:
    if name.startswith(_LEFT_OUT) or name.casefold().endswith(("vbaproject.bin", "calcchain.xml", "calcchain.bin")):
        return False
    return name == "mimetype" or name.endswith((".xml", ".rels", ".bin"))


def _require_plain(info: zipfile.ZipInfo, name: str, seen: set[str]) -> None:
    if "\0" in info.orig_filename or ":" in name or name.startswith("/") or ".." in name.split("/"):
        raise DataError(
            f"書庫の中に、外を指す名前 {shown(info.orig_filename)} があります",
            f"the archive has a name that leads outside: {shown(info.orig_filename)}",
        )
    if name.casefold() in seen:
        raise DataError(f"書庫の中に {shown(name)} が2つあります", f"the archive has two parts {shown(name)}")
    if info.flag_bits & 0x41:
        raise _encrypted()
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError("Excel にはない圧縮の方法です", "packed in a way that no workbook is")


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    blocks: list[bytes] = []
    size = 0
    try:
        with archive.open(info) as part:
            while block := part.read(_BLOCK):
                size += len(block)
                if size > most:
                    raise DataError(
                        f"展開すると {MOST_UNPACKED:,} バイトより大きくなります",
                        f"unpacked it is larger than {MOST_UNPACKED:,} bytes",
                    )
                blocks.append(block)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError, EOFError, RuntimeError) as error:
        raise _damaged() from error
    return b"".join(blocks)


def _require_plain_xml(name: str, content: bytes) -> None:
    """
    Raises DataError where XML could define anything of its own (entities, other files), or is not UTF-8, in which that could hide.

    Excel and LibreOffice write neither; a library that reads the rest has nothing to expand.
    """
    declared = _DECLARED.match(content.removeprefix(b"\xef\xbb\xbf")[:200])
    encoding = declared[1].decode("latin-1").casefold() if declared else "utf-8"
    if (
        encoding not in ("utf-8", "utf8", "us-ascii", "ascii")
        or content[:2] in (b"\xff\xfe", b"\xfe\xff")
        or b"\0" in content
    ):
        raise DataError(
            f"中の {shown(name)} が UTF-8 の XML ではありません", f"its part {shown(name)} is not XML in UTF-8"
        )
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise DataError(
            f"中の {shown(name)} に文書型宣言（DTD）があります。Excel のブックにはありません",
            f"its part {shown(name)} has a document type declaration (DTD), which no workbook has",
        )


def _encrypted() -> DataError:
    return DataError(
        "暗号化されています（パスワードを外して保存してください）", "encrypted (save it without a password)"
    )


def _damaged() -> DataError:
    return DataError("壊れているか、途中で切れたファイルです", "a damaged file, or one that was cut off")
