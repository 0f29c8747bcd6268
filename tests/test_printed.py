"""The document is read by order and glyph, whole or not at all."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assign import resources
from assign.catalog import manifest_file
from assign.catalog.against_document import first_difference
from assign.catalog.loader import load
from assign.catalog.manifest import Manifest
from assign.catalog.printed import Form, parse, read, row_lines
from assign.errors import SourceError
from assign.resources import catalog_file, document_file
from assign.words import Reading

MANIFEST = manifest_file.load(resources.manifest_file())
FORM = Form.of(MANIFEST) or pytest.fail("the built-in list is printed as a form")
ROWS = {row.line: row for row in read(document_file(), MANIFEST)}
CATALOG = load(catalog_file())
TEXT = document_file().read_text("utf-8")
LINES = TEXT.split("\n")


def form_of(manifest: Manifest) -> Form:
    """How a list is printed, where its manifest says it."""
    form = Form.of(manifest)
    assert form is not None
    return form


FORM = form_of(MANIFEST)


def cells(line: int) -> tuple[str, str, str]:
    row = ROWS[line]
    mark, counter, backyard = row.cells.values()
    return mark, counter, backyard


def test_the_document_is_the_city_s_to_the_byte() -> None:
    """Everything rests on it; its digest stands beside it."""
    digest, name = (document_file().parent / "SHA256SUMS").read_text().split()
    assert document_file().name == name
    assert hashlib.sha256(document_file().read_bytes()).hexdigest() == digest
    assert digest == "5144716c63dd3417192e917e992ff237ba8520dfbc214cb12a96ceb3f7d755ff"


def test_it_has_215_rows_in_five_sheets() -> None:
    """The counts of domain.md, section 1."""
    assert Counter(row.division for row in ROWS.values()) == {
        "kokuho": 75,
        "kouki": 74,
        "nenkin": 41,
        "shomu": 9,
        "center": 16,
    }


def test_no_retained_row_is_listed_and_every_other_row_is() -> None:
    """As the document has it throughout."""
    for row in ROWS.values():
        on_a_channel = {row.cells["counter"], row.cells["backyard"]} != {""}
        assert on_a_channel is (row.cells["mark"] != "×"), row


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (9, ("", "○", "○")),
        (17, ("", "", "○")),
        (24, ("×", "", "")),
        (29, ("△", "○", "")),
        (58, ("", "", "○")),  # ○ one cell past the last column
        (61, ("", "", "○")),
        (62, ("", "○", "○")),
        (63, ("", "", "○")),
        (64, ("", "?", "?")),
        (66, ("", "", "○")),
        (67, ("×", "", "")),  # a heading one cell too far to the left
        (68, ("×", "", "")),
        (83, ("", "", "○")),
        (153, ("", "○", "○")),  # number in the first cell
        (174, ("", "○", "○")),  # a cell too many in front
        (181, ("", "○", "○")),
        (182, ("", "○", "○")),
        (183, ("×", "", "")),
        (184, ("", "○", "")),
        (187, ("", "○", "○")),
        (196, ("△", "", "○")),  # △ one cell too far to the right, and its ○ with it
        (222, ("×", "", "")),
        (256, ("", "○", "")),
        (257, ("", "", "○")),
        (265, ("", "○", "")),
        (281, ("", "○", "")),  # number and name in separate cells
        (289, ("", "", "○")),
        (327, ("○", "", "○")),
        (336, ("△", "", "○")),
    ],
)
def test_shifted_cells_are_read_by_order(line: int, expected: tuple[str, str, str]) -> None:
    """Line by line, as a person reads the printed table."""
    assert cells(line) == expected


def test_line_64_alone_is_unreadable() -> None:
    """Its neighbours slipped; the text cannot tell which column it is in."""
    assert [line for line, row in ROWS.items() if row.reading is Reading.UNREADABLE] == [64]


def test_eleven_rows_carry_a_mark_that_the_legend_does_not_define() -> None:
    """All in the centre's sheet."""
    undefined = [row for row in ROWS.values() if row.cells["mark"] == "○"]
    assert len(undefined) == 11
    assert {row.division for row in undefined} == {"center"}


def test_headings_carry_down_and_over_a_page() -> None:
    """Printed once; a heading alone in its line is a 中分類."""
    assert (ROWS[53].section, ROWS[53].group) == ("給付", "その他保険給付")
    assert (ROWS[68].section, ROWS[68].group) == ("給付", "その他")
    assert (ROWS[187].section, ROWS[187].group) == ("給付", "その他")
    assert (ROWS[265].section, ROWS[265].group) == ("給付", "寡婦年金")
    assert (ROWS[334].section, ROWS[334].group) == ("国保（保 健事業）", "特定健診受診券発行等業務")


def test_a_row_without_a_name_takes_its_heading() -> None:
    """Lines 183, 222 and 331 carry a number alone."""
    assert {line: row.name for line, row in ROWS.items() if "name_from_heading" in row.repairs} == {
        183: "給付差し止め",
        222: "審査請求",
        331: "審査請求",
    }


