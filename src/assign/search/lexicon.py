"""
The words of a list: `lexicon/*.yaml` in its folder → topics, each with the patterns that name it.

A topic is a concept (a matter of some rows), an event of life with the rows that it makes due, something that the list does not have,
or a question that asks for an amount or a reason and for no task. All four compete for a query in the same scores.

    保険証|資格確認書+なくし|紛失      all parts, joined by +, stand in the query; | joins the ways of writing one part
    口座/振替                        / stands between morphemes: the abbreviation 口振 is made of their first characters
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from assign.errors import RuleFileError, shown
from assign.resources import data_folder, joined, name_folder
from assign.words import Bilingual, nearest
from assign.yaml_nodes import Node, parse, read

from .events import Due
from .folding import folded

FOLDER: Final = "lexicon"
EVENTS: Final = "events.yaml"
OUTSIDE: Final = "outside.yaml"
MOST: Final = 5_000  # topics, and patterns of one topic
MOST_PARTS: Final = 12  # of a pattern; people say no more at once
MOST_PATTERNS: Final = 60_000  # of all files; the index numbers them in two bytes
# Where a word of a concept comes from; `kana` is its reading, and fires on a query in kana alone.
ORIGINS: Final = ("printed", "law", "spoken", "clerk", "kana")
UNLESS: Final = "unless"
WEIGHTS: Final = ("1", "2", "3")


class Pattern(NamedTuple):
    """
    A pattern as it is written, its folded parts, each with the ways of writing it, and where it comes from. `division`: it means this
    with that division as the context alone; elsewhere it is a row.
    """

    text: str
    parts: tuple[tuple[str, ...], ...]
    origin: str
    division: str = ""


class Topic(NamedTuple):
    """
    What a query may be about.

    Attributes:
        kind: `concept`, `event`, `outside` or `question`.
        rows: Of a concept: each row, with 3 where it is the row, 2 where it often is, 1 where it is touched.
        due: Of an event, in the order of the usual visit. not_here: What it also asks for that the list does not have.
        belongs: Of what is not in the list: where it is usually done. near: Rows that may be meant instead.
        over: Of a question: whether it goes before any row that the query also names (いくら), unless a pattern of origin `unless` is there.
        because: Why these rows; our judgement.
    """

    kind: str
    id: str
    label: Bilingual
    patterns: tuple[Pattern, ...]
    rows: Mapping[str, int] = {}
    due: tuple[Due, ...] = ()
    not_here: tuple[str, ...] = ()
    belongs: Bilingual | None = None
    near: tuple[str, ...] = ()
    over: bool = False
    because: Bilingual | None = None


class Lexicon(NamedTuple):
    """All topics of a list, and the text of the files that they stand in."""

    topics: tuple[Topic, ...]
    data: bytes


def files(folder: Path) -> dict[str, bytes]:
    """The lexicon files of a list's folder, by name; none where it has no lexicon. Raises RuleFileError."""
    with named_as_given(folder):
        return {file.name: read(file) for file in sorted((folder / FOLDER).glob("*.yaml"))}


def of_folder(folder: Path | None, rows: Collection[str]) -> Lexicon:
    """The words in a list's folder; no topic where it has no lexicon, or there is no folder. Raises RuleFileError, as `load` does."""
    with named_as_given(folder):
        return load({} if folder is None else files(folder), rows)


@contextmanager
def named_as_given(folder: Path | None) -> Iterator[None]:
    """While lexicon files are read: an error names the folder of the file, as it was given; of what ships, which nobody named, none."""
    try:
        yield
    except RuleFileError as error:
        if folder is not None and folder != data_folder():
            name_folder(error, folder / FOLDER)
        raise


