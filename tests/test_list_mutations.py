"""Random edits of a list, from a seed, beside the document that ships: `check` finds each or `diff` shows it, or nothing that is said differs."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from assign import Desk, resources
from assign.catalog.csv_file import as_csv, columns
from assign.catalog.kept import plain
from assign.catalog.loader import load
from assign.catalog.manifest import CHANNEL_KINDS, PER
from assign.catalog.model import Catalog
from assign.check import list_floor
from assign.check import proofs as checks
from assign.diff import compare
from assign.errors import AssignError
from assign.words import Meaning
from assign.yaml_nodes import parse, read

from .test_mutations import other
from .test_mutations import plain as tree_of

Tree = dict[str, Any]
Mutation = Callable[[random.Random, Tree, list[list[str]]], str]  # changes the manifest or the rows of the catalog
CATALOG = load(resources.catalog_file())
BUILT_IN = json.dumps(tree_of(parse("manifest.yaml", read(resources.manifest_file()))))
COLUMNS = columns(CATALOG.manifest)
ROWS = [line.split(",") for line in as_csv(CATALOG.tasks, CATALOG.manifest).decode("utf-8-sig").splitlines()]
HOW_MANY = 200
WITH_DOCUMENT = 90  # which finds most of them by itself
pytestmark = pytest.mark.usefixtures("one_engine")  # that two agree is proved elsewhere


def another_meaning(chance: random.Random, tree: Tree, _: list[list[str]]) -> str:
    line = chance.choice(tree["meanings"])
    line["means"] = other(chance, line["means"], Meaning)
    return f"{line['when']} means {line['means']}"


def two_meanings_swapped(chance: random.Random, tree: Tree, _: list[list[str]]) -> str:
    one, two = chance.sample(tree["meanings"], 2)
    one["means"], two["means"] = two["means"], one["means"]
    return f"{one['when']} and {two['when']} swapped"


def another_legend(chance: random.Random, tree: Tree, _: list[list[str]]) -> str:
    """Dropped for a reading of the city's own, another line or text; or a reading that says otherwise."""
    line = chance.choice(tree["meanings"])
    if "legend" not in line:
        line["because"]["ja"] += "（受託者も行えます）"
        return f"because of {line['when']}"
    how = chance.choice(("dropped", "line", "text", "en", "document"))
    if how == "dropped":
        del line["legend"]
        line["because"] = {"ja": "市の読み方です", "en": "the city reads it so"}
    else:
        line["legend"][how] = str(int(line["legend"]["line"]) + 2) if how == "line" else line["legend"][how] + "の"
    return f"legend of {line['when']}: {how}"


def lines_of_meanings(chance: random.Random, tree: Tree, _: list[list[str]]) -> str:
    """One gone, one more for a row, a channel or an act, or one with another cell."""
    how = chance.choice(("gone", "more", "cell"))
    line = chance.choice(tree["meanings"])
    if how == "gone":
        tree["meanings"].remove(line)
    elif how == "cell":
        name = chance.choice(list(line["when"]))
        line["when"][name] = other(chance, line["when"][name], ("×", "△", "○", "", "◎"))
    else:
        about = chance.choice(({"row": "kokuho-25"}, {"channel": "counter"}, {"act": "decide"}, {"mark": "△"}))
        means = str(chance.choice(list(Meaning)))
        tree["meanings"].append({"when": dict(about), "means": means, "because": {"ja": "市の読み", "en": "ours"}})
    return f"line {how}: {line['when']}"


def another_name(chance: random.Random, tree: Tree, rows: list[list[str]]) -> str:
    """A key (the catalog's along), a label, a heading, a kind of channel, or a name that is gone."""
    part = chance.choice(("divisions", "channels", "columns"))
    entry = chance.choice(tree[part])
    how = chance.choice(("key", "label", "printed", "names", "kind", "per", "blank"))
    if how == "key":
        before, entry["key"] = entry["key"], entry["key"] + "x"
        at = COLUMNS.index("division")
        for row in rows if part == "divisions" else rows[:1]:
            row[:] = [
                entry["key"] if cell == before and (part != "divisions" or n == at) else cell
                for n, cell in enumerate(row)
            ]
        for line in tree["meanings"]:
            line["when"] = {entry["key"] if name == before else name: cell for name, cell in line["when"].items()}
    elif how == "kind" and part == "channels":
        entry["kind"] = other(chance, entry["kind"], CHANNEL_KINDS)
    elif how == "per" and part == "columns":
        entry["per"] = other(chance, entry.get("per", "row"), PER)
    elif how == "blank" and part == "columns":
        entry["blank"] = {"ja": "委託", "en": "consigned"}
    elif how == "names" and entry.get("names"):
        entry["names"].pop()
    elif how == "printed":
        entry["printed"] += "他"
    else:
        how = "label"
        entry["label"]["ja"] += "他"
    return f"{how} of {entry['key']} in {part}"


def gone_more_or_moved(chance: random.Random, tree: Tree, _: list[list[str]]) -> str:
    part = chance.choice(("divisions", "channels", "columns", "documents"))
    how = chance.choice(("gone", "more", "turned"))
    of = tree[part]
    if how == "gone":
        of.pop(chance.randrange(len(of)))
    elif how == "turned" and len(of) > 1:
        of.reverse()
    elif part == "documents":
        of[0][chance.choice(("file", "sha256"))] = chance.choice(("0" * 64, "ours.txt"))
    else:
        extra = {"kind": "phone"} if part == "channels" else {}
        of.append({"key": "ours", "label": {"ja": "新", "en": "ours"}, **extra})
    return f"{part}: {how}"


