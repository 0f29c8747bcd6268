"""What `check` says of a document that the list does not hold against itself: lines that the catalog lacks, files that are others, sheets elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from assign.check import Report, lines
from assign.check.proofs import check, unproved
from assign.errors import RuleFileError
from assign.export import list_folder
from assign.intake import importing
from assign.words import sha256
from tests import import_lists

LISTS = Path(__file__).parent / "lists"
pytestmark = pytest.mark.usefixtures("one_engine")
UNREAD = ("sha256: ", "unread: [{}], sha256: ")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The list that `assign init` makes."""
    list_folder.write(str(tmp_path / "list"))
    return tmp_path / "list"


@pytest.fixture
def imported(tmp_path: Path) -> Path:
    """A list out of a workbook of three sheets, with the workbook beside its text."""
    book = import_lists.marks_in_the_channels_cells(tmp_path / "list.xlsx")
    report = importing.report_on(book, LISTS / "e" / "mapping.yaml")
    return import_lists.unproved(report, tmp_path / "list")


def proved(folder: Path) -> Report:
    return check(unproved(str(folder), None, "table"), list_path=folder)


def found(folder: Path) -> list[str]:
    return [each.text["en"] for each in proved(folder).findings]


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), "utf-8")


def document_of(folder: Path, change: Callable[[list[str]], object]) -> None:
    """The document with other lines, and the SHA-256 that goes with them."""
    path = folder / "source" / "list.txt"
    before = sha256(path.read_bytes())
    text = path.read_text("utf-8").removesuffix("\n").split("\n")
    change(text)
    path.write_text("\n".join(text) + "\n", "utf-8")
    edited(folder / "manifest.yaml", before, sha256(path.read_bytes()))


def blank_line_filled(text: list[str]) -> None:
    """Line 9, between the two tables, so that no other line moves."""
    assert text[8] == ""
    text[8] = "保険料\t5\t還付の請求\t\t●\t●\t"


def test_a_row_that_is_printed_and_that_the_catalog_lacks_is_found(own: Path) -> None:
    """It was: lines of the document, same as the catalog: holds."""
    assert found(own) == []
    document_of(own, blank_line_filled)
    [said] = found(own)
    assert "the catalog lacks them: line 9 `保険料 5 還付の請求 ● ●`" in said


def test_what_is_no_row_is_said_once_in_the_manifest(own: Path) -> None:
    """By its line, which must be one that looks like a row."""
    document_of(own, blank_line_filled)
    edited(own / "manifest.yaml", *(each.format(9) for each in UNREAD))
    assert found(own) == []
    edited(own / "manifest.yaml", "unread: [9]", "unread: [9, 10]")
    assert found(own) == ["10 in `unread` of manifest.yaml is no line that looks like a row or a footnote which the catalog lacks"]  # fmt: skip


def test_the_first_three_lines_are_said_and_how_many(own: Path) -> None:
    document_of(own, lambda text: text.extend(f"他\t{n}\t業務{n}\t\t●\t\t" for n in range(5)))
    [said] = found(own)
    assert "line 19" in said
    assert said.count("業務") == 3
    assert "(5 lines)" in said


def test_a_footnote_that_nothing_cites_is_said_and_fails_nothing(own: Path) -> None:
    document_of(own, lambda text: text.append("※　ただし、本人が来た場合は市職員が行う。"))
    report = proved(own)
    assert report.findings == []
    said = "footnotes of the document that nothing cites, and no answer shows: line 19 `※ ただし、"
    assert [each.text["en"].startswith(said) for each in report.notices].count(True) == 1


def test_what_holds_says_no_more_than_was_compared(own: Path) -> None:
    """Of a document that is not read line by line: the rows, what is cited, and that nothing else looks like a row."""
    [said] = [line for line in lines(proved(own), "en") if "document" in line]
    assert said == (
        "Text of 6 rows, marks of those read as printed, and what is cited, as in the document (18 lines); no other line looks like a row: holds"
    )
    document_of(own, blank_line_filled)
    edited(own / "manifest.yaml", *(each.format(9) for each in UNREAD))
    [said] = [line for line in lines(proved(own), "en") if "document" in line]
    assert said.endswith("no other line looks like a row (but 1 of `unread`): holds")


@pytest.mark.parametrize("name", ["other.txt", "null", "~"])
def test_a_document_that_the_manifest_does_not_name_is_found(own: Path, name: str) -> None:
    """Its SHA-256 was then not compared, and nobody was told."""
    edited(own / "manifest.yaml", "file: list.txt", f"file: {name}")
    assert "list.txt, the document of the catalog, is not among `documents`" in found(own)[0]


def found_or_refused(folder: Path) -> str:
    try:
        return " ".join(found(folder))
    except RuleFileError as error:
        return str(error)


