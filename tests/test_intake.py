"""A list of any shape is read into cells as printed, each with its place; what could mislead is said."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from assign.errors import DataError
from assign.intake import Limits, Source, Span, place, read_source
from assign.intake.number_format import printed
from assign.resources import catalog_file, document_file

from . import workbooks as w
from .hostile_files import ROWS

LISTS = Path(__file__).parent / "lists"
PATIENT = Limits(seconds=60)  # no test depends on how busy the machine is


def source(folder: Path, name: str, data: bytes | str) -> Source:
    """A file of this content, read."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_source(path, PATIENT)


def texts(found: Source, sheet: int = 0) -> list[list[str]]:
    """The texts of a sheet."""
    return [[cell.text for cell in row.cells] for row in found.sheets[sheet].rows]


def codes(found: Source) -> dict[str, int]:
    """The remarks: each code with how many places it is true of."""
    return {remark.code: remark.count for remark in found.remarks}


# -- text ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_is_read_whatever_program_saved_it(tmp_path: Path, encoding: str, separator: str, end: str) -> None:
    """Excel in Japan saves cp932; `CSV UTF-8` has a mark; `Unicode テキスト` is UTF-16."""
    text = end.join(separator.join(row) for row in ROWS) + end
    found = source(tmp_path, "list.csv", text.encode(encoding))
    assert (found.kind, found.separator, found.encoding) == ("csv", separator, encoding.removesuffix("-sig"))
    assert texts(found) == ROWS
    assert not found.remarks


def test_every_cell_knows_its_line_where_a_cell_has_line_breaks(tmp_path: Path) -> None:
    """A remark of three lines moves what follows: the line is that of the file, the row that of the table."""
    found = source(tmp_path, "list.csv", 'a,b\n1,"x\ny\r\nz"\n2,"say ""no"""\n')
    assert [(row.number, row.line) for row in found.sheets[0].rows] == [(1, 1), (2, 2), (3, 5)]
    assert texts(found) == [["a", "b"], ["1", "x\ny\nz"], ["2", 'say "no"']]
    assert found.sheets[0].rows[1].raw == '1,"x\ny\r\nz"'
    assert place("list.csv", found.sheets[0].rows[2].cells[1])["en"] == "`list.csv`, line 5, cell 2"


def test_the_lists_of_other_shapes_are_read_at_the_lines_that_their_truth_names() -> None:
    """Truth counts lines at `\\n` alone; list d has form feeds."""
    for folder, file in (("b", "list_b.csv"), ("d", "list_d1.txt"), ("d", "list_d2.txt")):
        found = read_source(LISTS / folder / file)
        by_line = {row.line: row for sheet in found.sheets for row in sheet.rows}
        truth = LISTS / folder / f"truth{file[4:].removesuffix('.txt') if folder == 'd' else ''}.jsonl"
        rows = [json.loads(line) for line in truth.read_text("utf-8").splitlines()]
        assert rows
        for row in rows:
            said = "".join(by_line[row.get("line") or row["lines"][0]].raw.split())
            assert "".join(row["name"].split())[:6] in said, (file, row)


def test_the_built_in_document_is_read_line_by_line_as_it_is() -> None:
    """Nothing is lost and nothing is added: its rows are its lines, its cells what tabs divide."""
    document = document_file().read_bytes().decode()
    found = read_source(document_file())
    assert found.kind == "text"
    assert [row.raw for row in found.sheets[0].rows] == document.removesuffix("\n").split("\n")
    assert all("\t".join(cell.text for cell in row.cells) == row.raw for row in found.sheets[0].rows)
    assert found.sha256 == hashlib.sha256(document_file().read_bytes()).hexdigest()


def test_a_form_feed_begins_a_page_and_no_line(tmp_path: Path) -> None:
    """Places are lines of the file and pages of the document."""
    found = source(tmp_path, "list.txt", "題\n1\t受付\n- 1 -\n\f\n2\t決定\n終\fあと\n")
    assert [[(row.number, row.line, row.raw) for row in sheet.rows] for sheet in found.sheets] == [
        [(1, 1, "題"), (2, 2, "1\t受付"), (3, 3, "- 1 -")],
        [(1, 5, "2\t決定"), (2, 6, "終")],
        [(1, 6, "あと")],
    ]
    assert [sheet.name for sheet in found.sheets] == ["p1", "p2", "p3"]