def load(texts: Mapping[str, bytes], rows: Collection[str]) -> Lexicon:
    """
    Read lexicon files.

    Args:
        texts: What each file says, by its name. rows: The ids that the list has.

    Raises:
        RuleFileError: With file and line of the first mistake, and the nearest valid choices.
    """
    topics: dict[str, Topic] = {}
    later: list[tuple[Node, str]] = []
    patterns = 0
    for name, data in texts.items():
        read_by = {EVENTS: _events, OUTSIDE: _outside}.get(name, _concepts)
        for node, topic in read_by(parse(name, data), rows, later):
            if topic.id in topics:
                raise node.fail(f"`id` {shown(topic.id)} が重なっています", f"the `id` {shown(topic.id)} stands twice")
            topics[topic.id] = topic
            patterns += len(topic.patterns)
            if patterns > MOST_PATTERNS:
                raise node.fail(f"語は全部で {MOST_PATTERNS} までです", f"there may be {MOST_PATTERNS} words in all")
    if OUTSIDE not in texts:  # without its table nothing is known of them
        return Lexicon(tuple(topic._replace(not_here=()) for topic in topics.values()), joined(texts))
    away = [topic.id for topic in topics.values() if topic.kind in ("outside", "question")]
    for node, word in later:
        if word not in away:
            raise node.fail(
                f"{OUTSIDE} に {shown(word)} はありません", f"{OUTSIDE} has no {shown(word)}", nearest(word, away)
            )
    return Lexicon(tuple(topics.values()), joined(texts))


_Read = Iterator[tuple[Node, Topic]]
_Later = list[tuple[Node, str]]


def _concepts(root: Node, rows: Collection[str], _later: _Later) -> _Read:
    for entry in _list(root.fields(("concepts",))["concepts"]):
        field = entry.fields(("id", "label", "rows"), (*ORIGINS, UNLESS, "because"))
        patterns = [p for origin in (*ORIGINS, UNLESS) if origin in field for p in _patterns(field[origin], origin)]
        if not patterns:
            raise entry.fail("語がありません", "there is no word")
        yield (
            entry,
            Topic(
                "concept",
                field["id"].text(),
                field["label"].bilingual(),
                tuple(patterns),
                rows=_weights(field["rows"], rows),
                because=_said(field, "because"),
            ),
        )


def _events(root: Node, rows: Collection[str], later: _Later) -> _Read:
    for entry in _list(root.fields(("events",))["events"]):
        field = entry.fields(("id", "label", "words", "due", "because", "basis"), ("kana", "not_here"))
        due: list[Due] = []
        for step in _list(field["due"]):
            parts = step.fields(("row",), ("when",))
            row = parts["row"].choice(rows, "行", "row")
            if row in {each.row for each in due}:
                raise step.fail(f"行 {shown(row)} が重なっています", f"the row {shown(row)} stands twice")
            due.append(Due(row, _said(parts, "when")))
        if not due:
            raise field["due"].fail("行が1つ以上要ります", "at least one row is needed")
        field["basis"].choice(("judged",), "根拠", "basis")
        not_here = field["not_here"].items() if "not_here" in field else []
        later += [(node, node.text()) for node in not_here]
        yield (
            entry,
            Topic(
                "event",
                field["id"].text(),
                field["label"].bilingual(),
                _words(field),
                due=tuple(due),
                not_here=tuple(node.text() for node in not_here),
                because=field["because"].bilingual(),
            ),
        )


def _outside(root: Node, rows: Collection[str], _later: _Later) -> _Read:
    parts = root.fields(("outside",), ("questions", "places"))
    places = {key: node.bilingual() for key, node in _mapping(parts["places"])} if "places" in parts else {}
    for name, kind in (("outside", "outside"), ("questions", "question")):
        for entry in _list(parts[name]) if name in parts else ():
            field = entry.fields(("id", "what", "belongs", "words"), ("kana", "near", "in_division", "unless"))
            near = field["near"].items() if "near" in field else []
            yield (
                entry,
                Topic(
                    kind,
                    field["id"].text(),
                    field["what"].bilingual(),
                    (
                        *_words(field),
                        *_in_division(field),
                        *(_patterns(field[UNLESS], UNLESS) if UNLESS in field else ()),
                    ),
                    over=kind == "question" and UNLESS in field,
                    belongs=_place(field["belongs"], places),
                    near=tuple(node.choice(rows, "行", "row") for node in near),
                ),
            )


