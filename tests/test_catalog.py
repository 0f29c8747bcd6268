"""The catalog is the reading of the document, and a file that is not one is refused with its line."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assign import Desk, resources
from assign.catalog import manifest_file
from assign.catalog.against_document import disagreement, first_difference, from_document
from assign.catalog.csv_file import as_csv, columns
from assign.catalog.loader import from_edition, kept_tasks, load, write_kept
from assign.catalog.manifest import FILE
from assign.catalog.model import CATALOG, Task, with_keys
from assign.errors import CatalogDiffers, CatalogError, DataError
from assign.resources import catalog_file, document_file, rules_folder
from assign.rules.loader import load as load_rules
from assign.words import sha256

DATA = catalog_file().read_bytes()
MANIFEST = manifest_file.load(resources.manifest_file())
COLUMNS = columns(MANIFEST)


def edition(rows: bytes) -> bytes:
    """The list that ships with other rows, as a log keeps it."""
    return resources.joined({FILE: MANIFEST.data, CATALOG: rows})


def test_the_list_that_a_start_does_not_read_again_is_the_one_that_we_ship_and_says_what_its_raw_text_says() -> None:
    """`make setup` stamps both files; a start then trusts what it stamped."""
    assert kept_tasks(MANIFEST, DATA) == load(catalog_file(), as_it_is=True).tasks
    assert resources.kept("manifest.json")["sha256"] == sha256(MANIFEST.data)
    assert not kept_tasks(MANIFEST, DATA.replace("△".encode(), "×".encode(), 1))
    assert disagreement(from_edition(edition(DATA))) is None


def test_a_list_that_is_not_what_its_raw_text_says_is_never_stamped(tmp_path: Path) -> None:
    """It would be believed at each start."""
    (tmp_path / FILE).write_bytes(MANIFEST.data)
    before = resources.kept("catalog.json")
    with pytest.raises(CatalogDiffers, match=r"line 22: `mark` of `kokuho-21`"):
        write_kept(changed(tmp_path, 21, "mark", "").parent)
    assert resources.kept("catalog.json") == before


def test_the_catalog_is_what_the_document_says() -> None:
    """Regenerated, it is the same file to the byte."""
    assert as_csv(from_document(document_file(), MANIFEST), MANIFEST) == DATA
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
        ("mark", "×"),  # kokuho-1 has ○ on both channels
        ("mark", "△"),
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
    catalog = from_edition(edition(changed(tmp_path, 21, "mark", "").read_bytes()))
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


@pytest.mark.long
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


@pytest.mark.parametrize(
    ("line", "old", "new", "says"),
    [
        (1, "id,division", "Id,division", "1 列目: `id` のはずが `Id` です"),
        (1, "\ufeff", "\ufeffsep=,\n", "1 列目: `id` のはずが `sep=` です"),
        (1, ",", ";", "1 列目: `id` のはずが `id;division"),
        (1, ",raw\n", "\n", "15 列目: `raw` のはずがありません"),
        (1, ",raw\n", ",raw,memo\n", "16 列目: `memo` は余分です"),
        (
            11,
            "kokuho-10,kokuho,資格,被保険者証,10,",
            "kokuho-10,kokuho,資格,被保険者証,3月22日,",
            "number は印字された番号のはずが `3月22日` です",
        ),
        (
            11,
            "kokuho-10,kokuho,資格,被保険者証,10,",
            "kokuho-10,kokuho,資格,被保険者証,10.0,",
            "number は印字された番号のはずが `10.0` です",
        ),
        (11, "kokuho-10,", ",,,,,,,,,,,,,,\nkokuho-10,", "空の行です"),
        (11, "kokuho-10,", "\nkokuho-10,", "空の行です"),
        (2, "kokuho-1,", ",kokuho-1,", "15 列のはずが 16 列です（余分なコンマ"),
    ],
)
def test_what_a_spreadsheet_does_to_a_catalog_is_said_with_the_cell(
    tmp_path: Path, line: int, old: str, new: str, says: str
) -> None:
    """`列は … のはずです` told nobody which."""
    path = tmp_path / "c.csv"
    text = DATA.decode()
    assert old in text
    path.write_bytes(text.replace(old, new, -1 if old == "," else 1).encode())
    with pytest.raises(CatalogError) as caught:
        load(path)
    assert caught.value.line == line
    assert says in caught.value.ja


def test_a_missing_catalog_is_one_line(tmp_path: Path) -> None:
    """No stack trace, the file named."""
    with pytest.raises(DataError, match=r"cannot read .*nowhere.csv"):
        load(tmp_path / "nowhere.csv")


# -- a row against its own raw text ----------------------------------------------------------------------------------


def rows() -> list[list[str]]:
    return list(csv.reader(io.StringIO(DATA.decode("utf-8-sig"), newline="")))


def written(path: Path, table: list[list[str]], document: str | None = None) -> Path:
    """A catalog file; of another document, which is not at hand, if it is named."""
    if document is not None:
        table = [table[0], *([*row[:12], document, *row[13:]] for row in table[1:])]
    path.mkdir(exist_ok=True)
    with (path / "catalog.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(table)
    return path / "catalog.csv"


CELLS = [
    (21, "mark", "", "its raw text says `△`"),
    (16, "mark", "", None),
    (2, "counter", "", "its raw text says `○`"),
    (21, "backyard", "○", "its raw text says ``"),
    (1, "name", "資格取得と喪失", "its raw text says `資格取得`"),
    (1, "section", "給付", None),
    (5, "group", "給付", None),
    (3, "repairs", "", "its raw text says `heading_carried`"),
    (3, "repairs", "heading_carried cells_shifted", None),
    (50, "reading", "judged", None),
    (37, "remark", "", "its raw text says `(令和3年10月頃業務見直し予定)`"),
    (1, "remark", "(令和9年1月まで)", None),
    (9, "raw", "\t\t9 所在不明\t×", None),
    (9, "raw", "9", None),
]  # fmt: skip


@pytest.mark.parametrize("document", [None, "ours.txt"])
@pytest.mark.parametrize(("row", "column", "value", "says"), CELLS)
def test_a_cell_that_says_something_else_than_its_raw_text_is_refused(
    tmp_path: Path, row: int, column: str, value: str, says: str | None, document: str | None
) -> None:
    """△ edited to unmarked answered 'contractor, settled'; the line that it was read from stands beside it."""
    table = rows()
    assert table[row][COLUMNS.index(column)] != value
    table[row][COLUMNS.index(column)] = value
    if column == "mark":  # as whoever edits it must, for the form's sake
        table[row][COLUMNS.index("counter")] = "○"
    with pytest.raises(CatalogDiffers) as caught:
        load(written(tmp_path / "list", table, document))
    assert caught.value.line == row + 1
    assert "\n" not in caught.value.ja + caught.value.en
    assert (says or "") in caught.value.en


@pytest.mark.long
def test_a_row_that_is_lost_doubled_or_moved_is_refused(tmp_path: Path) -> None:
    """Also where its neighbours have its number, and whoever makes the ids fit again; a table's last row, where we ship it."""
    for document, places in ((None, (1, 2, 24, 30, 75, 76, 149, 190, 214, 215)), ("ours.txt", (1, 2, 24, 30, 76, 191))):
        for at in places:
            whole = rows()
            for table in (
                whole[:at] + whole[at + 1 :],
                whole[: at + 1] + whole[at:],
                whole[:at] + whole[at : at + 2][::-1] + whole[at + 2 :],
            ):
                if table == whole:
                    continue
                numbered = with_keys(
                    _tasks_of(table),
                    document or document_file().name,
                )
                (tmp_path / "catalog.csv").write_bytes(as_csv(numbered, MANIFEST))
                with pytest.raises(CatalogError):
                    load(tmp_path / "catalog.csv")