def test_tabs_with_quotes_are_a_table_and_tabs_alone_are_text(tmp_path: Path) -> None:
    """Excel quotes a cell with a line break when it saves text; text out of a PDF has no quotes. A person's word goes first."""
    assert source(tmp_path, "a.txt", '1\t"受付\n入力"\t○\n2\t決定\t×\n').kind == "csv"
    assert source(tmp_path, "b.txt", "1\t受付,入力,確認\t○\n2\t決定\t×\n").kind == "text"
    assert read_source(tmp_path / "a.txt", form=("text", "")).kind == "text"
    preamble = "分担表\n" * 9 + "受付,○\n"
    assert (source(tmp_path, "c.csv", preamble).kind, source(tmp_path, "c.txt", preamble).kind) == ("csv", "text")


def test_what_nobody_sees_is_kept_and_said(tmp_path: Path) -> None:
    """A sign that turns the order of writing, a zero-width space: the text is as printed, and a remark says where."""
    found = source(tmp_path, "list.csv", "業務,印\n受付\u202e,○\u200b\n届出⼊⼒,○\n")
    assert found.sheets[0].rows[1].cells[0].text == "受付\u202e"
    assert [(r.code, r.line, r.column) for r in found.remarks] == [
        ("hidden_character", 2, 1), ("hidden_character", 2, 2), ("radical", 3, 1),
    ]  # fmt: skip
    assert all(remark.text["ja"].isprintable() for remark in found.remarks)


@pytest.mark.long
def test_the_ending_of_a_name_decides_nothing_and_is_said_where_it_is_wrong(tmp_path: Path) -> None:
    """A CSV named .xlsx, a workbook named .csv: what is in it is read."""
    assert codes(source(tmp_path, "list.xlsx", "業務,印\n受付,○\n")) == {"other_ending": 1}
    found = source(tmp_path, "list.csv", w.xlsx(w.table(ROWS)))
    assert (found.kind, texts(found), codes(found)) == ("xlsx", [*map(list, ROWS)], {"other_ending": 1})


def test_a_link_is_followed_and_said(tmp_path: Path) -> None:
    """Whoever reads the report knows that it was another file."""
    (tmp_path / "there.csv").write_text("a,b\n1,2\n")
    (tmp_path / "here.csv").symlink_to("there.csv")
    assert codes(read_source(tmp_path / "here.csv")) == {"link": 1}


# -- xlsx ----------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_workbook_is_read_as_printed(tmp_path: Path) -> None:
    """Numbers without `.0`, days as their format prints them, spaces and line breaks as they are, blanks as blank cells."""
    style = w.styles(formats=['0"号"', "yyyy/m/d"], fonts=[""], fills=[""], cells=[(0, 0, 0), (164, 0, 0), (28, 0, 0), (165, 0, 0), (10, 0, 0)])  # fmt: skip
    numbers = [("A", 0, "24"), ("B", 1, "3"), ("C", 2, "45748"), ("D", 3, "45748"), ("E", 4, "0.125"), ("G", 0, "0.30000000000000004")]  # fmt: skip
    row = "".join(
        w.cell(f"{letter}2", attributes=f's="{number}"', inside=f"<v>{value}</v>") for letter, number, value in numbers
    )
    data = f'<row r="1">{w.cell("A1", " 受付 ")}{w.cell("C1", "ア&イ_x000D_" + chr(10) + "ウ")}</row><row r="2">{row}</row>'
    found = source(tmp_path, "list.xlsx", w.zipped(w.xlsx_parts({"表1": w.sheet(data)}, {"xl/styles.xml": style})))
    assert texts(found) == [
        [" 受付 ", "", "ア&イ\nウ", "", "", "", ""],
        ["24", "3号", "令和7年4月1日", "2025/4/1", "12.50%", "", "0.3"],
    ]
    assert codes(found) == {"date": 2}
    assert place("list.xlsx", found.sheets[0].rows[1].cells[2])["ja"] == "`list.xlsx` の `表1`!C2"