def test_a_list_beside_its_document_names_it(own: Path) -> None:
    text = (own / "manifest.yaml").read_text("utf-8")
    (own / "manifest.yaml").write_text(re.sub(r"documents:\n  - .*\n", "documents: []\n", text), "utf-8")
    assert "list.txt, the document of the catalog, is not among `documents`" in found(own)[0]


def test_the_workbook_beside_its_text_is_the_one_that_was_read(imported: Path) -> None:
    """Replaced, missing or under another name; where the text is not at hand either, it is missing by right."""
    book = imported / "source" / "list.xlsx"
    kept = book.read_bytes()
    assert found(imported) == []
    book.write_bytes(b"PK")
    assert ["the SHA-256 of list.xlsx" in said for said in found(imported)] == [True]
    book.unlink()
    assert ["list.xlsx, one of `documents`" in said for said in found(imported)] == [True]
    text = (imported / "source" / "list.txt").read_bytes()
    (imported / "source" / "list.txt").unlink()
    assert (found(imported), proved(imported).declared["document_not_at_hand"]) == ([], 1)
    (imported / "source" / "list.txt").write_bytes(text)
    book.write_bytes(kept)
    edited(imported / "manifest.yaml", "file: list.xlsx", "file: other.xlsx")
    assert ["other.xlsx, one of `documents`" in said for said in found(imported)] == [True]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{name: 国保係, line: 1}", "{name: 国保課, line: 1}", "does not name the sheet `国保課`"),
        ("{name: 国保係, line: 1}", "{name: 国保係, line: 2}", "line 2 of list.txt does not name"),
        ("{name: 国保係, line: 1}", "{name: 国保係, line: 0}", "line 0 of list.txt does not name"),
        ("{name: 国保係, line: 1}, ", "", "the sheet on line 1 of list.txt"),
        ("{name: 国保係, line: 1}", "{name: 年金係, line: 1}", "stands twice"),
        ("{name: 国保係, line: 1}", "{name: 国保係, line: 12}", "in the order of their lines"),
    ],
)
def test_a_sheet_that_stands_elsewhere_is_found(imported: Path, old: str, new: str, says: str) -> None:
    """Every answer would cite another sheet, or another row of it."""
    edited(imported / "manifest.yaml", old, new)
    assert says in found_or_refused(imported)


def test_what_an_import_leaves_out_stands_in_the_manifest(tmp_path: Path) -> None:
    """A row of the table that is not read: `check` passes, and a row that is lost from the catalog later is found."""
    text = "番号\t業務\t窓口\n1\t届の受付\t○\n2\t前年度の届の受付\t○\n\n○：受託者が行う\n※　年度の途中で変えることがある。\n"
    (tmp_path / "list.txt").write_text(text, "utf-8")
    (tmp_path / "mapping.yaml").write_text(
        """\
confirmed: true
title: {ja: 一覧, en: list}
edition: 一
cells: in_columns
parts: [{header: "1", rows: "2-3"}]
skip: ["*前年度*"]
divisions: [{key: all, label: {ja: 全部, en: all}}]
channels: [{key: counter, label: {ja: 窓口, en: counter}, kind: counter}]
columns:
  - {header: 番号, role: number}
  - {header: 業務, role: name}
  - {header: 窓口, role: mark, channel: counter, marks: all}
marks:
  all:
    - {mark: ○, means: consigned, legend: "○：受託者が行う"}
    - {mark: "", means: undefined}
""",
        "utf-8",
    )
    importing.write(importing.report_on(tmp_path / "list.txt", tmp_path / "mapping.yaml"), str(tmp_path / "made"))
    assert "unread: [3, 6]" in (tmp_path / "made" / "manifest.yaml").read_text("utf-8")
    edited(tmp_path / "made" / "manifest.yaml", "unread: [3, 6]", "unread: [6]")
    assert "line 3 `2 前年度の届の受付 ○`" in found(tmp_path / "made")[0]


@pytest.mark.parametrize("number", ["0", "-1"])
def test_there_is_no_line_before_the_first(own: Path, number: str) -> None:
    """`lines[0 - 1]` is the last one, and was taken for what a legend cites."""
    edited(own / "manifest.yaml", "line: 17,", f"line: {number},")
    with pytest.raises(RuleFileError, match="is not a number"):
        proved(own)


def test_a_meaning_that_stands_twice_is_refused(own: Path) -> None:
    text = (own / "manifest.yaml").read_text("utf-8")
    line = next(each for each in text.splitlines() if each.startswith("  - {when:"))
    (own / "manifest.yaml").write_text(text.rstrip("\n") + f"\n{line}\n", "utf-8")
    with pytest.raises(RuleFileError, match="the same entry stands twice"):
        proved(own)
