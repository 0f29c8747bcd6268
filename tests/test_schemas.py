"""The JSON Schemas of the data files: an editor and the reader refuse the same, where one file alone can show it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from assign import resources
from assign.catalog import manifest, manifest_file
from assign.errors import RuleFileError
from assign.export import json_schema, list_folder
from assign.intake import mapping_schema
from assign.rules import loader
from assign.rules.entries import DOMAIN
from assign.rules.kinds import read_work
from assign.rules.model import FILES
from assign.words import ActClass, Assignee, Certainty, Meaning, sha256
from assign.yaml_nodes import flat, parse

ROOT = Path(__file__).parents[1]
NAMES = ("manifest", *(name.removesuffix(".yaml") for name in FILES))
SHIPPED = [resources.manifest_file(), *(resources.rules_folder() / name for name in FILES)]
TEMPLATE = [*(ROOT / "data" / "template").rglob("*.yaml")]


# libyaml, where the wheel has it, reads the same in a twentieth of the time.
BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Core(SafeLoader):  # type: ignore[misc]  # one of two
    """YAML 1.2 as an editor reads it: numbers, truth values and nothing are no text; a day is."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own form


for tag, pattern, first in (
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?", "-+0123456789"),
    ("bool", "true|false", "tf"),
    ("null", "~|null|", ["~", "n", ""]),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})$"), list(first))


@cache
def schema_of(name: str) -> jsonschema.Draft202012Validator:
    text = (resources.data_folder() / "schema" / f"{name}.schema.json").read_text("utf-8")
    return jsonschema.Draft202012Validator(json.loads(text))


def as_text(data: bytes) -> Any:
    return yaml.load(data, BaseLoader)  # noqa: S506 - text alone


def test_the_files_are_what_the_words_make() -> None:
    """`make schemas` writes them; a new meaning or class of act is seen as a diff."""
    folder = resources.data_folder() / "schema"
    made = {**json_schema.schemas(), "mapping": mapping_schema.schema()}
    assert {path.name for path in folder.iterdir()} == {f"{name}.schema.json" for name in made}
    for name, schema in made.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert (folder / f"{name}.schema.json").read_bytes() == json_schema.as_file(schema), f"{name}: make schemas"


def test_the_closed_words_are_the_engines() -> None:
    """Every enumeration is one of the engine's, whole."""
    engine: list[Any] = [
        set(Meaning), set(Assignee), set(Assignee) - {"nobody"}, set(Certainty), set(ActClass) - {"none"}, *map(set, DOMAIN.values()),
        set(loader.BASES), set(loader.WITHOUT_TEXT), set(loader.CAVEATS), set(manifest.CHANNEL_KINDS), set(manifest.PER), {"judged"}, set(manifest.DESIGNABLE),
        set(loader.load(resources.rules_folder()).acts),
    ]  # fmt: skip
    found = [
        {str(word) for word in node["enum"]}
        for name in NAMES
        for node in every(schema_of(name).schema)
        if "enum" in node and True not in node["enum"]
    ]
    assert len(found) > 30
    assert all(words in engine for words in found)
    for needed in (set(Meaning), set(Assignee), set(Certainty), set(ActClass) - {"none"}, set(loader.CAVEATS)):
        assert needed in found