@pytest.mark.long
def test_merged_cells_hold_their_text_once_and_know_their_span(tmp_path: Path) -> None:
    """What is blank because it is merged is told from what is blank."""
    rows = [["区分", "業務", "○"], ["", "届出", ""]]
    found = source(
        tmp_path, "list.xlsx", w.xlsx(w.table(rows), after='<mergeCells><mergeCell ref="A1:A2"/></mergeCells>')
    )
    (first, *_), (covered, _, blank) = (row.cells for row in found.sheets[0].rows)
    assert (first.text, first.merged, first.covered) == ("区分", Span(1, 1, 2, 1), False)
    assert (covered.text, covered.merged, covered.covered) == ("", Span(1, 1, 2, 1), True)
    assert (blank.text, blank.merged, blank.covered) == ("", None, False)
    covered_text = w.xlsx(
        w.table([["区分", "業務"], ["見えない", ""]]), after='<mergeCells><mergeCell ref="A1:A2"/></mergeCells>'
    )
    assert codes(source(tmp_path, "list.xlsx", covered_text)) == {"covered_text": 1}


@pytest.mark.long
def test_hidden_rows_columns_and_sheets_are_read_and_said(tmp_path: Path) -> None:
    """Whoever printed the workbook never saw them."""
    data = w.table([["a", "b"], ["c", "d"]]).replace('<row r="2">', '<row r="2" hidden="1">')
    sheets = {
        "表1": w.sheet(data, before='<cols><col min="2" max="2" width="0"/></cols>'),
        "凡例": w.sheet(w.table([["x"]])),
    }
    found = source(tmp_path, "list.xlsx", w.zipped(w.xlsx_parts(sheets, states={"凡例": "veryHidden"})))
    assert [[cell.hidden for cell in row.cells] for row in found.sheets[0].rows] == [[False, True], [True, True]]
    assert [sheet.hidden for sheet in found.sheets] == [False, True]
    assert codes(found) == {"hidden_row": 1, "hidden_column": 1, "hidden_sheet": 1}


@pytest.mark.long
def test_colour_and_strike_through_are_said_even_of_blank_cells(tmp_path: Path) -> None:
    """A grey blank may mean `not applicable`, a struck row that it is no more; black on white means nothing."""
    style = w.styles(
        fonts=['<color theme="1"/>', '<strike/><color rgb="FFFF0000"/>', '<strike val="0"/>'],
        fills=['<patternFill patternType="none"/>', '<patternFill patternType="solid"><fgColor rgb="FF808080"/></patternFill>', '<patternFill patternType="solid"><fgColor rgb="FFFFFFFF"/></patternFill>'],
        cells=[(0, 0, 0), (0, 1, 0), (0, 0, 1), (0, 2, 2)],
    )  # fmt: skip
    row = w.cell("A1", "受付") + w.cell("B1", "廃止", attributes='s="1"') + w.cell("C1", attributes='s="2"') + w.cell("D1", "平", attributes='s="3"')  # fmt: skip
    found = source(
        tmp_path,
        "list.xlsx",
        w.zipped(w.xlsx_parts({"表1": w.sheet(f'<row r="1">{row}</row>')}, {"xl/styles.xml": style})),
    )
    assert [cell.look for cell in found.sheets[0].rows[0].cells] == [
        (),
        ("strike", "colour FF0000"),
        ("fill 808080",),
        (),
    ]
    assert codes(found) == {"strike": 1, "colour": 1, "fill": 1}


@pytest.mark.long
def test_a_text_that_is_struck_through_in_part_is_said_and_its_reading_is_left_out(tmp_path: Path) -> None:
    """`窓口・̶郵̶送̶`; and furigana is no part of the text."""
    shared = w.shared_strings(
        '<t>国保</t><rPh sb="0" eb="2"><t>コクホ</t></rPh>', "<r><rPr><strike/></rPr><t>郵送</t></r><r><t>窓口</t></r>"
    )
    row = "".join(w.cell(f"{letter}1", attributes='t="s"', inside=f"<v>{at}</v>") for at, letter in enumerate("AB"))
    found = source(
        tmp_path,
        "list.xlsx",
        w.zipped(w.xlsx_parts({"表1": w.sheet(f'<row r="1">{row}</row>')}, {"xl/sharedStrings.xml": shared})),
    )
    assert [(cell.text, cell.look) for cell in found.sheets[0].rows[0].cells] == [
        ("国保", ()),
        ("郵送窓口", ("partly strike",)),
    ]