def _words(field: Mapping[str, Node]) -> tuple[Pattern, ...]:
    kana = _patterns(field["kana"], "kana") if "kana" in field else []
    return (*_patterns(field["words"], "spoken"), *kana)


def _in_division(field: Mapping[str, Node]) -> Iterator[Pattern]:
    for division, node in _mapping(field["in_division"]) if "in_division" in field else ():
        yield from (pattern._replace(division=division) for pattern in _patterns(node, "spoken"))


def _place(node: Node, places: Mapping[str, Bilingual]) -> Bilingual:
    """Where something is done: the key of a place, or said in place."""
    if isinstance(node.value, str):
        return places[node.choice(places, "場所", "place")]
    return node.bilingual()


def _mapping(node: Node) -> Iterable[tuple[str, Node]]:
    if not isinstance(node.value, dict):
        raise node.fail("項目（名前: 値）が要ります", "a mapping is needed here")
    return node.value.items()


def _list(node: Node) -> list[Node]:
    if not isinstance(node.value, list) or len(node.value) > MOST:
        raise node.fail(f"{MOST} 件までの一覧が要ります", f"a list of at most {MOST} is needed here")
    return node.value


def _said(field: Mapping[str, Node], name: str) -> Bilingual | None:
    return field[name].bilingual() if name in field else None


def _weights(node: Node, rows: Collection[str]) -> dict[str, int]:
    if not isinstance(node.value, dict) or not node.value:
        raise node.fail("行の id と重み（`id: 3`）が要ります", "ids of rows with weights are needed here (`id: 3`)")
    for row in node.value:
        Node(node.file, node.value[row].line, row).choice(rows, "行", "row")
    return {row: int(weight.choice(WEIGHTS, "重み", "weight")) for row, weight in node.value.items()}


def _patterns(node: Node, origin: str) -> list[Pattern]:
    return [pattern for each in _list(node) for pattern in _of_text(each, origin)]


def _of_text(node: Node, origin: str) -> Iterator[Pattern]:
    """A pattern, and the abbreviation of one that has its morphemes marked."""
    text = node.text()
    plain = text.replace("/", "")
    parts = tuple(tuple(folded(word) for word in part.split("|")) for part in plain.split("+"))
    if len(parts) > MOST_PARTS:
        raise node.fail(f"+ でつなぐ部分は {MOST_PARTS} までです", f"at most {MOST_PARTS} parts may be joined by +")
    longest = max(len(word) for part in parts for word in part)
    for word in (word for part in parts for word in part):
        if not word or (longest < 2 and len(parts) == 1):
            raise _too_short(node, text)
    if len(parts) == 1 and min(map(len, parts[0])) < 2:
        raise _too_short(node, text)
    yield Pattern(plain, parts, origin)
    if "+" not in text and "|" not in text:
        first = "".join(morpheme[0] for morpheme in text.split("/") if morpheme)
        if len(first) > 1:
            yield Pattern(first, ((folded(first),),), "abbreviation")


def _too_short(node: Node, text: str) -> RuleFileError:
    return node.fail(
        f"{shown(text)} は短すぎます（1 文字の語は、ほかの語と + でつなぐときだけ使えます）",
        f"{shown(text)} is too short (a word of one character may stand beside another one alone, joined by +)",
    )


def plain(topic: Topic) -> dict[str, Any]:
    """What an answer needs of a topic, without its patterns, as JSON."""
    said = topic._asdict()
    del said["patterns"], said["kind"], said["id"]
    return {name: value for name, value in said.items() if value}