def _tasks_of(table: list[list[str]]) -> list[Task]:
    by_id = load(catalog_file()).by_id
    return [by_id[row[0]] for row in table[1:]]


def test_the_inner_rows_of_one_number_cannot_be_lost(tmp_path: Path) -> None:
    """Numbers and headings still follow where several rows are gone, but the document has those lines."""
    kept = [row for row in load(catalog_file()).tasks if not 30 <= row.line <= 37]
    (tmp_path / "catalog.csv").write_bytes(as_csv(with_keys(kept, document_file().name), MANIFEST))
    with pytest.raises(CatalogDiffers, match=r"line 30 of .* is missing"):
        load(tmp_path / "catalog.csv")


def test_a_cell_and_its_raw_text_edited_alike_are_not_the_document_s(tmp_path: Path) -> None:
    """The line of the document that we ship is what it is."""
    table = rows()
    table[21][COLUMNS.index("mark")] = ""
    table[21][COLUMNS.index("raw")] = table[21][COLUMNS.index("raw")].replace("△", "")
    with pytest.raises(CatalogDiffers, match=r"line 22: `raw` is not what line 29 of"):
        load(written(tmp_path / "a", table))
    assert load(written(tmp_path / "b", table, "ours.txt")).tasks[20].cells["mark"] == ""  # another document may say so
    table = rows()
    for row in table[1:]:
        row[COLUMNS.index("line")] = str(int(row[COLUMNS.index("line")]) + 1)
    with pytest.raises(CatalogDiffers):
        load(written(tmp_path / "c", table))