@pytest.mark.long
def test_a_formula_gives_the_value_that_was_last_worked_out_and_none_is_said(tmp_path: Path) -> None:
    """A formula without a value is no blank cell, and an error of one is no text of the list's."""
    row = (
        w.cell("A1", inside="<f>1+1</f><v>2</v>")
        + w.cell("B1", inside="<f>A1</f><v/>")
        + w.cell("C1", attributes='t="e"', inside="<f>1/0</f><v>#DIV/0!</v>")
        + w.cell("D1", attributes='t="str"', inside='<f>""</f><v></v>')
    )
    found = source(tmp_path, "list.xlsx", w.xlsx(f'<row r="1">{row}</row>'))
    assert [(cell.text, cell.look) for cell in found.sheets[0].rows[0].cells] == [
        ("2", ("formula",)), ("", ("formula without a value",)), ("#DIV/0!", ("error", "formula")), ("", ("formula",)),
    ]  # fmt: skip
    assert codes(found) == {"formula": 3, "formula_without_value": 1, "error_value": 1}


@pytest.mark.long
def test_a_format_that_prints_marks_is_not_guessed_at(tmp_path: Path) -> None:
    """`[=1]"○";"×"` prints a mark for a number; `;;;` prints nothing of what is there."""
    style = w.styles(
        formats=['[=1]"○";"×"', ";;;"], fonts=[""], fills=[""], cells=[(0, 0, 0), (164, 0, 0), (165, 0, 0)]
    )
    row = w.cell("A1", attributes='s="1"', inside="<v>1</v>") + w.cell("B1", attributes='s="2"', inside="<v>1</v>")
    found = source(
        tmp_path,
        "list.xlsx",
        w.zipped(w.xlsx_parts({"表1": w.sheet(f'<row r="1">{row}</row>')}, {"xl/styles.xml": style})),
    )
    assert [(cell.text, cell.look) for cell in found.sheets[0].rows[0].cells] == [
        ("1", ('format [=1]"○";"×"',)),
        ("1", ("format ;;;",)),
    ]
    assert [remark.code for remark in found.remarks] == ["format", "format"]


@pytest.mark.long
def test_text_that_stands_in_no_cell_is_said(tmp_path: Path) -> None:
    """A legend in a text box, a condition in a comment, conditional colours, macros: none is passed over in silence."""
    parts = w.xlsx_parts({"表1": w.sheet(w.table(ROWS), after='<conditionalFormatting sqref="A1"/>')})
    kinds = {"drawing": "../drawings/drawing1.xml", "comments": "../comments1.xml"}
    links = "".join(
        f'<Relationship Id="{kind}" Type="http://x/{kind}" Target="{part}"/>' for kind, part in kinds.items()
    )
    parts |= {
        "xl/worksheets/_rels/sheet1.xml.rels": f'<Relationships xmlns="http://x">{links}</Relationships>',
        "xl/drawings/drawing1.xml": '<d xmlns:a="http://a"><a:t>○：受託者</a:t><a:blip x="1"/></d>',
        "xl/comments1.xml": '<c><comment ref="B2"><text><t>後見人は市職員</t></text></comment></c>',
        "xl/vbaProject.bin": b"\0",
    }
    found = source(tmp_path, "list.xlsx", w.zipped(parts))
    assert codes(found) == {"text_box": 1, "comment": 1, "conditional_format": 1, "macros": 1, "picture": 1}
    said = {remark.code: remark for remark in found.remarks}
    assert "○：受託者" in said["text_box"].text["ja"]
    assert (said["comment"].row, said["comment"].column) == (2, 2)


