"""
Three hundred files that somebody could hand in to break a reader: each by its name, how it is made, and what must be said of it.

`says` is a part of the English line; None: it may be read or refused (bytes that chance changed), but it ends, in one of the two ways.
"""

from __future__ import annotations

import io
import os
import random
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from . import workbooks as w

HERE = Path(__file__).parent
ROWS = [
    ["番号", "業務名", "窓口", "郵送"],
    ["1", "資格取得", "○", "×"],
    ["9の2", "資格喪失", "△", ""],
    ["ア", "送付先の変更", "○", "○"],
]
LAUGHS: Final = "<!DOCTYPE x [<!ENTITY a0 'lol'>{}]>".format(
    "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(9))
)
OUTSIDE: Final = "<!DOCTYPE x [<!ENTITY a0 SYSTEM 'file:///etc/passwd'>]>"


class Hostile(NamedTuple):
    """A file: its name, how it comes to be at a path, and what is said of it."""

    name: str
    make: Callable[[Path], object]
    says: str | None


def every() -> Iterator[Hostile]:
    """All of them; one after another, since some are large."""
    from . import hostile_books

    for each in (_text, _places, hostile_books.every, _other_kinds, _pdf, _by_chance):
        yield from each()


def of_bytes(name: str, data: bytes | Callable[[], bytes], says: str | None) -> Hostile:
    """A file of these bytes, which may be made when they are asked for."""
    return Hostile(name, lambda path: path.write_bytes(data if isinstance(data, bytes) else data()), says)


# -- text ----------------------------------------------------------------------------------------------------------------


def _text() -> Iterator[Hostile]:
    line = "資格取得,○,×\n"
    yield of_bytes("empty.csv", b"", "empty")
    yield of_bytes("blank.txt", b" \n\t\r\n" * 50, "empty")
    yield of_bytes("mark_alone.csv", b"\xef\xbb\xbf", "empty")
    yield of_bytes("commas_alone.csv", b",,,\n" * 90, "every cell is empty")
    yield of_bytes("nul.csv", f"a,b\n{line}\0{line}".encode(), "line 3: not text (it has a NUL)")
    yield of_bytes("nul_alone.txt", b"\0" * 4_000_000, "NUL")
    yield of_bytes("utf16_without_mark.csv", (line * 9).encode("utf-16-le"), "line 1")
    yield of_bytes("utf16_cut.csv", b"\xff\xfe" + (line * 9).encode("utf-16-le")[:-1], "damaged UTF-16")
    yield of_bytes("utf32.csv", b"\xff\xfe\0\0" + (line * 9).encode("utf-32-le"), "UTF-32")
    yield of_bytes("euc.csv", (line * 99).encode("euc_jp"), "EUC-JP")
    yield of_bytes("jis.csv", (line * 99).encode("iso2022_jp"), "ISO-2022-JP")
    yield of_bytes("cp932_cut.csv", (line * 9).encode("cp932") + b"\x83", "neither UTF-8 nor Shift_JIS")
    yield of_bytes("utf8_and_cp932.csv", line.encode() * 9 + "窓口髙\n".encode("cp932"), "neither")
    yield of_bytes("overlong_utf8.csv", b"a,b\n\xc0\xaf,1\n\xf5\xff\n", "neither")
    yield of_bytes("surrogates.csv", b"a,b\n\xed\xa0\x80\xed\xff,1\n", "neither")
    yield of_bytes("million_columns.csv", b"a,b,c\n" * 9 + b"," * 1_000_000, "more than 256 columns")
    yield of_bytes("million_columns.txt", b"a\tb\n" * 9 + b"\t" * 1_000_000, "more than 256 columns")
    yield of_bytes("million_rows.csv", b"a,b,c\n" * 1_000_000, "more than 50,000 rows")
    yield of_bytes("million_rows.txt", b"a\tb\n" * 1_000_000, "more than 50,000 rows")
    yield of_bytes("million_blank_rows.txt", b"a\tb\n" + b"\n" * 7_000_000, "more than 50,000 rows")
    yield of_bytes(
        "many_cells.csv",
        b",".join([b"a"] * 250) + b"\n" + (b",".join([b"a"] * 250) + b"\n") * 900,
        "more than 200,000 cells",
    )
    yield of_bytes("million_pages.txt", b"a\tb\n" + b"\f" * 7_000_000, "pages")
    yield of_bytes("million_pages_of_lines.txt", b"a\tb\n" + b"\f\n" * 3_000_000, "pages")
    yield of_bytes("quote_open.csv", f'a,b\n{line}"資格,{line * 999}'.encode(), "line 3: a quote that never closes")
    yield of_bytes(
        "quote_then_text.csv", f'a,b\n{line}"資格"x,1\n'.encode(), "line 3: something stands after a closing quote"
    )
    yield of_bytes("quotes_alone.csv", b'"' * 4_000_001, "")
    yield of_bytes("huge_cell.csv", b"a,b\nx," + b"y" * 1_000_000 + b"\nx,y\nx,y\n", "characters")
    yield of_bytes("huge_quoted_cell.csv", b'a,b\nx,"' + b"y\n" * 20_000 + b'"\nx,y\nx,y\n', "characters")
    yield of_bytes("huge_line.txt", b"y" * 7_000_000, "characters")
    yield of_bytes("too_large.txt", b"a\tb\tc\n" * 1_400_000, "text of more than")
    yield of_bytes("larger_than_any.txt", b"a\tb\tc\n" * 3_500_000, "larger than")
    yield of_bytes("old_mac.csv", (line * 9).replace("\n", "\r").encode(), None)
    yield of_bytes("cr_in_cells.csv", b"a,b\nx\r\ry,z\nx,y\n", None)
    yield of_bytes("bidi.csv", f"a,b,c\n{chr(0x202E)}{line}{chr(0x2066)}{line}".encode(), None)
    yield of_bytes("controls.csv", f"a,b,c\n{chr(27)}[2J{line}{chr(8)}{line}".encode(), None)
    yield of_bytes("formula.csv", b"a,b\n=cmd|'/C calc'!A0,1\n@SUM(1),2\n", None)
    yield of_bytes("zalgo.csv", ("a,b\n" + "○" + "\u0301" * 20_000 + ",1\n").encode(), None)
    yield of_bytes("astral.csv", ("\U0001f600,b\n" * 9_000).encode(), None)


