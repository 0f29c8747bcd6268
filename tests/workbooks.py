"""
Workbooks and PDFs as bytes, made by hand: what a library would not write is what a reader must meet.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKED = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def zipped(parts: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these parts, in this order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def cell(reference: str, text: str | None = None, *, attributes: str = "", inside: str = "") -> str:
    """The XML of a cell: with its text in itself, or with what is given."""
    if text is not None:
        return f'<c r="{reference}" t="inlineStr" {attributes}><is><t xml:space="preserve">{escape(text)}</t></is></c>'
    return f'<c r="{reference}" {attributes}>{inside}</c>'


def table(rows: Sequence[Sequence[str]]) -> str:
    """The XML of rows of texts; an empty one is no cell at all."""
    return "".join(
        f'<row r="{number}">{"".join(cell(f"{chr(64 + at)}{number}", text) for at, text in enumerate(row, start=1) if text)}</row>'
        for number, row in enumerate(rows, start=1)
    )


def sheet(data: str, *, before: str = "", after: str = "") -> str:
    """The XML of a sheet around that of its rows."""
    return (
        f'{HEAD}<worksheet xmlns="{_MAIN}" xmlns:r="{_LINKS}">{before}<sheetData>{data}</sheetData>{after}</worksheet>'
    )


def xlsx_parts(sheets: Mapping[str, str], more: Mapping[str, bytes | str] | None = None, states: Mapping[str, str] | None = None, book: str = "") -> dict[str, bytes | str]:  # fmt: skip
    """The parts of a workbook: each sheet's name with its XML, and further parts."""
    names = list(sheets)
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}" state="{(states or {}).get(name, "visible")}"/>'
        for at, name in enumerate(names, start=1)
    )
    links = "".join(
        f'<Relationship Id="rId{at}" Type="{_LINKS}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(names) + 1)
    )
    beside = [kind for kind in ("sharedStrings", "styles") if f"xl/{kind}.xml" in (more or {})]
    extra = "".join(f'<Relationship Id="x{kind}" Type="{_LINKS}/{kind}" Target="{kind}.xml"/>' for kind in beside)
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{_PACKED}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{_PACKED}/relationships"><Relationship Id="r" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}">{book}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{HEAD}<Relationships xmlns="{_PACKED}/relationships">{links}{extra}</Relationships>',
    }
    parts |= {f"xl/worksheets/sheet{at}.xml": sheets[name] for at, name in enumerate(names, start=1)}
    return parts | dict(more or {})


def xlsx(data: str, **around: str) -> bytes:
    """A workbook of one sheet `表1`, of the XML of its rows."""
    return zipped(xlsx_parts({"表1": sheet(data, **around)}))


def shared_strings(*items: str) -> str:
    """The part of shared texts, each as XML within its `si`."""
    return f'{HEAD}<sst xmlns="{_MAIN}">{"".join(f"<si>{item}</si>" for item in items)}</sst>'


def styles(*, formats: Sequence[str] = (), fonts: Sequence[str] = (), fills: Sequence[str] = (), cells: Sequence[tuple[int, int, int]] = ()) -> str:  # fmt: skip
    """The part of styles; formats are numbered from 164 on; a cell's style is (format, font, fill)."""
    made = "".join(f'<numFmt numFmtId="{at}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>' for at, code in enumerate(formats, start=164))  # fmt: skip
    xfs = "".join(f'<xf numFmtId="{number}" fontId="{font}" fillId="{fill}" xfId="0"/>' for number, font, fill in cells)
    return (
        f'{HEAD}<styleSheet xmlns="{_MAIN}"><numFmts>{made}</numFmts><fonts>{"".join(f"<font>{each}</font>" for each in fonts)}</fonts>'
        f"<fills>{''.join(f'<fill>{each}</fill>' for each in fills)}</fills><cellXfs>{xfs}</cellXfs></styleSheet>"
    )


