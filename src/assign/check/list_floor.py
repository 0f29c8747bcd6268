"""
A list and the one that ships → what no manifest may do to the document that ships.

What its cells mean, its divisions, channels and columns, and how they are printed are what the document says, whoever brings the
file: a manifest may give more names to a division or a channel, say who takes over, and since when the list holds. No paper of a
city's changes what is printed. A list of another document has its own manifest; here it is held to one thing, that the contractor
takes over nothing that is the city's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from assign import resources, yaml_nodes
from assign.catalog import manifest_file
from assign.catalog.kept import plain as plain_manifest
from assign.catalog.loader import kept_tasks, load
from assign.catalog.manifest import FILE, Manifest
from assign.catalog.model import CATALOG, Catalog
from assign.errors import shown, unreadable
from assign.words import normal, sha256

from .lookalike import folded

# Who does the work for the city is never who decides for it.
_CONTRACTOR: Final = tuple(
    folded(word)
    for word in (
        *("受託者", "受託業者", "受託事業者", "委託先", "委託業者", "業務責任者", "受注者", "請負"),
        *("株式会社", "（株）", "有限会社", "合同会社"),
        *("contractor", "consignee", "vendor", "supplier", "company"),
    )
)
# What a designation under 地方自治法243条の2 is called.
_DESIGNATES: Final = ("指定公金事務取扱者", "243条の2", "二百四十三条の二")
PARTS: Final = ("divisions", "channels", "columns", "meanings")
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Road:
    """A way past the floor: the entry that takes it, where it stands, and what it does."""

    id: str
    file: str
    line: int
    ja: str
    en: str

    @property
    def text(self) -> dict[str, str]:
        """As a finding says it."""
        return {
            "ja": f"{self.file} の {self.line} 行目 {shown(self.id)}: {self.ja}",
            "en": f"{self.file}, line {self.line}, {shown(self.id)}: {self.en}",
        }


def names_contractor(text: str) -> bool:
    """Whether a text names who works for the city under the contract."""
    return any(word in folded(text) for word in _CONTRACTOR)


def kept() -> dict[str, Any]:
    """What `data/floor.json` holds. Raises DataError."""
    path = resources.data_folder() / "floor.json"
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return found


def shipped() -> Manifest:
    """The built-in manifest, as its file says it."""
    return manifest_file.parsed(yaml_nodes.read(resources.manifest_file()))


def kept_amiss() -> list[str]:
    """The files of the list that ships of which is kept, so that no start reads them again, what they do not say."""
    kept, ours = resources.kept("manifest.json"), shipped()
    plain = json.loads(json.dumps(plain_manifest(ours)))
    wrong = [FILE] if kept.get("sha256") == sha256(ours.data) and kept["manifest"] != plain else []
    catalog = load(resources.data_folder(), as_it_is=True)
    return [*wrong, CATALOG] if kept_tasks(ours, catalog.rows) not in ((), catalog.tasks) else wrong


def said(manifest: Manifest) -> dict[str, Any]:
    """What the floor holds of a manifest: all but the edition, its first day, and who takes over."""
    return {
        "title": dict(manifest.title),
        "documents": [each.plain() for each in manifest.documents],
        "divisions": [_without_desk(each._asdict()) for each in manifest.divisions.values()],
        "channels": [each._asdict() for each in manifest.channels.values()],
        "columns": [
            {name: value for name, value in each._asdict().items() if name != "headings" or value}
            for each in manifest.columns
        ],
        "meanings": [
            {
                "when": dict(line.when),
                "means": line.means.value,
                "legend": line.legend and line.legend._asdict(),
                "because": line.because and dict(line.because),
            }
            for line in manifest.meanings
        ],
    }


def _without_desk(division: Entry) -> Entry:
    return {name: value for name, value in division.items() if name != "desk"}


def roads(catalog: Catalog) -> Iterator[Road]:
    """Every way in which the manifest of a list goes past the floor; the file itself is read, and nothing that is kept of it."""
    manifest = manifest_file.parsed(catalog.manifest.data)
    top = yaml_nodes.parse(FILE, manifest.data).fields(manifest_file.FIELDS, manifest_file.MORE_FIELDS)
    for division, node in zip(manifest.divisions.values(), top["divisions"].items(), strict=True):
        if any(map(names_contractor, division.desk.values())):
            yield Road(
                division.key, FILE, node.line, "受託者は市の業務を引き取りません", "the contractor takes over nothing of the city's"
            )  # fmt: skip
    wanted = kept()["list"]
    ours = _of_what_ships(catalog, manifest, wanted)
    for each in manifest.designations:
        if ours or not any(normal(word) in normal(each.legend.text) for word in _DESIGNATES):
            yield Road(
                each.act, FILE, top["designations"].line,
                "この文は指定公金事務取扱者の指定を引いていません（公金は市が扱います）",
                "its sentence cites no designation for public money (指定公金事務取扱者), which the city then handles itself",
            )  # fmt: skip
    if not ours:
        return
    found = json.loads(json.dumps(said(manifest)))  # lists and mappings alone, as the floor's are
    for name in ("title", "documents"):
        if found[name] != wanted[name]:
            yield _changed(name, top[name].line, [name])
    for part in PARTS:
        lines = [node.line for node in top[part].items()] if part in top else []
        yield from _entries(part, found[part], wanted[part], lines)


def _of_what_ships(catalog: Catalog, manifest: Manifest, wanted: Mapping[str, Any]) -> bool:
    """Whether a list is of the document that ships, by its name or by its SHA-256."""
    ours = {value for document in wanted["documents"] for value in document.values()}
    theirs = {value for document in manifest.documents for value in document[:2]}
    return catalog.tasks[0].document in ours or not ours.isdisjoint(theirs)


def _entries(part: str, found: list[Entry], wanted: list[Entry], lines: list[int]) -> Iterator[Road]:
    """Entries that are changed, added, gone or in another order; the order of meanings is no matter."""
    known = {_name(entry): entry for entry in wanted}
    for entry, line in zip(found, lines, strict=True):
        name = _name(entry)
        before = known.pop(name, None)
        if before is None:
            yield Road(
                name, FILE, line,
                f"出荷時にない `{part}` の項目です（この文書の読み方は市の文書でも変えられません）",
                f"an entry of `{part}` that does not ship (no paper of a city's changes how this document is read)",
            )  # fmt: skip
        elif changed := [field for field, value in entry.items() if not _kept(field, value, before[field])]:
            yield _changed(name, line, changed)
    for name in known:
        yield Road(
            name, FILE, lines[0] if lines else 1,
            f"出荷時の `{part}` の項目がありません（この文書の読み方は市の文書でも変えられません）",
            f"an entry of `{part}` that ships is missing (no paper of a city's changes how this document is read)",
        )  # fmt: skip
    names = [[_name(entry) for entry in each] for each in (found, wanted)]
    if part != "meanings" and names[0] != names[1] and sorted(names[0]) == sorted(names[1]):
        at, name = next((at, one) for at, (one, other) in enumerate(zip_longest(*names)) if one != other)
        yield Road(
            name, FILE, lines[at],
            f"`{part}` の順が文書と違います（印字の順に並べてください）",
            f"`{part}` are in another order than the document's (put them in the order of print)",
        )  # fmt: skip


def _name(entry: Entry) -> str:
    """A key; of a line of meanings the cells that it is about."""
    return (
        str(entry["key"])
        if "key" in entry
        else ", ".join(f"{key}: {cell}" for key, cell in sorted(entry["when"].items()))
    )


def _kept(field: str, value: Any, before: Any) -> bool:
    return set(before) <= set(value) if field == "names" else value == before


def _changed(name: str, line: int, fields: list[str]) -> Road:
    names = ", ".join(fields)
    return Road(
        name, FILE, line,
        f"出荷時と違います（{names}）。この文書の読み方は市の文書でも変えられません",
        f"it differs from what ships ({names}); no paper of a city's changes how this document is read",
    )  # fmt: skip