def the_contractor_s_desk(chance: random.Random, tree: Tree, _: list[list[str]]) -> str:
    division = chance.choice(tree["divisions"])
    who = chance.choice(
        (
            "受託者",
            "受託 業者の窓口",
            "委託先の会社",
            "業務責任者",
            "the contractor",
            "the vendor's desk",
            "ｃоntractor",
        )
    )
    division["desk"][chance.choice(("ja", "en"))] = who
    return f"desk of {division['key']}: {who}"


def another_cell(chance: random.Random, _: Tree, rows: list[list[str]]) -> str:
    """A printed cell, its raw text along or not; a name, a number, a line, a reading; a row gone, or the cells of two swapped."""
    row, two = chance.sample(rows[1:], 2)
    how = chance.choice(
        (*CATALOG.manifest.cells, "raw", "name", "number", "line", "reading", "division", "row gone", "swapped")
    )
    edit = f"{how} of {row[0]}"
    if how == "row gone":
        rows.remove(row)
    elif how == "swapped":
        for name in (*CATALOG.manifest.cells, "raw"):
            at = COLUMNS.index(name)
            row[at], two[at] = two[at], row[at]
        edit += f" and {two[0]}"
    else:
        at = COLUMNS.index(how)
        values = {
            "reading": ("as_printed", "judged", "unreadable"),
            "division": tuple(d.key for d in CATALOG.manifest.divisions.values()),
        }
        if how in (*CATALOG.manifest.cells, *values):
            row[at] = other(chance, row[at], values.get(how, ("×", "△", "○", "")))
        elif how == "raw":
            row[at] = row[at].replace("○", "", 1) if "○" in row[at] else row[at] + "\t○"
        else:
            row[at] += "1"
    return edit


MUTATIONS: tuple[Mutation, ...] = (
    another_meaning, two_meanings_swapped, another_legend, lines_of_meanings, another_name, gone_more_or_moved,
    the_contractor_s_desk, another_cell,
)  # fmt: skip


def outcome(folder: Path, tree: Tree, rows: list[list[str]]) -> str:
    (folder / "manifest.yaml").write_text(json.dumps(tree, ensure_ascii=False, indent=1), "utf-8")
    (folder / "catalog.csv").write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")
    try:
        desk = checks.unproved(str(folder), None, "table")
        if any(list_floor.roads(desk.catalog)):
            return "found"
        if checks.check(desk, list_path=folder).findings:
            return "found"
    except AssignError:
        return "refused"
    if said(desk.catalog) == said(CATALOG):
        return "harmless"
    report = compare(Desk.open(engine="table"), desk)
    return "diff" if not report.equal or report.no_changes else "passed"


def said(catalog: Catalog) -> tuple[str, bytes]:
    """All that an answer can depend on."""
    return json.dumps(plain(catalog.manifest), sort_keys=True), as_csv(catalog.tasks, catalog.manifest)


@pytest.mark.parametrize(
    ("at_hand", "edits"),
    [
        pytest.param(True, WITH_DOCUMENT // 2, marks=pytest.mark.slow, id="the document at hand, half of them"),
        pytest.param(False, HOW_MANY // 2, marks=pytest.mark.slow, id="no document, half of them"),
        pytest.param(True, WITH_DOCUMENT, marks=pytest.mark.soak, id="the document at hand"),
        pytest.param(False, HOW_MANY, marks=pytest.mark.soak, id="no document"),
    ],
)
def test_random_edits_of_a_list_are_found(
    tmp_path: Path, *, at_hand: bool, edits: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """At least 95 of a hundred by `check`, of the document that ships; `diff` shows the rest."""
    if at_hand:
        (tmp_path / "source").mkdir()
        (tmp_path / "source" / resources.DOCUMENT).write_bytes(resources.document_file().read_bytes())
    chance = random.Random(11)
    assert outcome(tmp_path, json.loads(BUILT_IN), ROWS) == "harmless"
    counts: Counter[str] = Counter()
    passed = []
    for at in range(edits):
        tree, rows = json.loads(BUILT_IN), [list(row) for row in ROWS]
        edit = MUTATIONS[at % len(MUTATIONS)](chance, tree, rows)
        counts[how := outcome(tmp_path, tree, rows)] += 1
        if how == "passed":
            passed.append(edit)
    with capsys.disabled():
        print(
            f"\n{edits} edits of a list: {dict(counts)}; {100 - 100 * counts['passed'] / edits:.1f} % found or harmless"
        )
        print("passed:", "; ".join(passed) or "none")
    assert not passed
    assert counts["diff"] <= edits * 0.05


@pytest.mark.long
@pytest.mark.parametrize("name", ["manifest.json", "catalog.json"])
def test_a_list_kept_otherwise_than_it_is_written_is_found(tmp_path: Path, name: str) -> None:
    """A start believes what `make setup` kept; `check` reads the files, and says so where the two differ."""
    kept = {
        each: json.loads(resources.kept_file().with_name(each).read_bytes())
        for each in ("manifest.json", "catalog.json")
    }
    assert not list_floor.kept_amiss()
    if name == "manifest.json":
        kept[name]["manifest"]["meanings"][0][1] = "consigned"
    else:
        row = next(row for row in kept[name]["tasks"] if "nenkin-24" in row[11])
        row[6] |= {"mark": "", "counter": "○"}
    for each, found in kept.items():
        (tmp_path / each).write_text(json.dumps(found), "utf-8")
    with mock.patch.object(resources, "kept_file", return_value=tmp_path / "rules.json"):
        assert list_floor.kept_amiss()
        desk = Desk.open(engine="table")
        assert desk.decide("nenkin", 24, "counter").meaning == "consigned"  # it would be believed
        assert "kept" in {each.kind for each in checks.check(desk).findings}
    assert not list_floor.kept_amiss()
