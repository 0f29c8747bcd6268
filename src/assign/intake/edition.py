"""
A file, read by its mapping → the files of a list's folder: manifest, catalog, document, rules.

The rules are those that `assign init` writes. The kinds of work are for the city to say: until then every row is of the kind `not_said`,
of which no act but those that the list itself answers for is ever the contractor's as settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from assign import resources
from assign.catalog import manifest_file
from assign.catalog.against_document import other_marks
from assign.catalog.csv_file import as_csv
from assign.catalog.lines_left import cited, left
from assign.catalog.manifest import FILE, UNREAD, Manifest
from assign.catalog.model import CATALOG, Catalog, Task, with_keys
from assign.catalog.parts import NO_COLUMN
from assign.catalog.printed import Form, parse
from assign.check.list_floor import shipped as shipped_manifest
from assign.check.lookalike import says
from assign.errors import RuleFileError
from assign.export import list_folder
from assign.rules import elsewhere, loader
from assign.rules.kinds import NOT_SAID
from assign.words import CONSIGNING, ActClass, Meaning, Reading

from . import rows as reader
from .designations import designated
from .document import Document
from .fitting import fitted, without_others
from .headings import compare
from .mapping import Edition
from .mapping import Mapping as TheMapping
from .marks import read as read_mark
from .meanings import Columns, columns_of, meanings_of
from .named_acts import NamedActs
from .notes import Notes
from .one_cell import with_one_set
from .overlooked import branches, columns_read, columns_unused, repeated
from .scope import scope_of
from .sheets import Source
from .single_rows import of_single_rows
from .tables import by_tables, distinct
from .yaml_text import entries, flow

_JUDGED: Final = {"heading_displaced", "cells_shifted", "past_last_column", "name_from_heading", "line_break", "undefined_mark"}  # fmt: skip
_HEAD: Final = f"""\
{list_folder.EDITOR}schema/manifest.schema.json
# 一覧の説明書き: assign import がマッピングから作りました。直すときはマッピングを直して、取り込み直してください。
# Made by `assign import` from a mapping. Change the mapping, and import again.
"""


class Made(NamedTuple):
    """An edition before it is written: its folder's files, and what the report says of it."""

    edition: Edition
    catalog: Catalog
    printed: list[reader.Printed]
    columns: Columns
    files: Mapping[str, bytes]
    mapping: TheMapping  # as it holds of this edition
    of_parts: list[TheMapping]  # and of each of its parts
    read: list[dict[str, Any]]  # its columns, as the file has them


