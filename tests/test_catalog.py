"""The catalog is the reading of the document, and a file that is not one is refused with its line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assign.catalog import COLUMNS, as_csv, first_difference, from_document, load
from assign.errors import CatalogError, DataError
from assign.places import catalog_file, document_file

DATA = catalog_file().read_bytes()


def test_the_catalog_is_what_the_document_says() -> None:
    """Regenerated, it is the same file to the byte."""
    assert as_csv(from_document(document_file())) == DATA
    assert first_difference(load(catalog_file()), document_file()) is None


def test_a_row_id_is_the_number_where_it_stands_once_else_number_and_place() -> None:
    """contract.md, 'row id'."""
    ids = [task.id for task in load(catalog_file()).tasks]
    assert len(set(ids)) == 215
    assert {"nenkin-24", "kokuho-22-1", "kokuho-22-10", "center-1-1", "center-1-3", "center-6", "kouki-51-2"} <= set(
        ids
    )
    assert not {"kokuho-22", "nenkin-24-1", "center-1"} & set(ids)


def test_a_spreadsheet_reads_it() -> None:
    """UTF-8 with a byte order mark, one header line, 215 rows."""
    assert DATA.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(DATA.decode("utf-8-sig"), newline="")))
    assert len(rows) == 215
    assert rows[0]["id"] == "kokuho-1"


def changed(tmp_path: Path, row: int, column: str, value: str) -> Path:
    table = list(csv.reader(io.StringIO(DATA.decode("utf-8-sig"), newline="")))
    table[row][COLUMNS.index(column)] = value
    path = tmp_path / "catalog.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(table)
    return path


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "kokuho-999"),
        ("division", "kokuhoo"),
        ("number", "1.0"),
        ("number", "²"),
        ("mark", "×"),
        ("mark", "retained"),  # kokuho-1 has ○ on both channels
        ("counter", "maybe"),
        ("reading", ""),
        ("repairs", "guessed"),
        ("document", "another.txt"),
        ("line", "nine"),
        ("name", ""),
        ("section", ""),
    ],
)
def test_a_wrong_cell_is_refused_with_its_line(tmp_path: Path, column: str, value: str) -> None:
    """Row 2 of the file is line 2 of it."""
    with pytest.raises(CatalogError) as caught:
        load(changed(tmp_path, 1, column, value))
    assert caught.value.line in (2, 3)  # another document shows at the next row


def test_a_changed_cell_of_the_document_s_reading_is_found(tmp_path: Path) -> None:
    """△ read as unmarked would hand work to the contractor."""
    catalog = load(changed(tmp_path, 21, "mark", "unmarked"))
    error = first_difference(catalog, document_file())
    assert error is not None
    assert error.line == 29


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"id,division\n", DATA[:3000], DATA.replace(b"kokuho-2,", b'"kokuho-2,', 1)]
)
def test_what_is_no_catalog_is_refused(tmp_path: Path, data: bytes) -> None:
    """Empty, not UTF-8, other columns, cut short, an open quote."""
    path = tmp_path / "catalog.csv"
    path.write_bytes(data)
    with pytest.raises(CatalogError):
        load(path)


@given(at=st.integers(3, len(DATA) - 1), byte=st.integers(0, 255))
def test_any_byte_changed_is_refused_or_found(at: int, byte: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A catalog that loads is either the document's or `check` sees the difference."""
    path = tmp_path_factory.mktemp("catalog") / "catalog.csv"
    path.write_bytes(DATA[:at] + bytes([byte]) + DATA[at + 1 :])
    try:
        catalog = load(path)
    except CatalogError:
        return
    if catalog.tasks != load(catalog_file()).tasks:
        assert (
            first_difference(catalog, document_file()) is not None or catalog.tasks[0].document != document_file().name
        )


def test_a_missing_catalog_is_one_line(tmp_path: Path) -> None:
    """No stack trace, the file named."""
    with pytest.raises(DataError, match=r"cannot read .*nowhere.csv"):
        load(tmp_path / "nowhere.csv")
