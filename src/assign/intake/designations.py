"""
What a list says of who is designated for public money → for which of its rows it says so.

A sentence in a row (its remark, a cell, the footnote of a sign that stands in it) is about that row alone; one beside the table, in its title
or its legend, is about the list. A column's header says nothing of anybody, and neither does a sentence that denies the designation, or
that puts it off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from assign.catalog.manifest import DESIGNABLE
from assign.catalog.model import Catalog, Task
from assign.catalog.parts import Designation
from assign.words import CONSIGNING, normal

from .beside import SIGN
from .document import Document
from .fitting import lost
from .mapping import Designation as Said
from .mapping import Mapping
from .notes import Notes
from .rows import Printed
from .scope import Scope

_PAPER: Final = re.compile("指定公金事務取扱者|243条の2|二百四十三条の二")
_DENIED: Final = re.compile(
    r"ない|なし|無し|無い|ません|せず|受けず|予定|未定|未指定|未了|検討|協議|調整|申請中|手続中|取消|取り消|廃止|解除|終了|失効|以外|見込|準備|不要|不可|場合|とき|限[りる]|条件"
)
_LIMITED: Final = re.compile("に限[りる]")
_SINCE: Final = re.compile(r"(?:令和([0-9]{1,2}|元)|([0-9]{4}))年([0-9]{1,2})月([0-9]{1,2})日(?:から|より|以降|以後)")
_DATED: Final = re.compile(r"(?:年|月|日|年度)(?:から|より|以降|以後|まで|末)")


def designated(
    mapping: Mapping, document: Document, scope: Scope, rows: list[tuple[str, Printed]], since: str, notes: Notes
) -> Iterator[dict[str, Any]]:
    """
    The manifest's entries: one for the whole list, or one for each row whose own words they are.

    Args:
        rows: With their ids.
        since: The first day of the edition, where it is known.

    Raises:
        RuleFileError: No part of the file says it, or what it says designates nobody.
    """
    inside = document._replace(order=(scope.own, scope.shared))
    for each in mapping.designations:
        lost(each.text, document)
        _speaks(each, document, scope)
        yield from _entries(each, mapping, inside, scope, rows, since, notes)


def _speaks(each: Said, document: Document, scope: Scope) -> None:
    """Raises RuleFileError where a text is no sentence that designates somebody, wherever it stands."""
    found = list(document.each(each.text.text, each.text.line))
    if not _PAPER.search(normal(each.text.text)):
        raise each.text.node.fail(
            f"「{each.text.text}」は指定公金事務取扱者の指定の文ではありません（指定がなければ、この項目を消してください。収納は市職員・回答待ちになります）",
            f"`{each.text.text}` does not say that anybody is designated for public money (without a paper, leave this out: the act waits)",
        )
    sentences = [_sentence(document.lines[line - 1], each.text.text) for line, _ in found]
    if all(_DENIED.search(sentence) for sentence in sentences):
        if not any(_DENIED.search(_LIMITED.sub("", sentence)) for sentence in sentences):
            raise each.text.node.fail(
                f"範囲を限る文です: 「{sentences[0]}」（その行の備考か注にあり、行がその範囲なら、限る前までを写してください。そうでなければ消してください）",
                f"the sentence limits it: `{sentences[0]}` (where it stands at the row or in its footnote, and the row is within it, copy it up to the limit; else leave it out)",
            )
        raise each.text.node.fail(
            f"この文は指定があるとは言っていません: 「{sentences[0]}」（この項目を消してください。収納は市職員・回答待ちになります）",
            f"this sentence does not say that there is a designation: `{sentences[0]}` (leave it out: the act waits)",
        )
    if all(line in scope.headers for line, _ in found):
        raise each.text.node.fail(
            f"「{each.text.text}」は列の見出しにあるだけで、指定の文ではありません",
            f"`{each.text.text}` stands in a column's header alone, and designates nobody",
        )


def _entries(
    each: Said,
    mapping: Mapping,
    inside: Document,
    scope: Scope,
    rows: list[tuple[str, Printed]],
    since: str,
    notes: Notes,
) -> Iterator[dict[str, Any]]:
    of_line = {row.line: key for key, row in rows}
    wanted = normal(each.text.text)
    opened: dict[str, dict[str, Any]] = {}
    for line, text in inside.each(each.text.text, each.text.line):
        whole = inside.lines[line - 1]
        sentence = _sentence(whole, each.text.text)
        legend = {"document": inside.file, "line": line, "text": text, **({"en": each.text.en} if each.text.en else {})}
        if line in scope.headers:
            continue
        if _DENIED.search(sentence) or _put_off(sentence, since):
            notes.doubtful(
                each.text.node, "designation_put_off", f"指定を否定する文か、期日のある文なので、開いていません: 「{sentence}」",
                f"it denies the designation or names a day, and opens nothing: `{sentence}`",
            )  # fmt: skip
        elif line in of_line:
            opened[of_line[line]] = legend
        elif SIGN.match(whole.strip()):
            opened |= {key: legend for key, row in rows if wanted in normal(row.remark) and row.line != line}
        elif _within(line, rows):
            notes.doubtful(
                each.text.node, "designation_in_table", f"業務の行の間にある文なので、どの行の指定か分かりません。開いていません: 「{sentence}」",
                f"it stands between rows, so of which it speaks cannot be told; it opens nothing: `{sentence}`",
            )  # fmt: skip
        elif some := _named(sentence, mapping, rows):
            notes.doubtful(
                each.text.node, "designation_of_some", f"文が区分か業務を名指すので、その {len(some)} 行だけの指定としました: 「{sentence}」",
                f"the sentence names divisions or rows, so it is about {len(some)} rows alone: `{sentence}`",
            )  # fmt: skip
            opened |= dict.fromkeys(some, legend)
        else:
            yield {"act": each.act, "legend": legend}
            return
    yield from ({"act": each.act, "legend": legend, "rows": [key]} for key, legend in opened.items())
    if not opened:
        notes.doubtful(
            each.text.node, "designation_of_none", f"「{each.text.text}」はこの版のどの行の指定でもありません",
            f"`{each.text.text}` designates nobody for a row of this edition",
        )  # fmt: skip


def _named(sentence: str, mapping: Mapping, rows: list[tuple[str, Printed]]) -> list[str]:
    """The rows that a sentence beside the table is about, where it names some of the divisions, or rows; none: it is about all."""
    text = normal(sentence)
    called = {
        division.key: {
            normal(name)
            for name in (division.plain["label"]["ja"], *division.plain.get("names", ()), *division.printed)
        }
        for division in mapping.divisions
    }
    divisions = {key for key, names in called.items() if any(name and name in text for name in names)}
    named = [key for key, row in rows if len(normal(row.name)) > 3 and normal(row.name) in text]
    if named:
        return [key for key, row in rows if key in named and (not divisions or row.division in divisions)]
    return [key for key, row in rows if row.division in divisions] if len(divisions) < len(called) else []


def _within(line: int, rows: list[tuple[str, Printed]]) -> bool:
    """Whether a line stands between the rows of a sheet."""
    tables: dict[str, list[int]] = {}
    for _, row in rows:
        tables.setdefault(row.cell.sheet, []).append(row.line)
    return any(min(lines) < line < max(lines) for lines in tables.values())


def _put_off(sentence: str, since: str) -> bool:
    """Whether a sentence names a day from which, or until which, it holds; a day that is past when the list begins to hold is none."""
    rest = _SINCE.sub(lambda found: "" if since and _day(found) <= since else found[0], normal(sentence))
    return _DATED.search(rest) is not None


def _day(found: re.Match[str]) -> str:
    year = int(found[2]) if found[2] else 2018 + (1 if found[1] == "元" else int(found[1]))
    return f"{year:04}-{int(found[3]):02}-{int(found[4]):02}"


def _sentence(line: str, text: str) -> str:
    """The whole sentence of a line that a text is a part of: what follows it may take it back. Widths and spaces are no matter."""
    wanted = normal(text)
    parts = [part for cell in line.split("\t") for part in re.split(r"(?<=。)", cell) if part.strip()]
    whole = [part for part in parts if wanted in normal(part)]
    if whole:
        return whole[0].strip()
    cells = [cell for cell in line.split("\t") if wanted in normal(cell)]
    return (cells[0] if cells else line).strip()


def given(catalog: Catalog) -> Iterator[tuple[str, Task, Designation | None]]:
    """The rows that give an act with public money to the contractor, with the paper that opens it, or none."""
    for act in DESIGNABLE:
        for task in catalog.tasks:
            said = [catalog.says(task, channel, act) for channel in catalog.manifest.channels]
            if any(each.named and each.meaning in CONSIGNING for each in said):
                yield act, task, catalog.manifest.designation(act, task.id)