@pytest.mark.long
def test_the_catalog_in_excel_says_what_the_catalog_in_csv_says(tmp_path: Path) -> None:
    """215 rows, through two readers."""
    openpyxl = pytest.importorskip("openpyxl")
    from_csv = read_source(catalog_file())
    book = openpyxl.Workbook()
    for row in from_csv.sheets[0].rows:
        book.active.append([cell.text for cell in row.cells])
    book.save(tmp_path / "list.xlsx")
    found = read_source(tmp_path / "list.xlsx", PATIENT)
    assert texts(found) == texts(from_csv)
    assert not found.remarks


@pytest.mark.parametrize(
    ("value", "code", "text", "sure"),
    [
        (1234567, "#,##0", "1,234,567", True), (-3, "0_);[Red]\\(0\\)", "(3)", True), (0, '0;-0;"－"', "－", True), (7, "000", "007", True),
        (0.5, "0%", "50%", True), (1e20, "General", "1E+20", True), (5, "G/標準", "5", True), ("x", '@"様"', "x様", True), ("x", ";;;", "x", False),
        (43586, '[$-ja-JP-x-gannen]ggge"年"m"月"d"日";@', "令和元年5月1日", True), (45659, "d-mmm", "2-Jan", True), (45659, 'm"月"d"日"', "1月2日", True),
        (45748.375, "h:mm", "9:00", True), (3, "# ?/?", "3", False), (1500, "0,", "1500", False), (1, "x" * 256, "1", False), (True, "General", "TRUE", True),
    ],
)  # fmt: skip
def test_a_number_is_printed_as_excel_prints_it_or_said_not_to_be(
    value: float | str, code: str, text: str, sure: bool
) -> None:
    """Formats that are not understood give the plain value, and say so."""
    made = printed(value, code)
    assert (made.text, made.sure) == (text, sure)


# -- the others ----------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_old_and_binary_workbooks_are_read_and_what_cannot_be_seen_in_them_is_said(tmp_path: Path) -> None:
    """xls (made by xlwt; nothing that still lives writes it) and xlsb: values, merged cells of the former, no dress."""
    found = read_source(Path(__file__).parent / "intake" / "list.xls", PATIENT)
    assert (found.kind, [sheet.hidden for sheet in found.sheets]) == ("xls", [False, True])
    assert texts(found)[1] == ["1", "資格取得", "○", "×", "ただし、後見人からの届は市職員"]
    assert texts(found)[2][0] == "9の2"
    assert found.sheets[0].rows[4].cells[0].merged == found.sheets[0].rows[5].cells[0].merged == Span(5, 1, 6, 1)
    assert codes(found) == {"dress_unseen": 1, "date": 1, "hidden_sheet": 1}
    binary = source(tmp_path, "list.xlsb", w.xlsb(ROWS))
    assert (binary.kind, texts(binary), codes(binary)) == ("xlsb", [*map(list, ROWS)], {"dress_unseen": 1})