# -- what stands under a name --------------------------------------------------------------------------------------------


def _socket(path: Path) -> None:
    """A socket's name may be too long in a folder of tests; then it is made beside it, and a link leads there."""
    there = Path("/tmp") / f"assign-{os.getpid()}-{path.name}"  # noqa: S108 - a socket's name is short
    there.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(there))
    path.symlink_to(there)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _places() -> Iterator[Hostile]:
    yield Hostile("folder.xlsx", lambda path: path.mkdir(), "directory")
    yield Hostile("pipe.csv", os.mkfifo, "not a regular file")
    yield Hostile("socket.csv", _socket, "cannot read")
    yield Hostile("nothing.csv", lambda _: None, "No such file")
    yield Hostile("link_to_nothing.csv", lambda path: path.symlink_to("nowhere"), "No such file")
    yield Hostile("link_to_itself.csv", _loop, "cannot read")
    yield Hostile("link_to_zero.csv", lambda path: path.symlink_to("/dev/zero"), "not a regular file")
    yield Hostile("link_to_random.xlsx", lambda path: path.symlink_to("/dev/urandom"), "not a regular file")
    yield Hostile("link_to_null.xlsx", lambda path: path.symlink_to("/dev/null"), "not a regular file")
    yield Hostile("link_to_input.csv", lambda path: path.symlink_to("/dev/stdin"), "cannot read")
    yield Hostile("link_to_folder.pdf", lambda path: path.symlink_to("/"), "directory")
    yield Hostile("link_to_memory.csv", lambda path: path.symlink_to("/proc/self/mem"), "cannot read")
    yield Hostile("link_to_a_list.csv", lambda path: path.symlink_to(HERE / "lists" / "b" / "list_b.csv"), None)
    yield Hostile("new\nline.csv", lambda path: path.write_bytes(b""), r"new\nline.csv")
    yield Hostile("\x1b[31mred.csv", lambda path: path.write_bytes(b""), r"\x1b[31mred.csv")
    yield Hostile("\u202evsc.exe", lambda path: path.write_bytes(b""), r"\u202evsc.exe")
    yield Hostile(
        "a file of 200 GB.xlsx",
        lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 200 << 30),
        "larger than",
    )