def test_a_row_that_the_text_cannot_settle_is_settled_from_the_original(tmp_path: Path) -> None:
    """Line 64 alone; the catalog says that somebody looked, and no other row can be changed so."""
    table = rows()
    at = next(n for n, row in enumerate(table) if row[0] == "kokuho-34")
    for column, value in {"counter": "○", "backyard": "", "reading": "as_printed"}.items():
        table[at][COLUMNS.index(column)] = value
    with pytest.raises(CatalogDiffers):
        load(written(tmp_path / "a", table))
    table[at][COLUMNS.index("repairs")] += " original_checked"
    catalog = load(written(tmp_path / "b", table))
    assert catalog.by_id["kokuho-34"].cells["counter"] == "○"
    assert first_difference(catalog, document_file()) is None
    assert Desk(catalog, load_rules(rules_folder()), "table").decide("kokuho", 34, "counter").certainty == "settled"
    table[at][COLUMNS.index("name")] = "別の業務"
    with pytest.raises(CatalogDiffers):
        load(written(tmp_path / "c", table))
    table = rows()
    for column, value in {"mark": "", "repairs": table[21][11] + " original_checked"}.items():
        table[21][COLUMNS.index(column)] = value
    with pytest.raises(CatalogDiffers):
        load(written(tmp_path / "d", table))


def test_a_log_s_edition_is_read_as_it_was_kept() -> None:
    """What an earlier program answered by is replayed, and `check` finds what is wrong with it."""
    table = rows()
    table[21][COLUMNS.index("mark")] = ""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(table)
    catalog = from_edition(edition(out.getvalue().encode()))
    assert disagreement(catalog) is not None
    assert disagreement(from_edition(edition(DATA))) is None


# -- hostile files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["/etc/shadow", "../catalog.csv", "..", ".", "", "a/b.txt", "a\\b.txt", "C:x.txt", "\\\\host\\a", "x" * 300, ".hidden", "a|b", "a?b"],
)  # fmt: skip
def test_a_document_is_a_name_in_the_list_s_own_folder(tmp_path: Path, name: str) -> None:
    """`/etc/shadow` was read by whoever may, and was an internal error for others."""
    with pytest.raises(CatalogError, match=r"line 2: `document` is a file's name without a folder"):
        load(written(tmp_path / "list", rows(), name))


HIDDEN = ["\x00", "\x1b", "\x07", "\x7f", "\x85", "\x9b", "\n", "\r", "\t", "\u202e", "\u2066", "\u200e", "\u061c", "\u200b", "\u2060", "\ufeff", "\u00ad",
          "\u2028", "\u2029", "\ue000", "\U000f0000", "\u0378", "\u3164", "\u115f", "\u034f", "\ufe0f", "\u00a0", "\u2800", "\U000e0041"]  # fmt: skip


@pytest.mark.parametrize("c", HIDDEN, ids=ascii)
def test_a_hidden_character_in_a_cell_is_refused_with_its_line_and_code_point(tmp_path: Path, c: str) -> None:
    """A name that turns a terminal's line round, or that a reader takes for another name."""
    for column in ("name", "section", "group", "remark", "id", "document", "repairs", "raw"):
        table = rows()
        place = COLUMNS.index(column)
        table[4][place] = table[4][place][:2] + ("a" + c if c == "\ufe0f" else c) + table[4][place][2:]
        if c == "\t" and column == "raw":
            continue  # where it is structure
        says = f"a hidden character U\\+{ord(c):04X} in `{column}`"
        if c == "\r":
            says += "|cells, expected"  # which ends a row where the reader is not that of Python 3.13
        with pytest.raises(CatalogError, match=says):
            load(written(tmp_path / "list", table))


def test_a_variant_of_a_kanji_and_an_ideographic_space_are_text(tmp_path: Path) -> None:
    """葛 with its selector is a name of a ward; in a raw text it is the name as printed."""
    table = rows()
    for column in ("name", "raw"):
        table[1][COLUMNS.index(column)] = table[1][COLUMNS.index(column)].replace("取得", "取得　葛\U000e0100飾")
    assert load(written(tmp_path / "list", table, "ours.txt")).tasks[0].name == "資格取得　葛\U000e0100飾"


def test_what_is_no_regular_file_is_one_line(tmp_path: Path) -> None:
    """A folder, a named pipe, a device, a name that no file can have, another encoding."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "list" / CATALOG).mkdir(parents=True)
    for path in (
        tmp_path,
        tmp_path / "list",
        tmp_path / "pipe",
        Path(os.devnull),
        tmp_path / "a\x00b",
        tmp_path / ("x" * 300),
    ):
        with pytest.raises(DataError) as caught:
            load(path)
        assert "\n" not in caught.value.ja + caught.value.en
    for encoding, says in (("utf-16", "UTF-16"), ("cp932", "not UTF-8")):
        (tmp_path / "catalog.csv").write_bytes(DATA.decode("utf-8-sig").encode(encoding, "replace"))
        with pytest.raises(CatalogError, match=says):
            load(tmp_path / "catalog.csv")
    with (tmp_path / "catalog.csv").open("wb") as file:
        file.truncate(10_000_000_000)
    with pytest.raises(CatalogError, match=r"larger than"):
        load(tmp_path / "catalog.csv")


def test_a_spreadsheet_s_line_ends_are_structure(tmp_path: Path) -> None:
    """CRLF, and a file without the mark."""
    (tmp_path / "catalog.csv").write_bytes(DATA.removeprefix(b"\xef\xbb\xbf").replace(b"\n", b"\r\n"))
    assert load(tmp_path / "catalog.csv").tasks == load(catalog_file()).tasks
