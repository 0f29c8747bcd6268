"""
A list against its own document: the catalog is what stands there, and what cites a line says what the line says.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from assign import resources
from assign.catalog.against_document import disagreement, first_difference
from assign.catalog.editions import lost_beside
from assign.catalog.lines_left import left
from assign.catalog.manifest import FILE, UNREAD
from assign.catalog.model import LARGEST, Catalog, Task
from assign.catalog.parts import NO_COLUMN, SHEET, Document
from assign.catalog.printed import Form
from assign.errors import DataError, path_shown, shown, unreadable
from assign.rules.entries import Entry, Source
from assign.rules.model import RuleSet
from assign.words import Meaning, Reading, sha256

from .findings import Finding, Report, finding

LARGEST_ORIGINAL: Final = 20_000_000  # bytes of a workbook or a PDF, as the importer takes it


def compare(report: Report, catalog: Catalog, rules: RuleSet, list_path: Path | None) -> None:
    """The catalog is what the document says, the rules cite what stands there, and odd readings are declared."""
    for folder in lost_beside(list_path) if list_path else ():
        report.findings.append(
            finding(
                "editions",
                f"一覧のフォルダの中に、もう1つの一覧のフォルダ {shown(folder)} があります。これは使われません（版は、{FILE} のないフォルダに並べます）",
                f"{shown(folder)} in the folder of this list is a folder of a list, too, and is never used (editions stand side by side in a folder without {FILE})",
            )
        )
    name = catalog.tasks[0].document
    path = _place(list_path, name)
    report.declared = {
        "judged": sum(task.reading is Reading.JUDGED for task in catalog.tasks),
        "unreadable": sum(task.reading is Reading.UNREADABLE for task in catalog.tasks),
        "undefined_mark": sum(_without_definition(catalog, task) for task in catalog.tasks),
    }
    for task in catalog.tasks:
        odd = _without_definition(catalog, task) or UNREAD in task.cells.values()
        if odd and task.reading is Reading.AS_PRINTED:
            report.findings.append(
                finding(
                    "reading",
                    f"{task.id} は読みに無理があるのに「印字どおり」とされています",
                    f"{task.id} reads oddly but is declared as printed",
                )
            )
    at_hand = os.path.lexists(path)
    difference = (first_difference(catalog, path) if at_hand else None) or disagreement(catalog)
    if difference is not None:
        report.findings.append(finding("source", difference.ja, difference.en))
        return
    entries: list[Entry] = [*rules.rules, *rules.acts.values(), *rules.holders, *rules.notes]
    for entry in entries:
        if entry.source.line is not None and entry.source.document != name:
            report.findings.append(
                finding(
                    "source",
                    f"{entry.file} の {entry.line} 行目 `{entry.id}` は、この一覧の文書（{name}）でない {entry.source.document} を引いています",
                    f"{entry.file}, line {entry.line}: `{entry.id}` cites {entry.source.document}, which is not the document of this list ({name})",
                )
            )
    paper = next((each for each in catalog.manifest.documents if each.file == name), None)
    if paper is None and (at_hand or catalog.manifest.documents):
        report.findings.append(
            finding(
                "source",
                f"台帳の文書 {name} が {FILE} の `documents` にありません（SHA-256 を確かめられません）",
                f"{name}, the document of the catalog, is not among `documents` in {FILE} (its SHA-256 cannot be compared)",
            )
        )
    for each in catalog.manifest.documents:
        report.findings += _as_it_was(each, _place(list_path, each.file), needed=at_hand)
    if not at_hand:
        report.declared["document_not_at_hand"] = 1
        return
    lines = resources.decoded(resources.whole(path, LARGEST)).removesuffix("\n").split("\n")
    report.counts["lines"] = len(lines)
    cited = [
        (entry.id, entry.source) for entry in entries if entry.source.line is None or entry.source.document == name
    ]
    legends = [line.legend for line in catalog.manifest.meanings if line.legend]
    legends += [each.legend for each in catalog.manifest.designations]
    cited += [(FILE, Source(legend.document, legend.line, legend.text, "")) for legend in legends]
    for who, source in cited:
        if source.line is None:
            if who in rules.by_id and not source.basis:
                report.findings.append(
                    finding("source", f"`{who}` が文書の行を引いていません", f"`{who}` cites no line of the document")
                )
        elif source.document != name or source.line > len(lines) or not _says(lines[source.line - 1], source.text):
            report.findings.append(
                finding(
                    "source",
                    f"`{who}` の引く {source.document} の {source.line} 行目にその文がありません",
                    f"`{who}` cites line {source.line} of {source.document}, which does not say so",
                )
            )
    quoted = {source.line for _, source in cited if source.line is not None}
    if paper is not None and paper.sheets:
        report.findings += _sheets(paper, lines, quoted | {task.line for task in catalog.tasks})
    if Form.of(catalog.manifest) is None:  # else every line was read
        _left(report, catalog, lines, quoted, paper)


def _as_it_was(document: Document, path: Path, *, needed: bool) -> Iterator[Finding]:
    """Whether a file of the list is there and has the SHA-256 that the manifest says; `needed`: those beside it are there."""
    if not os.path.lexists(path):
        if needed:
            yield finding(
                "source",
                f"{FILE} の `documents` にある {document.file} が source/ にありません（置くか、`documents` から除いてください）",
                f"{document.file}, one of `documents` in {FILE}, is not in source/ (put it there, or take it out of `documents`)",
            )
        return
    try:
        found = sha256(resources.whole(path, LARGEST_ORIGINAL))
    except resources.TooLarge:
        found = f"> {LARGEST_ORIGINAL:,} B"
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if found != document.sha256:
        yield finding(
            "source",
            f"{document.file} の SHA-256 が {FILE} の `documents` と違います（いまは {found}）",
            f"the SHA-256 of {document.file} is not that of `documents` in {FILE} (it is {found})",
        )


def _sheets(document: Document, lines: Sequence[str], used: Collection[int]) -> Iterator[Finding]:
    """
    Whether the sheets of a text that was made of a workbook stand where it names them: a row would be cited from another place.

    Args:
        used: The lines of rows, and those that are cited. A sheet of which none is used may be left out.

    A text of one sheet does not name it.
    """
    known = {sheet.line: sheet.name for sheet in document.sheets}
    for line, name in known.items():
        alone = line == 0 and len(known) == 1 and lines[0] != f"{SHEET}{name}"
        if not alone and (not 0 < line <= len(lines) or lines[line - 1] != f"{SHEET}{name}"):
            yield finding(
                "source",
                f"{FILE} のシート {shown(name)}（line: {line}）の名前が、{document.file} の {line} 行目にありません",
                f"line {line} of {document.file} does not name the sheet {shown(name)}, as {FILE} says (line: {line})",
            )
    if min(known) == 0:
        return
    named = [
        at
        for at, line in enumerate(lines, start=1)
        if line.startswith(SHEET) and "\t" not in line and (at == 1 or not lines[at - 2])
    ]
    for at, end in pairwise([*named, len(lines) + 1]):
        if at not in known and any(at < line < end for line in used):
            yield finding(
                "source",
                f"{document.file} の {at} 行目のシート {shown(lines[at - 1])} が {FILE} の `sheets` にありません",
                f"the sheet on line {at} of {document.file}, {shown(lines[at - 1])}, is not among `sheets` in {FILE}",
            )


def _left(
    report: Report, catalog: Catalog, lines: Sequence[str], cited: Collection[int], paper: Document | None
) -> None:
    """The lines that look like rows or footnotes, and of which the list has nothing; and what is said of such lines in vain."""
    declared = paper.unread if paper else ()
    report.declared["unread"] = len(declared)
    every, found = left(catalog, lines), left(catalog, lines, cited)
    rows, notes = ([line for line in each if line not in declared] for each in found)
    if rows:
        ja, en = _some(rows, lines)
        report.findings.append(
            finding(
                "source",
                f"文書に、業務の行に見えて台帳にない行があります: {ja}（行なら台帳へ。行でなければ {FILE} の `documents` の `unread` に番号を）",
                f"lines of the document look like rows, and the catalog lacks them: {en} (add them to the catalog; what is no row stands in `unread` of `documents` in {FILE})",
            )
        )
    if notes:
        ja, en = _some(notes, lines)
        report.notices.append(
            finding(
                "source",
                f"文書に、どこにも引かれず、どの答えにも示されない注があります: {ja}（見たものは {FILE} の `documents` の `unread` に番号を）",
                f"footnotes of the document that nothing cites, and no answer shows: {en} (what was seen stands in `unread` of `documents` in {FILE})",
            )
        )
    if idle := [line for line in declared if line not in (*every.rows, *every.notes)]:
        report.findings.append(
            finding(
                "source",
                f"{FILE} の `unread` の {idle[0]} は、台帳にない業務の行や注に見える行ではありません",
                f"{idle[0]} in `unread` of {FILE} is no line that looks like a row or a footnote which the catalog lacks",
            )
        )


def _some(numbers: Sequence[int], lines: Sequence[str]) -> tuple[str, str]:
    """The first three lines with their text, and how many they are."""
    texts = [(line, shown(" ".join(lines[line - 1].split()), 60)) for line in numbers[:3]]
    more = (f"（全 {len(numbers)} 行）", f" ({len(numbers)} lines)") if len(numbers) > len(texts) else ("", "")
    return (
        "、".join(f"{line} 行目 {text}" for line, text in texts) + more[0],
        ", ".join(f"line {line} {text}" for line, text in texts) + more[1],
    )


def _says(line: str, text: str) -> bool:
    """Whether a line of a document says something; a sentence that stands in several cells is quoted with a space between them."""
    return text in line or text in " ".join(filter(None, line.split("\t")))


def _without_definition(catalog: Catalog, task: Task) -> bool:
    """Whether the legend does not say what is printed in some cell of a row."""
    said = [catalog.says(task, channel) for channel in catalog.manifest.channels]
    return any(
        each.meaning in (Meaning.CONSIGNED_DOUBTFUL, Meaning.UNDEFINED) and each.line is not NO_COLUMN for each in said
    )


def _place(list_path: Path | None, name: str) -> Path:
    """
    A document of the list that ships, or of a city's own: in `source/` in the list's folder.

    Raises:
        DataError: What stands there leads out of the folder.
    """
    if list_path is None:
        return resources.document_file().with_name(name)
    folder = list_path if os.path.isdir(list_path) else list_path.parent
    path = folder / "source" / name
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise DataError(
            f"{path_shown(path)} は台帳のフォルダの外を指しています（文書をそこに置いてください）",
            f"{path_shown(path)} leads out of the list's folder (put the document there)",
        )
    return path