# -- other kinds --------------------------------------------------------------------------------------------------------


def _other_kinds() -> Iterator[Hostile]:
    from . import hostile_books

    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    old = (HERE / "intake" / "list.xls").read_bytes()
    yield of_bytes(
        "encrypted_book.xlsx",
        ole + b"\0" * 900 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 900,
        "an encrypted workbook",
    )
    yield of_bytes("word.doc", ole + b"\0" * 900 + "WordDocument".encode("utf-16-le"), "a Word document")
    yield of_bytes("office_of_nothing.xls", ole + b"\0" * 4_000, "no Excel workbook")
    yield of_bytes("office_damaged.xls", ole + "Workbook".encode("utf-16-le") + b"\xff" * 4_000, "cannot be read")
    sectors = bytearray(old)
    sectors[512:1024] = struct.pack("<128I", *[0] * 128)
    yield of_bytes("sectors_in_a_circle.xls", bytes(sectors), None)
    for at, (offset, value) in enumerate(
        ((30, 0xFFFF), (32, 0), (44, 0xFFFFFFF), (48, 7), (60, 1), (68, 3), (72, 0xFFFFFF))
    ):
        changed = bytearray(old)
        changed[offset : offset + 4] = struct.pack("<I", value)
        yield of_bytes(f"office_head_{at}.xls", bytes(changed), None)
    yield of_bytes("workbook_of_1990.xls", b"\x09\x08\x10\0" + b"\0" * 99, "a very old Excel workbook")
    yield of_bytes("page.xls", "<html><table><tr><td>資格</table>".encode(), "HTML")
    yield of_bytes("xml.xls", b"<?xml version='1.0'?><Workbook/>", "XML")
    yield of_bytes("laughs.xml", LAUGHS.encode(), "XML")
    yield of_bytes("json.csv", b'{"a": 1}', None)
    yield of_bytes("rich.txt", b"{\\rtf1 hello}", "rich text")
    for name, data in (
        ("png", b"\x89PNG\r\n\x1a\n"),
        ("jpg", b"\xff\xd8\xff\xe0"),
        ("gz", b"\x1f\x8b\x08"),
        ("7z", b"7z\xbc\xaf'\x1c"),
        ("rar", b"Rar!\x1a\x07\0"),
        ("exe", b"MZ\x90\0"),
        ("elf", b"\x7fELF"),
        ("sqlite", b"SQLite format 3\0"),
        ("parquet", b"PAR1"),
        ("tiff", b"II*\0"),
        ("ps", b"%!PS-Adobe"),
    ):
        yield of_bytes(f"a_{name}.xlsx", data + bytes(range(256)), name[:0])
    yield of_bytes("tar.csv", b"a.csv" + b"\0" * 252 + b"ustar" + b"\0" * 250, "tar")
    yield of_bytes("last_cell.xlsb", w.xlsb([["a"], ["b"]], last_at=1_048_575), "")
    yield of_bytes("last_column.xlsb", w.xlsb([["a"], ["b"]], last_at=1), "beyond column IV")
    yield of_bytes("list.pdf", old, None)
    yield of_bytes("list.csv", w.zipped(hostile_books.good()), None)
    yield of_bytes("list.xlsx", "業務,受託者\n資格取得,○\n喪失,×\n".encode("cp932"), None)
    yield of_bytes("list.xls", w.xlsb(ROWS), None)


# -- pdf -----------------------------------------------------------------------------------------------------------------


