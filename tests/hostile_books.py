"""
Workbooks that somebody could hand in to break a reader: archives that lie, XML that explodes, sheets without end.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator

from . import workbooks as w
from .hostile_files import LAUGHS, OUTSIDE, ROWS, Hostile, of_bytes


def every() -> Iterator[Hostile]:
    """All of them."""
    yield from _zips()
    yield from _xlsx()
    yield from _ods()


def good() -> dict[str, bytes | str]:
    """The parts of a workbook that is none of this."""
    return w.xlsx_parts({"表1": w.sheet(w.table(ROWS))})


# -- archives ------------------------------------------------------------------------------------------------------------


def _bomb(name: str, megabytes: int, *, said: int | None = None, first: bytes = b"") -> bytes:
    """An archive whose one part is that many megabytes of blanks; `said`: the size that its entry names."""
    whole = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = whole.compress(first) + whole.flush(zlib.Z_FULL_FLUSH)
    block = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = block.compress(b" " * (1 << 20)) + block.flush(
        zlib.Z_FULL_FLUSH
    )  # may be repeated: nothing refers to what was before
    end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    return _entries(
        [(name, head + packed * megabytes + end, len(first) + (megabytes << 20) if said is None else said, 8, 0)]
    )


def _entries(entries: list[tuple[str, bytes, int, int, int]], *, places: list[int] | None = None) -> bytes:
    """An archive of packed parts as they are: (name, bytes, the size that is said, method, flags)."""
    out, directory = b"", b""
    for number, (name, packed, size, method, flags) in enumerate(entries):
        label = name.encode()
        place = len(out) if places is None else places[number]
        sizes = (0, len(packed), size & 0xFFFFFFFF)  # the check sum, too, is a lie
        fields = struct.pack("<HHHHHIIIHH", 20, flags | 0x800, method, 0, 33, *sizes, len(label), 0)
        out += b"PK\3\4" + fields + label + packed
        directory += b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, place) + label
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(out), 0)
    return out + directory + b"PK\5\6" + end


def _with(name: str, content: bytes | str = b"x") -> bytes:
    return w.zipped(good() | {name: content})


def _named_twice(one: str, other: str) -> bytes:
    out = io.BytesIO(w.zipped(good()))
    with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings(action="ignore"):
        archive.writestr(zipfile.ZipInfo(one), b"<a/>")
        archive.writestr(zipfile.ZipInfo(other), b"<b/>")
    return out.getvalue()


def _nested(depth: int) -> bytes:
    data = b"\0" * 1_000_000
    for level in range(depth):
        data = w.zipped({f"{level}-{number}.zip": data for number in range(4)})
    return data


def _zips() -> Iterator[Hostile]:
    part = "xl/worksheets/sheet1.xml"
    yield of_bytes("bomb_10GB.xlsx", lambda: _bomb(part, 10_000), "unpacked it is larger than")
    yield of_bytes("bomb_that_lies.xlsx", lambda: _bomb(part, 4_000, said=10), None)
    yield of_bytes("bomb_that_lies_more.xlsx", lambda: _bomb(part, 4_000, said=40_000_000), "")
    yield of_bytes(
        "bomb_of_shared_texts.xlsx", lambda: _bomb("xl/sharedStrings.xml", 500), "unpacked it is larger than"
    )
    yield of_bytes("bomb.ods", lambda: _bomb("content.xml", 500), "unpacked it is larger than")
    yield of_bytes("bomb.xlsb", lambda: _bomb("xl/workbook.bin", 500), "unpacked it is larger than")
    yield of_bytes("bomb_of_pictures.xlsx", lambda: _bomb("xl/media/a.png", 4_000), "no workbook")
    yield of_bytes(
        "bombs_many.xlsx",
        lambda: w.zipped(good() | {f"xl/worksheets/x{n}.xml": b" " * 10_000_000 for n in range(8)}),
        "unpacked it is larger than",
    )
    yield of_bytes("nested.zip", lambda: _nested(5), "a ZIP archive")
    yield of_bytes("nested.xlsx", lambda: _with("xl/embeddings/a.zip", _nested(4)), None)
    packed = zlib.compress(b" " * 20_000_000, 9)[2:-4]
    yield of_bytes(
        "parts_within_parts.xlsx",
        lambda: _entries([(f"xl/worksheets/s{n}.xml", packed, 20_000_000, 8, 0) for n in range(200)], places=[0] * 200),
        "",
    )
    yield of_bytes(
        "parts_beyond_the_end.xlsx",
        lambda: _entries([("xl/workbook.xml", b"<a/>", 4, 0, 0)], places=[1 << 30]),
        "damaged",
    )
    yield of_bytes("many_parts.xlsx", lambda: _entries([(f"x{n}", b"", 0, 0, 0) for n in range(60_000)]), "parts")
    for at, name in enumerate(
        (
            "../../etc/passwd",
            "/etc/passwd",
            "..\\..\\a.xml",
            "C:\\a.xml",
            "xl/../../a.xml",
            "xl/worksheets/../../../../a.xml",
        )
    ):
        yield of_bytes(f"leads_outside_{at}.xlsx", _with(name), "leads outside")
    yield of_bytes("nul_in_a_name.xlsx", _entries([("xl/workbook.xml\0.png", b"<a/>", 4, 0, 0)]), "leads outside")
    yield of_bytes("long_name.xlsx", _with("xl/" + "a" * 60_000 + ".xml", b"<a/>"), None)
    yield of_bytes("control_name.xlsx", _with("xl/\x1b[31m.xml", b"<!DOCTYPE a>"), r"xl/\x1b[31m.xml")
    yield of_bytes("link_in_it.xlsx", _linked, None)
    yield of_bytes("two_of_a_name.xlsx", lambda: _named_twice("xl/a.xml", "xl/a.xml"), "two parts")
    yield of_bytes("two_of_a_case.xlsx", lambda: _named_twice("xl/a.xml", "XL/A.xml"), "two parts")
    yield of_bytes("encrypted.zip", _entries([("xl/workbook.xml", b"0" * 20, 8, 8, 1)]), "encrypted")
    yield of_bytes("encrypted_aes.xlsx", _entries([("xl/workbook.xml", b"0" * 20, 8, 99, 1)]), "encrypted")
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield of_bytes(f"packed_by_{method}.xlsx", w.zipped(good(), method), "packed in a way")
    yield of_bytes("packed_by_97.xlsx", _entries([("xl/workbook.xml", b"0" * 20, 8, 97, 0)]), "packed in a way")
    yield of_bytes("no_parts.xlsx", b"PK\5\6" + b"\0" * 18, "no workbook")
    yield of_bytes("magic_alone.xlsx", b"PK\3\4", "damaged")
    yield of_bytes("only_a_directory.xlsx", w.zipped({"xl/": b""}), "no workbook")
    yield of_bytes("zip_in_front.xlsx", b"PK\3\4" + b"x" * 999 + w.zipped(good()), None)
    yield of_bytes(
        "comment_as_archive.xlsx", w.zipped(good())[:-2] + struct.pack("<H", 22) + b"PK\5\6" + b"\0" * 18, ""
    )
    yield of_bytes(
        "word.xlsx", w.zipped({"[Content_Types].xml": "<a/>", "word/document.xml": "<a/>"}), "a Word document"
    )
    yield of_bytes(
        "slides.xlsx", w.zipped({"[Content_Types].xml": "<a/>", "ppt/presentation.xml": "<a/>"}), "a PowerPoint file"
    )


def _linked() -> bytes:
    out = io.BytesIO(w.zipped(good()))
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("xl/link.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


# -- xlsx ----------------------------------------------------------------------------------------------------------------


def _row(*cells: str) -> str:
    """A sheet of one row."""
    return w.sheet(f'<row r="1">{"".join(cells)}</row>')


def _xml(name: str, content: str | bytes, says: str | None) -> Hostile:
    """A workbook whose sheet has this XML."""
    return of_bytes(f"{name}.xlsx", lambda: w.zipped(good() | {"xl/worksheets/sheet1.xml": content}), says)


def _xlsx() -> Iterator[Hostile]:
    sound = w.sheet(w.table(ROWS))
    body = sound.removeprefix(w.HEAD)
    one = w.cell("A1", "資格取得")
    for at, (kind, doctype) in enumerate(
        (
            ("laughs", LAUGHS),
            ("outside", OUTSIDE),
            ("empty_dtd", "<!DOCTYPE x>"),
            ("parameter", "<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1/'>%p;]>"),
            ("quadratic", f"<!DOCTYPE x [<!ENTITY a0 '{'x' * 90_000}'>]>"),
        )
    ):
        yield _xml(
            f"dtd_{kind}",
            w.HEAD + doctype + body.replace("資格取得", "&a0;" * (90_000 if kind == "quadratic" else 1)),
            "DTD",
        )
        yield of_bytes(
            f"dtd_{kind}_in_texts.xlsx",
            w.zipped(good() | {"xl/sharedStrings.xml": w.HEAD + doctype + "<sst/>"}),
            "DTD",
        )
        if at < 3:
            yield of_bytes(
                f"dtd_{kind}_in_styles.xlsx", w.zipped(good() | {"xl/styles.xml": w.HEAD + doctype + "<a/>"}), "DTD"
            )
            yield of_bytes(
                f"dtd_{kind}_in_book.xlsx", w.zipped(good() | {"xl/workbook.xml": w.HEAD + doctype + "<a/>"}), "DTD"
            )
    yield _xml("dtd_in_utf16", (w.HEAD.replace("UTF-8", "UTF-16") + LAUGHS + body).encode("utf-16"), "not XML in UTF-8")
    yield _xml("dtd_in_utf16_unmarked", (LAUGHS + body).encode("utf-16-be"), "not XML in UTF-8")
    yield _xml("utf7", w.HEAD.replace("UTF-8", "UTF-7") + "+ADwAIQ-DOCTYPE x+AD4-" + body, "not XML in UTF-8")
    yield _xml("shift_jis", w.HEAD.replace("UTF-8", "Shift_JIS").encode() + body.encode("cp932"), "not XML in UTF-8")
    yield _xml("deep", w.sheet("<row>" * 200_000), "nested too deeply")
    yield _xml("deep_beside", w.sheet(w.table(ROWS), after="<a>" * 200_000), "nested too deeply")
    yield _xml("not_closed", sound[:-30], "its XML is damaged")
    yield _xml("empty_part", b"", "its XML is damaged")
    yield _xml("no_xml", b"hello", "its XML is damaged")
    yield _xml("control_in_xml", _row(one.replace("資格取得", "a\x01b")), "its XML is damaged")
    yield _xml("bad_utf8", sound.encode().replace("資".encode(), b"\xff\xfe"), "its XML is damaged")
    yield _xml("undefined_entity", sound.replace("資格取得", "&nbsp;"), "its XML is damaged")
    yield _xml("huge_attribute", w.sheet(f'<row r="1" x="{"y" * 9_000_000}">{one}</row>'), None)
    yield _xml(
        "many_attributes", w.sheet("<row " + " ".join(f"a{n}=''" for n in range(200_000)) + f">{one}</row>"), None
    )
    yield _xml(
        "many_namespaces",
        w.sheet("<row " + " ".join(f"xmlns:n{n}='u{n}'" for n in range(100_000)) + f">{one}</row>"),
        None,
    )
    yield _xml("column_XFD", _row(one, w.cell("XFD1", "x")), "beyond column IV")
    yield _xml("column_beyond", _row(w.cell("ZZZ1", "x")), "beyond column IV")
    yield _xml("million_columns", w.sheet('<row r="1">' + "<c><v>1</v></c>" * 1_000_000 + "</row>"), "beyond column IV")
    yield _xml(
        "row_1048576",
        w.sheet(f'<row r="1">{one}</row><row r="1048576">{w.cell("A1048576", "x")}</row>'),
        "below row 50,000",
    )
    yield _xml("million_rows", w.sheet("<row><c><v>1</v></c></row>" * 1_000_000), "below row 50,000")
    yield _xml(
        "wide_and_long",
        w.sheet(f'<row r="1">{w.cell("IV1", "x")}</row><row r="49999">{w.cell("A49999", "x")}</row>'),
        "more than 200,000 cells",
    )
    yield _xml(
        "many_blank_cells",
        w.sheet(f'<row r="1">{one}</row>' + "<row>" + "<c/>" * 900_000 + "</row>"),
        "",
    )
    yield _xml("two_of_a_cell", _row(one, one), "`A1`")
    yield _xml("two_of_a_row", w.sheet(f'<row r="1">{one}</row><row r="1">{one}</row>'), "`A1`")
    yield _xml("cell_in_another_row", _row(w.cell("A2", "x")), "`A2`")
    for reference in ("A0", "A-1", "A99999999999", "１A", "", "A1:B2", "$", "AAAAA1", "A1\n"):
        yield _xml(
            f"reference_{reference.encode().hex()}",
            _row(w.cell(reference, "x")),
            "" if reference != "A0" else None,
        )
    for number in ("-1", "1e9", "99999999999999999999", "x", "١"):
        yield _xml(f"row_number_{number.encode().hex()[:20]}", w.sheet(f'<row r="{number}"><c><v>1</v></c></row>'), "")
        yield _xml(
            f"style_{number.encode().hex()[:20]}",
            _row(w.cell("A1", attributes=f"s='{number}'", inside="<v>1</v>")),
            "",
        )
        yield _xml(
            f"shared_{number.encode().hex()[:20]}",
            _row(w.cell("A1", attributes='t="s"', inside=f"<v>{number}</v>")),
            "",
        )
    yield _xml(
        "style_that_is_none",
        _row(w.cell("A1", attributes='s="99999"', inside="<v>1</v>")),
        None,
    )
    for text in ("nan", "inf", "1e400", "-1e400", "0x10", "１", "1_000", "1" * 100_000, "99999999999"):
        yield _xml(
            f"number_{text.encode().hex()[:20]}",
            _row(one, w.cell("B1", inside=f"<v>{text}</v>")),
            None,
        )
    yield _xml("kind_that_is_none", _row(w.cell("A1", attributes='t="zz"', inside="<v>1</v>")), None)
    yield _xml(
        "date_that_is_none",
        _row(w.cell("A1", attributes='t="d"', inside="<v>2025-99-99</v>")),
        None,
    )
    yield _xml("huge_cell", _row(w.cell("A1", "y" * 9_000_000)), "characters")
    yield _xml("much_text", w.sheet(w.table([["y" * 30_000] * 20] * 20)), "too much text")
    yield _xml("no_cells", w.sheet(""), "every cell is empty")
    yield _xml("bidi", w.sheet(w.table([["○", f"{chr(0x202E)}受託者"]])), None)
    yield _xml("escaped_control", w.sheet(w.table([["a_x001B_b", "_x0000_"]])), None)
    merged = "".join(f'<mergeCell ref="{each}"/>' for each in ("A1:B2", "B2:C3"))
    yield _xml("merged_twice", w.sheet(w.table(ROWS), after=f"<mergeCells>{merged}</mergeCells>"), "two merged cells")
    yield _xml(
        "merged_all", w.sheet(w.table(ROWS), after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'), None
    )
    yield _xml(
        "merged_backwards", w.sheet(w.table(ROWS), after='<mergeCells><mergeCell ref="C3:A1"/></mergeCells>'), "`C3:A1`"
    )
    yield _xml(
        "merged_often",
        w.sheet(w.table(ROWS), after="<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 200_000 + "</mergeCells>"),
        "",
    )
    yield _xml("formula_never_worked_out", _row(one, w.cell("B1", inside="<f>1+1</f>")), None)
    yield _xml(
        "formula_dde",
        _row(one, w.cell("B1", inside="<f>cmd|&apos;/C calc&apos;!A0</f><v>1</v>")),
        None,
    )
    yield _xml(
        "formula_of_a_page",
        w.sheet(
            f'<row r="1">{one}{w.cell("B1", inside="<f>WEBSERVICE(&quot;http://127.0.0.1/&quot;)</f><v>1</v>")}</row>'
        ),
        None,
    )
    yield _xml(
        "hidden_often",
        w.sheet(w.table(ROWS), before="<cols>" + '<col min="1" max="16384" hidden="1"/>' * 60_000 + "</cols>"),
        "`col`",
    )
    yield of_bytes("macros.xlsx", _with("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" * 9_000), None)
    yield of_bytes(
        "many_sheets.xlsx", w.zipped(w.xlsx_parts({f"s{n}": w.sheet("") for n in range(500)})), "more than 100 sheets"
    )
    yield of_bytes("no_sheets.xlsx", w.zipped(w.xlsx_parts({})), "no sheet")
    yield of_bytes(
        "sheet_without_part.xlsx",
        w.zipped({name: part for name, part in good().items() if "sheet1" not in name}),
        "has no content",
    )
    yield of_bytes(
        "no_book.xlsx",
        w.zipped({name: part for name, part in good().items() if name != "xl/workbook.xml"}),
        "workbook.xml",
    )
    yield of_bytes(
        "no_links.xlsx",
        w.zipped({name: part for name, part in good().items() if not name.endswith("workbook.xml.rels")}),
        "has no content",
    )
    links = str(good()["xl/_rels/workbook.xml.rels"])
    yield of_bytes(
        "link_leads_outside.xlsx",
        w.zipped(
            good() | {"xl/_rels/workbook.xml.rels": links.replace("worksheets/sheet1.xml", "../../../etc/passwd")}
        ),
        "has no content",
    )
    yield of_bytes(
        "link_to_the_web.xlsx",
        w.zipped(
            good()
            | {
                "xl/_rels/workbook.xml.rels": links.replace(
                    'Target="', 'TargetMode="External" Target="http://127.0.0.1/'
                )
            }
        ),
        "has no content",
    )
    yield of_bytes(
        "link_to_itself.xlsx",
        w.zipped(good() | {"xl/_rels/workbook.xml.rels": links.replace("worksheets/sheet1.xml", "workbook.xml")}),
        "",
    )
    parts = w.xlsx_parts({"表1": w.sheet(w.table(ROWS)), "表2": w.sheet(w.table(ROWS))})
    yield of_bytes(
        "sheets_of_a_name.xlsx",
        w.zipped(parts | {"xl/workbook.xml": str(parts["xl/workbook.xml"]).replace("表2", "表1")}),
        "",
    )
    yield of_bytes(
        "many_shared_texts.xlsx",
        lambda: w.zipped(good() | {"xl/sharedStrings.xml": w.shared_strings(*["<t/>"] * 3_000_000)}),
        None,
    )
    yield of_bytes(
        "many_styles.xlsx", lambda: w.zipped(good() | {"xl/styles.xml": w.styles(cells=[(0, 0, 0)] * 500_000)}), None
    )
    odd = w.styles(
        formats=["[" * 30_000, '"' * 30_001, ";" * 30_000, "0" * 30_000], cells=[(164 + n, 0, 0) for n in range(4)]
    )
    formatted = "".join(w.cell(f"{'ABCD'[n]}1", attributes=f's="{n}"', inside="<v>5</v>") for n in range(4))
    yield of_bytes(
        "formats_without_end.xlsx",
        w.zipped(w.xlsx_parts({"表1": _row(formatted)}, {"xl/styles.xml": odd})),
        None,
    )


# -- ods -------------------------------------------------------------------------------------------------


def _ods() -> Iterator[Hostile]:
    td = "<table:table-cell {}><text:p>資格取得</text:p></table:table-cell>"
    row = "<table:table-row {}>{}</table:table-row>"
    yield of_bytes(
        "columns_repeated.ods",
        w.ods(row.format("", td.format('table:number-columns-repeated="999999999"'))),
        "beyond column IV",
    )
    yield of_bytes(
        "rows_repeated.ods",
        w.ods(row.format('table:number-rows-repeated="999999999"', td.format(""))),
        "below row 50,000",
    )
    yield of_bytes(
        "both_repeated.ods",
        w.ods(row.format('table:number-rows-repeated="49999"', td.format('table:number-columns-repeated="255"'))),
        "more than 200,000 cells",
    )
    yield of_bytes(
        "rows_between.ods",
        w.ods(
            row.format('table:number-rows-repeated="1048576"', "<table:table-cell/>") + row.format("", td.format(""))
        ),
        "below row 50,000",
    )
    yield of_bytes(
        "repeated_by_nothing.ods", w.ods(row.format('table:number-rows-repeated="-1"', td.format(""))), "repetitions"
    )
    yield of_bytes(
        "repeated_by_much.ods",
        w.ods(row.format(f'table:number-rows-repeated="{"9" * 5_000}"', td.format(""))),
        "repetitions",
    )
    yield of_bytes(
        "blanks_repeated.ods",
        w.ods(row.format("", '<table:table-cell><text:p><text:s text:c="999999999"/></text:p></table:table-cell>')),
        None,
    )
    yield of_bytes(
        "spanned_all.ods",
        w.ods(row.format("", td.format('table:number-columns-spanned="16384" table:number-rows-spanned="1048576"'))),
        None,
    )
    yield of_bytes(
        "spanned_twice.ods",
        w.ods(row.format("", td.format('table:number-columns-spanned="3"') * 3)),
        "two merged cells",
    )
    yield of_bytes("laughs.ods", w.ods(row.format("", td.format("")), doctype=LAUGHS), "DTD")
    yield of_bytes("outside.ods", w.ods(row.format("", td.format("")), doctype=OUTSIDE), "DTD")
    yield of_bytes("deep.ods", lambda: w.ods("<table:table-row>" * 100_000), "nested too deeply")
    yield of_bytes(
        "encrypted.ods",
        w.ods(row.format("", td.format("")), manifest="<m><manifest:encryption-data xmlns:manifest='m'/></m>"),
        "encrypted",
    )
    yield of_bytes("many_cells.ods", lambda: w.ods(row.format("", "<table:table-cell/>" * 1_000_000)), "")
    yield of_bytes("many_rows.ods", lambda: w.ods("<table:table-row/>" * 1_000_000), "")
    yield of_bytes(
        "a_text.ods",
        w.zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}),
        "no spreadsheet",
    )