def make(source: Source, document: Document, mapping: TheMapping, edition: Edition, notes: Notes) -> Made:
    """
    An edition of a list.

    Raises:
        RuleFileError: The mapping does not fit the file. SourceError: A list of the printed form cannot be read.
    """
    mapping, edition = with_one_set(source, mapping, edition)
    scope = without_others(mapping, document, scope_of(source, document, mapping, edition))
    whole = mapping
    mapping = fitted(whole, edition, None, document, scope, notes)
    of_parts = distinct(
        [
            mapping,
            *(
                fitted(whole, edition, part, document, scope, notes) if part.has_its_own else mapping
                for part in edition.parts
            ),
        ]
    )[1:]
    columns = columns_of(mapping)
    inside = document._replace(order=(scope.own, scope.shared))
    if mapping.cells == "printed_form":
        manifest = _manifest(mapping, edition, document, columns, meanings_of(mapping, columns, inside, [], []), [])
        tasks = with_keys(parse("\n".join(document.lines) + "\n", manifest), document.file)
        printed: list[reader.Printed] = []
    else:
        printed = reader.read(source, document, mapping, of_parts, edition, notes)
        cells_of = [columns.filled(row, mapping) for row in printed]
        keyed = with_keys(map(_task, printed, cells_of), document.file)
        keys = [task.id for task in keyed]
        of_keys = list(zip(keys, printed, strict=True))
        table = list(by_tables(mapping, of_parts, columns, inside, of_keys))
        since = edition.effective if isinstance(edition.effective, str) else (edition.effective or {}).get("since", "")
        papers = list(designated(mapping, document, scope, of_keys, since, notes))
        manifest = _manifest(mapping, edition, document, columns, table, papers)
        if of_rows := list(
            of_single_rows(
                Catalog(_in_order(keyed, manifest), manifest, b""), printed, of_parts, columns, inside, notes
            )
        ):
            table = _latest([*table, *of_rows])
            manifest = _manifest(mapping, edition, document, columns, table, papers)
        if kept := list(_never_given(Catalog(_in_order(keyed, manifest), manifest, b""), printed, notes)):
            table = _latest([*table, *kept])
            manifest = _manifest(mapping, edition, document, columns, table, papers)
        tasks = _with_readings(Catalog(_in_order(keyed, manifest), manifest, b""), printed, of_parts, notes)
        if unread := _unread(Catalog(tasks, manifest, b""), document):
            manifest = _manifest(mapping, edition, document._replace(unread=unread), columns, table, papers)
    rows = as_csv(tasks, manifest)
    catalog = Catalog(tasks, manifest, rows)
    read = columns_read(source, mapping, edition)
    compare(mapping, {str(each["line"]): each["header"] for each in read if each["role"] == "mark"}, notes)
    columns_unused(source, mapping, edition, notes)
    branches(printed, notes)
    repeated(printed, edition.parts, notes)
    return Made(edition, catalog, printed, columns, _files(mapping, document, catalog), mapping, of_parts, read)


def _unread(catalog: Catalog, document: Document) -> tuple[int, ...]:
    """What the mapping leaves out that looks like a row or a footnote: the report says it, and `check` then takes it for seen."""
    if Form.of(catalog.manifest) is not None:  # a document that is read whole has no such line
        return ()
    of = left(catalog, document.lines, cited(catalog.manifest))
    return tuple(sorted((*of.rows, *of.notes)))