def test_the_remark_of_line_58_is_no_part_of_the_name() -> None:
    """It is a date to warn of."""
    assert ROWS[58].name == "レセプト点検に関する事"
    assert ROWS[58].remark == "(令和3年10月頃業務見直し予定)"
    assert [line for line, row in ROWS.items() if row.remark] == [58]


def test_misprints_are_kept() -> None:
    """勤奨 is what the document says."""
    assert "勤奨" in ROWS[82].name
    assert "受療証" in ROWS[64].name
    assert "受領証" in ROWS[184].name


def test_every_row_keeps_its_raw_line(document: list[str]) -> None:
    """To the byte."""
    assert all(row.raw == document[row.line - 1] for row in ROWS.values())


def difference_of(text: str, path: Path) -> int | None:
    """The line that is named of a document with this text; None where it is the catalog's."""
    path.write_text(text, "utf-8", newline="")
    error = first_difference(CATALOG, path)
    return error.line if error else None


def refused(text: str) -> bool:
    try:
        parse(text, MANIFEST)
    except SourceError:
        return True
    return False


@pytest.mark.long
def test_a_truncated_document_is_refused() -> None:
    """Cut after any line, it is never half-read."""
    assert [line for line in range(1, len(LINES)) if not refused("\n".join(LINES[:line]))] == []


@pytest.mark.long
def test_a_changed_line_is_named(tmp_path: Path) -> None:
    """One glyph more in any line that says something: that line is named."""
    for line, text in enumerate(LINES, 1):
        if text:
            changed = [*LINES[: line - 1], text + "〇", *LINES[line:]]
            assert difference_of("\n".join(changed), tmp_path / "document.txt") == line


@pytest.mark.long
@pytest.mark.parametrize("how", ["lost", "doubled", "swapped"])
def test_a_line_that_is_lost_doubled_or_swapped_is_named(how: str, tmp_path: Path) -> None:
    """Any of the 348, blank ones too: the first line that is no longer what it was."""
    for at, text in enumerate(LINES):
        instead = {"lost": [], "doubled": [text, text], "swapped": LINES[at : at + 2][::-1]}[how]
        changed = LINES[:at] + instead + LINES[at + (2 if how == "swapped" else 1) :]
        wanted = next(
            (n for n, (one, two) in enumerate(zip(LINES, changed, strict=False), 1) if one != two),
            min(len(LINES), len(changed)) + 1,
        )
        named = difference_of("\n".join(changed), tmp_path / "document.txt")
        if changed == LINES:
            assert named is None, at + 1
        else:
            assert named in (wanted - 1, wanted), at + 1  # the line before, where it lost its line end


@pytest.mark.long
@given(line=st.integers(1, len(LINES)), cut=st.integers(0, 200), put=st.text(max_size=6))
def test_any_other_document_is_refused_or_is_the_same(line: int, cut: int, put: str) -> None:
    """Whatever is put into a line: the reading is refused, or the catalog notices, or nothing changed."""
    changed = LINES.copy()
    changed[line - 1] = changed[line - 1][:cut] + put + changed[line - 1][cut:]
    text = "\n".join(changed)
    try:
        rows = parse(text, MANIFEST)
    except SourceError:
        return
    same = [row.raw for row in rows] == [row.raw for row in ROWS.values()]
    assert same is (rows == list(ROWS.values()))


def test_a_document_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    """A document saved anew as cp932, say."""
    path = tmp_path / "document.txt"
    path.write_bytes(TEXT.encode("cp932", "replace"))
    with pytest.raises(SourceError, match=r"line 3 .*UTF-8"):
        read(path, MANIFEST)


def test_the_legend_is_printed_under_every_table(document: list[str]) -> None:
    """Ten tables, ten legends."""
    assert [document.count(line) for line in FORM.legend] == [10, 10, 10]


def test_a_form_feed_between_two_pages_is_structure() -> None:
    """Of the layout, as tabs are between cells and an ideographic space is in a cell; elsewhere it is refused."""
    blank = LINES.index("")
    assert parse("\n".join([*LINES[:blank], "\f", *LINES[blank + 1 :]]), MANIFEST) == list(ROWS.values())
    with pytest.raises(SourceError, match=r"line 9 .*hidden character U\+000C"):
        parse("\n".join([*LINES[:8], LINES[8] + "\f", *LINES[9:]]), MANIFEST)


@pytest.mark.parametrize("c", ["\x1b", "\x00", "\x85", "\u2028", "\u202e", "\u200b", "\ufeff", "\ue000", "\r"])
@pytest.mark.parametrize("line", [3, 5, 7, 9, 41])
def test_a_hidden_character_in_any_line_is_named(c: str, line: int) -> None:
    """In a title, a header, a row, the legend."""
    assert LINES[line - 1]
    changed = LINES.copy()
    changed[line - 1] = changed[line - 1][:3] + c + changed[line - 1][3:]
    with pytest.raises(
        SourceError, match=rf"line {line} of the document does not fit: a hidden character U\+{ord(c):04X}"
    ):
        parse("\n".join(changed), MANIFEST)


def test_the_lines_that_carry_a_row_are_found_without_reading_them() -> None:
    """What a catalog of this document must have."""
    assert row_lines(FORM, TEXT) == {line: row.raw for line, row in ROWS.items()}