@pytest.mark.long
def test_an_open_document_gives_its_printed_text_and_dress(tmp_path: Path) -> None:
    """What LibreOffice prints stands in the file: days, blanks between, repeated and merged cells, what is hidden."""
    styles = (
        '<style:style style:name="grey"><style:table-cell-properties fo:background-color="#808080"/></style:style>'
        '<style:style style:name="gone"><style:text-properties style:text-line-through-style="solid"/></style:style>'
    )
    rows = (
        '<table:table-row><table:table-cell table:number-rows-spanned="2"><text:p>区<text:s text:c="2"/>分</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="2"><text:p>○</text:p></table:table-cell></table:table-row>'
        '<table:table-row table:visibility="collapse"><table:covered-table-cell/><table:table-cell table:style-name="grey"/>'
        '<table:table-cell table:style-name="gone"><text:p>一行</text:p><text:p>二行</text:p></table:table-cell></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="date"><text:p>令和7年4月1日</text:p></table:table-cell>'
        "<table:table-cell><office:annotation><text:p>注意</text:p></office:annotation><text:p>x</text:p></table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    found = source(tmp_path, "list.ods", w.ods(rows, styles_=styles))
    assert texts(found) == [["区  分", "○", "○"], ["", "", "一行\n二行"], ["令和7年4月1日", "x", ""]]
    first, second, _ = (row.cells for row in found.sheets[0].rows)
    assert first[0].merged == second[0].merged == Span(1, 1, 2, 1)
    assert [cell.look for cell in second] == [(), ("fill 808080",), ("strike",)]
    assert all(cell.hidden for cell in second)
    assert codes(found) == {"hidden_row": 1, "date": 1, "comment": 1, "fill": 1, "strike": 1}


@pytest.mark.long
def test_a_ruled_table_in_a_pdf_gives_its_cells_and_the_text_around_it(tmp_path: Path) -> None:
    """The legend stands under the table; a cell is what lines enclose, and a blank one is a cell."""
    content = w.printed(ROWS) + w.printed([["○：受託者　×：市職員"]], ruled=False, top=600)
    found = source(tmp_path, "list.pdf", w.pdf_of(content))
    assert (found.kind, found.sheets[0].name) == ("pdf", "p1")
    assert texts(found) == [*map(list, ROWS), ["○：受託者　×：市職員"]]
    assert not found.remarks


@pytest.mark.long
def test_merged_cells_of_a_pdf_are_told_by_their_lines(tmp_path: Path) -> None:
    """A heading beside two rows: one cell, two rows long."""
    lines = b"40 760 100 40 re S 140 780 100 20 re S 140 760 100 20 re S 240 780 60 20 re S 240 760 60 20 re S\n"
    said = [("区分", 50, 775), ("受付", 150, 786), ("○", 250, 786), ("決定", 150, 766)]
    content = lines + b"".join(
        b"BT /F 10 Tf %d %d Td <%s> Tj ET\n" % (x, y, text.encode("utf-16-be").hex().encode()) for text, x, y in said
    )
    found = source(tmp_path, "list.pdf", w.pdf_of(content))
    assert texts(found) == [["区分", "受付", "○"], ["", "決定", ""]]
    assert found.sheets[0].rows[1].cells[0].merged == Span(1, 1, 2, 1)


@pytest.mark.long
def test_text_without_lines_is_divided_at_wide_gaps_and_its_columns_are_not_told(tmp_path: Path) -> None:
    """Which column a mark stands in, such a page does not say; that is said."""
    found = source(tmp_path, "list.pdf", w.pdf_of(w.printed([["1", "受付", "", "○"]], ruled=False)))
    assert texts(found) == [["1", "受付", "○"]]
    assert codes(found) == {"no_ruled_table": 1}


# -- apart ---------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_process_that_reads_is_given_nothing_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is taken over finds no key and no address of a log; and no module beside the user is taken for one of ours."""
    (tmp_path / "json.py").write_text("raise SystemExit(9)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSIGN_AUDIT", "postgresql://secret")
    from assign.intake import apart

    assert "ASSIGN_AUDIT" not in apart._environment()
    assert texts(source(tmp_path, "list.xlsx", w.xlsx(w.table(ROWS)))) == [*map(list, ROWS)]


@pytest.mark.long
def test_what_takes_too_long_or_too_much_memory_is_ended(tmp_path: Path) -> None:
    """The limits are the system's: no library is asked to keep them."""
    path = tmp_path / "list.xlsx"
    path.write_bytes(w.xlsx(w.table(ROWS)))
    with pytest.raises(DataError, match="cannot be read within"):
        read_source(path, Limits(seconds=0.01))
    with pytest.raises(DataError, match=r"cannot be read|too much memory"):
        read_source(path, Limits(seconds=60, megabytes=20))


@pytest.mark.long
def test_what_is_missing_is_named() -> None:
    """Without the extra `import`, the command that installs it is said."""
    code = "import sys; sys.modules[sys.argv[1]] = None; sys.argv[1:] = [sys.argv[2], '60', '300']; from assign.intake.child import main; main()"
    for module, kind, data in (
        ("python_calamine", "zip", w.xlsx(w.table(ROWS))),
        ("pdfplumber", "pdf", w.pdf_of(w.printed(ROWS))),
    ):
        said = subprocess.run(
            [sys.executable, "-c", code, module, kind], input=data, stdout=subprocess.PIPE, check=True
        ).stdout
        assert "pip install 'itaku-assign[import]'" in json.loads(said)["error"][1]