def _pdf() -> Iterator[Hostile]:
    catalog, page = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>",
    )
    content = w.printed(ROWS)
    yield of_bytes("magic_alone.pdf", b"%PDF-1.7", "damaged")
    yield of_bytes(
        "pages_in_a_circle.pdf",
        w.pdf(
            [catalog, b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>", b"<</Type/Pages/Kids[2 0 R]/Parent 2 0 R/Count 1>>"]
        ),
        "",
    )
    yield of_bytes(
        "page_of_itself.pdf",
        w.pdf([catalog, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page.replace(b"2 0 R", b"3 0 R"), w.stream(content)]),
        None,
    )
    yield of_bytes("catalog_of_itself.pdf", w.pdf([b"1 0 R"]), "")
    yield of_bytes("reference_to_itself.pdf", w.pdf([catalog, b"2 0 R"]), "")
    yield of_bytes(
        "table_before_itself.pdf",
        w.pdf([catalog, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, w.stream(content)], b"/Prev 15"),
        None,
    )
    circle = w.pdf([catalog])
    yield of_bytes(
        "table_of_itself.pdf", circle.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % circle.rindex(b"xref\n0")), ""
    )
    yield of_bytes(
        "many_pages.pdf",
        lambda: w.pdf([catalog, b"<</Type/Pages/Kids[%s]/Count 5000>>" % (b"3 0 R " * 5000), page, w.stream(b"")]),
        "",
    )
    yield of_bytes(
        "many_pages_of_their_own.pdf",
        lambda: w.pdf(
            [
                catalog,
                b"<</Type/Pages/Kids[%s]/Count 5000>>" % b" ".join(b"%d 0 R" % n for n in range(3, 5003)),
                *[page] * 5000,
            ]
        ),
        "more than 300 pages",
    )
    yield of_bytes(
        "page_count_lies.pdf",
        w.pdf([catalog, b"<</Type/Pages/Kids[3 0 R]/Count 99999999>>", page, w.stream(content)]),
        None,
    )
    yield of_bytes("bomb.pdf", lambda: w.pdf_of(b" " * 1_500_000_000), "")
    yield of_bytes(
        "bomb_twice_packed.pdf",
        lambda: w.pdf(
            [
                catalog,
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                page,
                w.stream(zlib.compress(b" " * 300_000_000, 9)).replace(
                    b"/Filter/FlateDecode", b"/Filter[/FlateDecode/FlateDecode]"
                ),
            ]
        ),
        "",
    )
    yield of_bytes("many_texts.pdf", lambda: w.pdf_of(b"BT /F 10 Tf (ab) Tj ET\n" * 900_000), "")
    yield of_bytes(
        "many_lines.pdf",
        lambda: w.pdf_of(b"".join(b"%d %d 3 3 re S\n" % (n % 500, n // 500) for n in range(90_000))),
        "",
    )
    yield of_bytes(
        "many_crossings.pdf",
        lambda: w.pdf_of(b"".join(b"0 %d m 595 %d l S\n%d 0 m %d 842 l S\n" % (n, n, n, n) for n in range(595))),
        "",
    )
    yield of_bytes("many_curves.pdf", lambda: w.pdf_of(b"0 0 m " + b"1 2 3 4 5 6 c " * 600_000 + b"S"), "")
    yield of_bytes("deep_array.pdf", lambda: w.pdf([catalog, b"[" * 900_000, page]), "")
    yield of_bytes("deep_dictionary.pdf", lambda: w.pdf([catalog, b"<</a" * 300_000, page]), "")
    yield of_bytes("deep_in_content.pdf", lambda: w.pdf_of(b"[" * 2_000_000 + content), None)
    yield of_bytes("saved_deep.pdf", lambda: w.pdf_of(b"q " * 2_000_000 + content), None)
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 7 0 R>>>>/Length 5>>stream\n/X Do\nendstream"
    yield of_bytes("form_within_itself.pdf", w.pdf_of(b"/X Do " + content, [form], b"/XObject<</X 7 0 R>>"), None)
    twice = [
        form.replace(b"7 0 R", b"%d 0 R" % (n + 8))
        .replace(b"/Length 5", b"/Length 11")
        .replace(b"/X Do", b"/X Do /X Do")
        for n in range(30)
    ]
    yield of_bytes("forms_doubling.pdf", w.pdf_of(b"/X Do", [*twice, w.stream(b"")], b"/XObject<</X 7 0 R>>"), "")
    yield of_bytes("page_without_end.pdf", w.pdf_of(content).replace(b"[0 0 595 842]", b"[0 0 1e30 nan]"), None)
    yield of_bytes("box_of_nothing.pdf", w.pdf_of(content).replace(b"[0 0 595 842]", b"[0 0 0 0]    "), None)
    yield of_bytes("length_lies.pdf", w.pdf_of(content).replace(b"/Length ", b"/Length 9999"), None)
    yield of_bytes(
        "length_of_itself.pdf",
        w.pdf([catalog, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, b"<</Length 4 0 R>>stream\nBT ET\nendstream"]),
        "",
    )
    guard = b"/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O<%s>/U<%s>>>/ID[<00><00>]" % (b"11" * 32, b"22" * 32)
    yield of_bytes("encrypted.pdf", w.pdf([catalog, b"<</Type/Pages/Kids[]/Count 0>>"], guard), "an encrypted PDF")
    yield of_bytes("encrypted_otherwise.pdf", w.pdf([catalog], guard.replace(b"/Standard", b"/Other")), "")
    yield of_bytes("no_text.pdf", w.pdf_of(b"0 0 m 9 9 l S"), "without text")
    yield of_bytes("no_pages.pdf", w.pdf([catalog, b"<</Type/Pages/Kids[]/Count 0>>"]), "without text")
    yield of_bytes(
        "script.pdf",
        w.pdf_of(content).replace(b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>"),
        None,
    )
    yield of_bytes(
        "launch.pdf",
        w.pdf_of(content).replace(b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/Launch/F(calc.exe)>>"),
        None,
    )
    yield of_bytes("font_outside.pdf", w.pdf_of(content).replace(b"UniJIS-UTF16-H", b"..#2f..#2fetc#2fpasswd"), None)
    yield of_bytes("million_objects.pdf", lambda: b"%PDF-1.4\n" + b"1 0 obj\n<<>>\nendobj\n" * 900_000, "")
    yield of_bytes("no_table.pdf", w.pdf_of(content).replace(b"xref", b"xxxx"), None)


# -- by chance -----------------------------------------------------------------------------------------------------------


def _by_chance() -> Iterator[Hostile]:
    """Good files with some bytes changed, or cut; the same ones every time."""
    from . import hostile_books

    td = "<table:table-cell><text:p>資格取得</text:p></table:table-cell>"
    good = {
        "xlsx": w.zipped(hostile_books.good(), zipfile.ZIP_STORED),
        "xlsb": w.xlsb(ROWS),
        "ods": w.ods(f"<table:table-row>{td * 3}</table:table-row>"),
        "xls": (HERE / "intake" / "list.xls").read_bytes(),
        "pdf": w.pdf_of(w.printed(ROWS)),
    }
    for kind, data in good.items():
        chance = random.Random(kind)
        cuts = sorted(chance.sample(range(1, len(data)), 6))
        for number, (before, at) in enumerate(pairwise([0, *cuts])):
            yield of_bytes(f"cut_{number}.{kind}", data[:at], None)
            yield of_bytes(f"hole_{number}.{kind}", data[:before] + data[at:], None)
        for number in range(10):
            changed = bytearray(data)
            for at in chance.sample(range(len(data)), 1 + number * 4):
                changed[at] = chance.randrange(256)
            yield of_bytes(f"changed_{number}.{kind}", bytes(changed), None)
    yield from _changed_parts("xlsx", hostile_books.good(), 24)
    yield from _changed_parts("ods", _parts(good["ods"]), 12)
    yield from _changed_parts("xlsb", _parts(good["xlsb"]), 24)


def _parts(data: bytes) -> dict[str, bytes | str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _changed_parts(kind: str, parts: dict[str, bytes | str], count: int) -> Iterator[Hostile]:
    """The archive is sound, and what is in it is not: a check sum does not give it away."""
    chance = random.Random(f"parts of {kind}")
    for number in range(count):
        name = chance.choice(sorted(parts))
        content = parts[name]
        changed = bytearray(content.encode() if isinstance(content, str) else content)
        for at in chance.sample(range(len(changed)), min(len(changed), 1 + number // 4)):
            changed[at] = chance.choice((0, 0xFF, ord("<"), ord('"'), ord("&"), chance.randrange(256)))
        yield of_bytes(f"changed_within_{number}.{kind}", w.zipped(parts | {name: bytes(changed)}), None)