def every(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from every(each)


def test_every_field_and_every_word_is_explained_in_both_languages() -> None:
    """What an editor shows: 日本語 / English."""
    for name in NAMES:
        schema = schema_of(name).schema
        for text in (
            schema["title"],
            *(node["description"] for node in every(schema) if isinstance(node.get("description"), str)),
        ):
            ja, _, en = text.partition(" / ")
            assert en.strip(), text
            assert re.search(r"[ぁ-んァ-ヶ一-龠]", ja) or ja.startswith(("SHA-256", "key")), text


@pytest.mark.parametrize("path", [*SHIPPED, *TEMPLATE], ids=lambda path: str(path.relative_to(ROOT)))
def test_what_ships_fits_and_says_where_its_schema_is(path: Path) -> None:
    """In its first line, for the language server of an editor."""
    first = path.read_text("utf-8").split("\n", 1)[0]
    where = first.removeprefix("# yaml-language-server: $schema=")
    assert where != first
    assert (path.parent / where).resolve() == resources.data_folder() / "schema" / f"{path.stem}.schema.json"
    for data in (as_text(path.read_bytes()), yaml.load(path.read_bytes(), Core)):  # noqa: S506 - a safe loader
        assert [error.message for error in schema_of(path.stem).iter_errors(data)] == []


def test_what_init_writes_fits_and_says_where_its_schema_is(tmp_path: Path) -> None:
    """The paths are those of the folder."""
    list_folder.write(str(tmp_path / "city"))
    files = sorted((tmp_path / "city").rglob("*.yaml"))
    assert len(files) == 7
    for path in files:
        first = path.read_text("utf-8").split("\n", 1)[0]
        schema = json.loads((path.parent / first.removeprefix("# yaml-language-server: $schema=")).read_text("utf-8"))
        for data in (as_text(path.read_bytes()), yaml.load(path.read_bytes(), Core)):  # noqa: S506
            jsonschema.Draft202012Validator(schema).validate(data)


def test_the_floor_fits() -> None:
    """It is JSON, and written by `make floor`."""
    schema_of("floor").validate(json.loads((resources.data_folder() / "floor.json").read_bytes()))


# What one file alone cannot show: references, clashes, the calendar.
BEYOND = re.compile(
    r"there is no (act|holder|row|channel) |stands twice|names `.*` too|already settles|stands at .* too|it overlaps"
    r"|a ruling cannot give|`until` is before|is not a date|cannot be the key of a column|belongs into `also`|stands under `"
    r"|there is no field `(?!zzz)|^elsewhere: "
)
ELSEWHERE = "elsewhere: "  # another file refers to what is no longer there
NAMED = re.compile(
    r"'(when|conditions|reasons)'\)(: zzz| = \{'zzz')"
)  # columns, acts and rows are names of fields there
STRANGE: tuple[Any, ...] = ("", "zzz", "0", [], {}, {"zzz": "a"}, ["zzz"], ["zzz", "zzz"])


def mutations(tree: Any) -> Iterator[tuple[str, Any]]:
    """One change each: every field gone, every value another, a field too many, an entry twice."""
    for path, node in places(tree, ()):
        for strange in STRANGE if path else ():
            if strange != node:
                yield f"{path} = {strange!r}", changed(tree, path, strange)
        if isinstance(node, dict):
            for name in node:
                left = {key: each for key, each in node.items() if key != name}
                yield f"{path}: no {name}", changed(tree, path, left)
            yield f"{path}: zzz", changed(tree, path, {**node, "zzz": "a"})
        elif isinstance(node, list) and node:
            yield f"{path}: twice", changed(tree, path, [*node, node[0]])


def places(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place of a tree; of a list the first entry of each form."""
    yield path, node
    if isinstance(node, dict):
        for name, each in node.items():
            yield from places(each, (*path, name))
    elif isinstance(node, list):
        forms: set[Any] = set()
        for at, each in enumerate(node):
            form = shape(each)
            if form not in forms:
                forms.add(form)
                yield from places(each, (*path, at))


def shape(node: Any) -> Any:
    return tuple((name, type(each)) for name, each in node.items()) if isinstance(node, dict) else type(node)


def changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at one place."""
    if not path:
        return value
    found = copy(tree)
    found[path[0]] = changed(tree[path[0]], path[1:], value)
    return found


RULING = b"""
rulings:
  - id: R-1
    title: {ja: \xe3\x81\x82, en: a}
    source: {document: b, role: c}
    when: {rows: [hoken-2], channel: counter, act: receive, since: 2026-04-01, until: 2027-03-31}
    then: {assignee: contractor}
    because: {ja: \xe3\x81\x82, en: a}
    examples: [{given: {row: hoken-2, channel: counter, act: receive, on: 2026-04-01}, holds: true}]
"""


@cache
def subjects() -> dict[str, bytes]:
    """Of each file one that holds every form of entry, and is short enough to be changed everywhere."""
    template = {Path(name).name: data for name, data in list_folder.contents().items() if name.endswith(".yaml")}
    trees = {path.name: as_text(path.read_bytes()) for path in SHIPPED} | {
        name: as_text(template[name]) for name in ("manifest.yaml", "holders.yaml")
    }
    keep = {"receive", "receive_notice", "direct_debit", "hand_over", "decide", "relief", "refund"}
    acts, kinds = trees["acts.yaml"], trees["kinds.yaml"]
    acts["acts"] = [each for each in acts["acts"] if each["id"] in keep]
    acts["words"] = acts["words"][:2]
    kinds["counter"] = ["receive", "refund"]
    kinds["conditions"] = {"hand_over": kinds["conditions"]["hand_over"]}
    kinds["kinds"] = [each for each in kinds["kinds"] if each["id"] in ("status_notice", "card_delivery", "relief")]
    kinds["chains"] = [each for each in kinds["chains"] if each["id"] == "qualification_gain"]
    kinds["chains"][0]["rows"] = kinds["kinds"][0]["rows"][:1]
    kinds["once_a_visit"] = ["receive", "refund"]
    own = {"document": "市委託事務取扱要領3条", "role": "国保年金課長"}
    del kinds["kinds"][1]["basis"]
    kinds["kinds"][1]["source"] = own
    kinds["chains"][0]["basis"] = "judged"
    for steps in [*(each["chain"] for each in kinds["kinds"]), kinds["chains"][0]["steps"]]:
        steps[:] = [step for step in steps if step["act"] in keep]
        for step in steps:
            if "row" in step:
                step["row"] = kinds["kinds"][0]["rows"][0]
    trees["notes.yaml"]["notes"] = [*trees["notes.yaml"]["notes"][:4], trees["notes.yaml"]["notes"][-1]]
    trees["decision_table.yaml"]["rules"] = trees["decision_table.yaml"]["rules"][:6]
    trees["holders.yaml"]["rules"][2]["when"]["rows"] = ["nenkin-1"]
    label = {"ja": "受付", "en": "taking in"}
    column = {"key": "by_act", "label": label, "per": "act", "acts": ["receive"], "blank": label, "printed": "受付"}
    trees["manifest.yaml"]["columns"].append(column)
    return {name: json.dumps(tree, ensure_ascii=False).encode() for name, tree in trees.items()} | {
        "rulings.yaml": RULING
    }


def refused(name: str, tree: Any) -> str:
    """What the reader says against a file; empty where it reads it."""
    data = json.dumps(tree, ensure_ascii=False).encode()
    try:
        if name == "manifest.yaml":
            manifest_file.from_bytes(data)
        else:
            loader._loaded({each: data if each == name else small(each) for each in FILES}, kept())
    except RuleFileError as error:
        return error.en if error.file == name else f"{ELSEWHERE}{error.file}"
    return ""


def small(name: str) -> bytes:
    """Another file than the one that is changed."""
    empty = {"notes.yaml": b"notes: []", "rulings.yaml": b"rulings: []"}
    return empty.get(name) or subjects()[name]


@cache
def kept() -> dict[str, Any]:
    """The other files as they were parsed once."""
    found: dict[str, Any] = {}
    for name in FILES:
        node = parse(name, small(name))
        found[name] = {"text": small(name).decode(), "tree": flat(node)}
        if name == "kinds.yaml":
            found[name] = {"sha256": sha256(small(name)), "work": read_work(node).plain()}
    return found


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_schema_and_reader_refuse_the_same(name: str) -> None:
    """Every field gone, changed, doubled; of what the reader alone refuses, each is a reference, a clash or the calendar."""
    tree = as_text(subjects()[f"{name}.yaml"])
    assert refused(f"{name}.yaml", tree) == ""
    assert schema_of(name).is_valid(tree)
    tried = both = beyond = 0
    for what, other in mutations(tree):
        tried += 1
        fits, told = schema_of(name).is_valid(other), refused(f"{name}.yaml", other)
        if not fits:
            assert told, (
                f"the schema alone refuses {what}: {[e.message for e in schema_of(name).iter_errors(other)][:2]}"
            )
            both += 1
        elif told:
            assert BEYOND.search(told) or NAMED.search(what), f"the reader alone refuses {what}: {told}"
            beyond += 1
    assert tried > 100
    assert both > tried / 2 > beyond
