"""
`assign import`: a file, and a mapping → a report, and when the mapping is confirmed and nothing is refused, the folder of a list.

Where there is no mapping one is offered, with what speaks for it; it is never applied by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assign.catalog import editions
from assign.check.findings import LEFT_TO_THE_CITY, Finding
from assign.check.proofs import check, unproved
from assign.errors import BadOption, DataError, path_shown
from assign.files import new_folder, put, unwritable

from . import guess
from .document import Document, of_source
from .edition import Made, make
from .mapping import Mapping as TheMapping
from .mapping_file import load
from .notes import Notes
from .overlooked import rows_left
from .radicals import folded
from .reader import USUAL, Limits, read_source
from .report import Report
from .scope import in_header, is_of
from .sheets import Cell, Source, place


def report_on(file: Path, mapping: Path | None, limits: Limits = USUAL) -> Report:
    """
    Read a file.

    Args:
        mapping: How it is read; None: a mapping is offered.
        limits: What reading it may take.

    Raises:
        DataError: The file cannot be read. RuleFileError: The mapping cannot be, or does not fit the file.
    """
    source = read_source(file, limits)
    notes = Notes(source.file)
    source = folded(source, notes)
    if mapping is None:
        offered = guess.of(source)
        return Report(source, None, [], notes, offered=offered.evidence)
    said = load(mapping)
    document = of_source(file, source)
    for line in document.cleaned:
        notes.repaired(
            Cell("", line=line) if source.kind in ("text", "csv") else None, "hidden_character",
            "見えない文字を除きました", "characters that nobody sees were taken out",
        )  # fmt: skip
    made = [make(source, document, said, edition, notes) for edition in said.editions]
    cited = {line.legend.line for each in made for line in each.catalog.manifest.meanings if line.legend}
    rows_left(source, document, said, [row for each in made for row in each.printed], cited, notes)
    return Report(source, said, made, notes, unread=_unread(source, document, said, made, notes))


def _unread(
    source: Source, document: Document, mapping: TheMapping, made: list[Made], notes: Notes
) -> list[tuple[Mapping[str, str], str]]:
    """The lines of the file that are no row, heading or skipped line, header or cited sentence: for a person to look at."""
    rows = {task.line for each in made for task in each.catalog.tasks}
    said = {note.place["ja"] for note in notes.all}
    cited = {line.legend.line for each in made for line in each.catalog.manifest.meanings if line.legend}
    parts = [part for edition in mapping.editions for part in edition.parts]
    found = []
    for sheet in source.sheets:
        for row in sheet.rows:
            above = any(is_of(sheet, part, mapping) and in_header(part, row) for part in parts)
            at = place(source.file, Cell("", sheet.name, row.number, 0, row.line))
            if row.blank or document.at[sheet.name, row.number] in rows | cited or above or at["ja"] in said:
                continue
            found.append((at, " ".join(cell.text.strip() for cell in row.cells if cell.text.strip())))
    return found


def write(report: Report, name: str) -> None:
    """
    Make the folder of the list, whole or not at all; of several editions one folder with a folder for each. It passes `check`.

    Args:
        name: It is not there yet, or is an empty folder.

    Raises:
        BadOption: The mapping is not confirmed, something is refused, or something stands there. DataError: `check` finds something.
        EditionsError: Several lists are not the editions of one, day after day.
        OutputError: It could not be written.
    """
    mapping = report.mapping
    if mapping is None or not mapping.confirmed:
        raise BadOption(
            "マッピングが確認されていません。報告を見て、正しければマッピングの `confirmed` を true にしてください",
            "the mapping is not confirmed; look at the report, and if it is right set `confirmed: true` in the mapping",
        )
    if not report.fit:
        raise BadOption(
            "読めない所があるので、版は作りません（報告を見てください）",
            "something is refused, so no edition is made (see the report)",
        )
    with new_folder(name) as folder:
        for each in report.made:
            at = folder / each.edition.folder if each.edition.folder else folder
            put(at, each.files)
            report.findings += _checked(at)
        editions.of_folder(folder)  # of several: day after day, and of one list
    report.written = name


def _checked(folder: Path) -> list[Finding]:
    """What `check` finds that the list itself has against the law. Raises DataError with the first other finding."""
    found = check(unproved(str(folder), None, "table"), list_path=folder).findings
    other = [each for each in found if each.kind not in LEFT_TO_THE_CITY]
    if other:
        first = other[0].text
        more = (f"（ほか {len(other) - 1} 件）", f" (and {len(other) - 1} more)") if len(other) > 1 else ("", "")
        raise DataError(
            f"作った版が check を通りません: {first['ja']}{more[0]}",
            f"the edition does not pass `check`: {first['en']}{more[1]}",
        )
    return found


def offer(file: Path, name: str, limits: Limits = USUAL) -> Report:
    """
    Write a mapping for a file, as far as it can be guessed, with `confirmed: false`.

    Raises:
        BadOption: Something stands under the name. DataError: The file cannot be read. OutputError.
    """
    source = read_source(file, limits)
    notes = Notes(source.file)
    source = folded(source, notes)
    offered = guess.of(source)
    try:
        with Path(name).open("xb") as out:
            out.write(offered.text.encode())
    except FileExistsError:
        raise BadOption(
            f"{path_shown(name)} は既にあります（別の名前にしてください）",
            f"{path_shown(name)} is there already (choose another name)",
        ) from None
    except (OSError, ValueError) as error:
        raise unwritable(path_shown(name), error) from None
    report = Report(source, None, [], notes, offered=offered.evidence)
    report.written = name
    return report