def _latest(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of lines about the very same cells of a row, the last."""
    return list({str(sorted(line["when"].items())): line for line in table}.values())


def _task(row: reader.Printed, cells: Mapping[str, str]) -> Task:
    return Task(
        division=row.division, section=row.section, group=row.group, number=row.number, name=row.name, remark=row.remark,
        cells=cells, line=row.line, raw=row.raw, reading=Reading.AS_PRINTED, repairs=row.repairs,
    )  # fmt: skip


def _in_order(tasks: tuple[Task, ...], manifest: Manifest) -> tuple[Task, ...]:
    """Cells in the order of the catalog's columns."""
    return tuple(task._replace(cells={name: task.cells[name] for name in manifest.cells}) for task in tasks)


def _with_readings(
    catalog: Catalog, printed: list[reader.Printed], of_parts: Sequence[TheMapping], notes: Notes
) -> tuple[Task, ...]:
    """How sure each row is: what was read by judgement says so, and what cannot be read."""
    elsewhere_too = {task.id for task, _, _ in other_marks(catalog)}
    found = []
    for task, row in zip(catalog.tasks, printed, strict=True):
        repairs = list(task.repairs)
        mapping = of_parts[row.part]
        columns, signs = mapping.of_marks, mapping.signs
        every = [catalog.says(task, channel) for channel in catalog.manifest.channels]
        said = {each.meaning for each in every if each.line is not NO_COLUMN}
        strange = [
            (at, text)
            for at, text in row.marks.items()
            if text != UNREAD and columns[at].marks and read_mark(text, columns[at], signs) is None
        ]
        if any(text for _, text in strange) and said & {Meaning.UNDEFINED, Meaning.PART_DIVIDED}:
            repairs.append("undefined_mark")
        for at, text in strange:
            known = _known_elsewhere(of_parts, at, text, signs)
            ja, en = (
                (
                    "この表の `marks`",
                    "`marks` of this table (where it means what it means in the list: `other_marks: as_elsewhere`)",
                )
                if known
                else ("マッピング", "the mapping")
            )
            hint = "。一覧の `marks` のとおりなら other_marks: as_elsewhere" if known else ""
            notes.doubtful(
                row.cells.get(at, row.cell), "undefined_mark", f"印 {text!r} の意味が{ja}にありません（市職員・回答待ちになります{hint}）",
                f"{en} does not say what {text!r} means (city staff, needs a ruling)",
            )  # fmt: skip
        if UNREAD in row.marks.values() and "channel_unsettled" not in repairs:
            repairs.append("cell_unread")
        if row.broken:
            repairs.append("line_break")
        odd = bool(said & {Meaning.UNDEFINED, Meaning.CONSIGNED_DOUBTFUL})
        judged = odd or task.id in elsewhere_too or _JUDGED & set(repairs)
        reading = (
            Reading.UNREADABLE if UNREAD in task.cells.values() else Reading.JUDGED if judged else Reading.AS_PRINTED
        )
        found.append(task._replace(reading=reading, repairs=tuple(dict.fromkeys(repairs))))
    return tuple(found)


def _known_elsewhere(of_parts: Sequence[TheMapping], at: int, text: str, signs: Sequence[str]) -> bool:
    """Whether another table has a meaning for a mark."""
    return any(read_mark(text, mapping.of_marks[at], signs) is not None for mapping in of_parts)


def _never_given(catalog: Catalog, printed: list[reader.Printed], notes: Notes) -> Iterator[dict[str, Any]]:
    """
    Lines of the table for rows that are themselves an act of authority, or another that cannot be consigned, and that the list
    gives to the contractor: the city keeps them, and a ruling has to say what is meant.
    """
    named = NamedActs(loader.load(resources.rules_folder()).acts)
    for task, row in zip(catalog.tasks, printed, strict=True):
        said = {channel: catalog.says(task, channel) for channel in catalog.manifest.channels}
        act = named.of(task.name)
        # Of an act that both share, a mark that divides the work says already whose part is what.
        whole = (
            (Meaning.CONSIGNED, Meaning.CONSIGNED_DOUBTFUL) if act and act.act_class is ActClass.SHARED else CONSIGNING
        )
        given = [channel for channel, each in said.items() if each.meaning in whole]
        if not given:
            continue
        if act is not None and catalog.manifest.designation(act.id, task.id):
            continue
        # Where columns are acts, a name is the work, and what it says by its last word is one of them.
        table = catalog.manifest.of_table(task.cells)
        held = [key for key in given if not any(column.acts and column.channel in ("", key) for column in table)]
        if act is None or not held:
            if word := act.title["ja"] if act else says(task.name):
                notes.doubtful(
                    row.cell, "decides", f"「{task.name}」は「{word}」の業務に見えますが、一覧は受託者に渡しています（公権力の行使は市に残ります）",
                    f"`{task.name}` looks like an act of authority, and the list gives it to the contractor (acts of authority stay with the city)",
                )  # fmt: skip
            continue
        notes.doubtful(
            row.cell, "authority", f"一覧は「{task.name}」を受託者に渡していますが、委託できない行為です（市職員・回答待ちにしました）",
            f"the list gives `{task.name}` to the contractor, and it cannot be consigned (city staff, needs a ruling)",
        )  # fmt: skip
        because = {
            "ja": f"一覧は受託者に渡していますが、「{act.title['ja']}」は委託できない行為です",
            "en": f"The list gives it to the contractor, but '{act.title['en']}' cannot be consigned",
        }
        for channel in held:
            cells = dict(said[channel].line.when)
            when = {
                "row": task.id,
                "channel": channel,
                **{name: cells[name] for name in cells if name not in ("row", "division", "channel")},
            }
            yield {"when": when, "means": str(Meaning.UNDEFINED), "because": because}


# -- files -------------------------------------------------------------------------------------------------------------


def _manifest(
    mapping: TheMapping,
    edition: Edition,
    document: Document,
    columns: Columns,
    meanings: list[dict[str, Any]],
    papers: list[dict[str, Any]],
) -> Manifest:
    channels = [dict(channel) for channel in mapping.channels]
    divisions = [dict(division.plain) for division in mapping.divisions]
    if mapping.cells == "printed_form":
        divisions = [{**d.plain, "printed": d.printed[0]} if d.printed else dict(d.plain) for d in mapping.divisions]
    parts = [
        _HEAD,
        f"title: {flow(dict(mapping.title))}\n",
        f"edition: {flow(edition.name)}\n",
        f"effective: {flow(edition.effective)}\n" if edition.effective else "",
        entries("documents", document.digests),
        entries("divisions", divisions),
        entries("channels", channels),
        entries("columns", columns.entries),
        entries("designations", papers) if papers else "",
        entries("meanings", meanings or [_NOTHING]),
    ]
    text = "".join(parts)
    try:
        return manifest_file.parsed(text.encode())
    except RuleFileError as error:  # what is wrong is in the mapping, and is mended there
        raise _in_the_mapping(error, text, mapping) from None


def _in_the_mapping(error: RuleFileError, text: str, mapping: TheMapping) -> RuleFileError:
    """A mistake on a line of the manifest that was made → the same, on the line of the mapping that it was made from."""
    above = text.splitlines()[: error.line]
    section, at = "", -1
    for line in above:
        if line and not line.startswith(("  - ", "#")):
            section, at = line.partition(":")[0], -1
        elif line.startswith("  - "):
            at += 1
    fields = mapping.root.value if isinstance(mapping.root.value, dict) else {}
    node = fields.get({"meanings": "marks" if "marks" in fields else "meanings"}.get(section, section), mapping.root)
    if section in ("divisions", "channels", "designations") and isinstance(node.value, list) and at < len(node.value):
        node = node.value[max(at, 0)]
    elif section == "columns":
        marks = mapping.of_marks
        node = marks[min(max(at, 0), len(marks) - 1)].node
    return RuleFileError(mapping.file, node.line, error.ja.partition(": ")[2], error.en.partition(": ")[2])


# A list of which no mark has a meaning: nothing that is printed is this, and so everything is undefined.
_NOTHING: Final = {
    "when": {"act": "undetermined"},
    "means": str(Meaning.UNDEFINED),
    "because": {"ja": "印の意味がまだ書かれていません", "en": "What the marks mean is not written down yet"},
}


def _files(mapping: TheMapping, document: Document, catalog: Catalog) -> dict[str, bytes]:
    """Every file of the folder, by its path in it."""
    files = {name: data for name, data in list_folder.contents().items() if not name.startswith("source/")}
    files["README.md"] = _readme(mapping, document, catalog)
    files[FILE] = catalog.manifest.data
    files[CATALOG] = catalog.rows
    files |= {f"source/{name}": data for name, data in document.files.items()}
    if document.file == resources.DOCUMENT:  # the rules that ship are about the rows of this very list
        return {name: data for name, data in files.items() if not name.startswith("rules/")}
    files["rules/kinds.yaml"] = _kinds(files["rules/kinds.yaml"].decode(), mapping, catalog)
    files["rules/holders.yaml"] = _holders(files["rules/holders.yaml"].decode(), mapping)
    return files


def _readme(mapping: TheMapping, document: Document, catalog: Catalog) -> bytes:
    """What the folder is, and the commands that a person tries first, with a row of this very list."""
    manifest, row = catalog.manifest, catalog.tasks[0]
    division, channel = manifest.divisions[row.division].label["ja"], next(iter(manifest.channels.values())).label["ja"]
    ask = f"--division {division} --item '{row.number or row.item}' --channel {channel}"
    return f"""\
# {manifest.title["ja"]}（{manifest.edition}）

`assign import` が `{next(iter(document.files))}` からマッピング `{mapping.file}` で作った一覧です。表の読み方を直すときは、マッピングを直して取り込み直します
（`rules/` に書いたものは、新しいフォルダへ写します）。このフォルダで:

```
assign check --list .
assign tasks --list .
assign decide --list . {ask}
assign questions --list .
assign check --list . --due 2027-03-31
```

次にすること: `rules/kinds.yaml`（行の種類）、`rules/holders.yaml`（決定の権限と市の文書）、`assign questions`（市への照会）、`assign rule add`（回答の登録）。
備考の日（令和…から）が来た行は、市職員・回答待ちになります。`--due` で見て、その日からの版を作ります。

In short: this list was made by `assign import`. To change how the table is read, change the mapping and import again; copy what you wrote in `rules/`.
""".encode()


def _kinds(text: str, mapping: TheMapping, catalog: Catalog) -> bytes:
    """The kinds that ship, on the channels of this list; every row is of the kind that nobody has said."""
    head = text[: text.index("\ncounter:") + 1]
    shipped = (resources.rules_folder() / "kinds.yaml").read_text("utf-8")
    rows: dict[str, list[str]] = {kind: [] for kind in list_folder.kinds_offered()}
    rows[NOT_SAID] = [task.id for task in catalog.tasks]
    kinds = elsewhere.kinds(shipped, rows)
    of = {channel["kind"]: channel["key"] for channel in reversed(mapping.channels)}
    first = of.get("back_office", of.get("other", mapping.channels[0]["key"]))
    places = {key: of.get(channel.kind, first) for key, channel in shipped_manifest().channels.items()}
    kinds = re.sub(r"(?<=channel: )(\w+)", lambda found: places[found[1]], kinds)
    return (head + kinds).encode()


_HOLDS: Final = {
    "wide_area_union": ("後期高齢者医療広域連合", "the wide-area union"),
    "minister": ("厚生労働大臣（日本年金機構）", "the Minister (Japan Pension Service)"),
}


def _holders(text: str, mapping: TheMapping) -> bytes:
    """Whose authority it is: the city's, but where the mapping says whose; for the city to look at, and to name its papers."""
    head = text[: text.index("\nrules:") + 1]
    source = {"document": "（市の文書の名前をここに）", "role": "（定めた人の役職をここに）"}
    rules = []
    for division in mapping.divisions:
        label = division.plain["label"]
        rule = {
            "id": f"HOLDER_{division.key.upper()}",
            "title": {"ja": f"{label['ja']}は市", "en": f"{label['en']}: the city"},
        }
        because = {"ja": f"{label['ja']}の事務は市が行います。", "en": f"For {label['en']} the city acts."}
        example = {"given": {"division": division.key, "act": "accept"}, "holds": True}
        rules.append(
            {
                **rule,
                "source": source,
                "when": {"division": division.key},
                "then": {"holder": "city"},
                "because": because,
                "examples": [example],
            }
        )
        if division.holder != "city":
            ja, en = _HOLDS[division.holder]
            rules.append(
                {
                    "id": f"HOLDER_{division.key.upper()}_DECISION",
                    "title": {"ja": f"{label['ja']}の決定は{ja}", "en": f"{label['en']}: {en} decides"},
                    "source": source,
                    "when": {"division": division.key, "act": ["decide", "relief"]},
                    "then": {"holder": division.holder},
                    "because": {
                        "ja": f"{label['ja']}の決定と減免・免除は{ja}が行います。",
                        "en": f"For {label['en']}, {en} decides.",
                    },
                    "examples": [{"given": {"division": division.key, "act": "decide"}, "holds": True}],
                }
            )
    return (head + entries("rules", rules)).encode()
