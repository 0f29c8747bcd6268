"""
A list against its own document: the catalog is what stands there, and what cites a line says what the line says.
"""

from __future__ import annotations

import os
from pathlib import Path

from assign import resources
from assign.catalog.against_document import disagreement, first_difference
from assign.catalog.editions import lost_beside
from assign.catalog.manifest import FILE, UNREAD
from assign.catalog.model import LARGEST, Catalog, Task
from assign.catalog.parts import NO_COLUMN
from assign.errors import DataError, path_shown, shown
from assign.rules.entries import Entry, Source
from assign.rules.model import RuleSet
from assign.words import Meaning, Reading, sha256

from .findings import Report, finding


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
    path = _beside(list_path, name) if list_path else resources.document_file()
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
    if not at_hand:
        report.declared["document_not_at_hand"] = 1
        return
    data = resources.whole(path, LARGEST)
    if (
        wanted := next((each.sha256 for each in catalog.manifest.documents if each.file == name), "")
    ) and wanted != sha256(data):
        report.findings.append(
            finding(
                "source",
                f"{name} の SHA-256 が {FILE} の `documents` と違います（いまは {sha256(data)}）",
                f"the SHA-256 of {name} is not that of `documents` in {FILE} (it is {sha256(data)})",
            )
        )
    lines = resources.decoded(data).removesuffix("\n").split("\n")
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


def _says(line: str, text: str) -> bool:
    """Whether a line of a document says something; a sentence that stands in several cells is quoted with a space between them."""
    return text in line or text in " ".join(filter(None, line.split("\t")))


def _without_definition(catalog: Catalog, task: Task) -> bool:
    """Whether the legend does not say what is printed in some cell of a row."""
    said = [catalog.says(task, channel) for channel in catalog.manifest.channels]
    return any(
        each.meaning in (Meaning.CONSIGNED_DOUBTFUL, Meaning.UNDEFINED) and each.line is not NO_COLUMN for each in said
    )


def _beside(list_path: Path, name: str) -> Path:
    """
    The document of a city's own list: `source/` in the list's folder.

    Raises:
        DataError: What stands there leads out of the folder.
    """
    folder = list_path if os.path.isdir(list_path) else list_path.parent
    path = folder / "source" / name
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise DataError(
            f"{path_shown(path)} は台帳のフォルダの外を指しています（文書をそこに置いてください）",
            f"{path_shown(path)} leads out of the list's folder (put the document there)",
        )
    return path