def ods(rows: str, *, styles_: str = "", columns: str = "", manifest: str = "", doctype: str = "") -> bytes:
    """An OpenDocument spreadsheet of one sheet `表1`, of the XML of its rows."""
    names = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
        for short, long in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("fo", "xsl-fo-compatible"))
    )  # fmt: skip
    content = (
        f"{HEAD}{doctype}<office:document-content {names}><office:automatic-styles>{styles_}</office:automatic-styles>"
        f'<office:body><office:spreadsheet><table:table table:name="表1">{columns}{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml": manifest or "<manifest/>", "content.xml": content})  # fmt: skip


# -- xlsb ----------------------------------------------------------------------------------------------------------------


def xlsb(rows: Sequence[Sequence[str]], last_at: int | None = None) -> bytes:
    """
    A binary workbook of one sheet `表1`, of texts.

    Args:
        last_at: The row (from 0) that the last one really stands at, in the last column that there is.

    Source: [MS-XLSB] 2.1.4, 2.4.
    """

    def record(kind: int, content: bytes = b"") -> bytes:
        number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, length = b"", len(content)
        while True:
            size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
            length >>= 7
            if not length:
                return number + size + content

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("表1")) + record(144) + record(132)  # fmt: skip
    cells = b""
    for number, row in enumerate(rows):
        far = last_at is not None and number == len(rows) - 1
        row_at, column = (last_at or 0, 16_383) if far else (number, 0)
        cells += record(0, struct.pack("<IIHHBI", row_at, 0, 300, 0, 0, 0))
        cells += b"".join(
            record(6, struct.pack("<II", column + at, 0) + wide(text)) for at, text in enumerate(row) if text
        )
    extent = struct.pack("<IIII", 0, len(rows) - 1, 0, max(map(len, rows)) - 1)
    page = record(129) + record(148, extent) + record(145) + cells + record(146) + record(130)
    return zipped(
        {
            "[Content_Types].xml": f'{HEAD}<Types xmlns="{_PACKED}/content-types"/>',
            "_rels/.rels": f'{HEAD}<Relationships xmlns="{_PACKED}/relationships"><Relationship Id="r" Type="{_LINKS}/officeDocument" Target="xl/workbook.bin"/></Relationships>',
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": f'{HEAD}<Relationships xmlns="{_PACKED}/relationships"><Relationship Id="rId1" Type="{_LINKS}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>',
            "xl/worksheets/sheet1.bin": page,
        }
    )


# -- pdf -----------------------------------------------------------------------------------------------------------------

FONT = b"<</Type/Font/Subtype/Type0/BaseFont/Ryumin-Light/Encoding/UniJIS-UTF16-H/DescendantFonts[4 0 R]>>"
DESCENDANT = b"<</Type/Font/Subtype/CIDFontType0/BaseFont/Ryumin-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 5>>/DW 1000>>"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A PDF's stream, packed."""
    packed = zlib.compress(content)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream" % (len(packed), entries, packed)


def pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    out = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table_ = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table_, len(objects) + 1, trailer, len(out)
    )  # fmt: skip


def pdf_of(content: bytes, more: Sequence[bytes] = (), resources: bytes = b"") -> bytes:
    """A PDF of one page with this content. Objects from 7 on are the further ones."""
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 6 0 R/Resources<</Font<</F 3 0 R>>%s>>>>" % resources
    )
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[5 0 R]/Count 1>>", FONT, DESCENDANT, page, stream(content), *more])  # fmt: skip


def printed(rows: Sequence[Sequence[str]], *, ruled: bool = True, width: int = 100, top: int = 800) -> bytes:
    """The content of a page: a table of texts, with lines around its cells or without."""
    out = b"0.5 w\n"
    for number, row in enumerate(rows):
        y = top - 20 * number
        for at, text in enumerate(row):
            x = 40 + width * at
            if ruled:
                out += b"%d %d %d 20 re S\n" % (x, y - 6, width)
            if text:
                out += b"BT /F 10 Tf %d %d Td <%s> Tj ET\n" % (x + 3, y, text.encode("utf-16-be").hex().encode())
    return out
