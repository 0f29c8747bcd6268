"""
A mapping file → `Mapping`. It is YAML, read as all our files are (`assign.yaml_nodes`); its JSON Schema is `data/schema/mapping.schema.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Mapped
from functools import cache
from pathlib import Path
from typing import Any, Final

from assign import resources, yaml_nodes
from assign.catalog.manifest import CHANNEL_KINDS, DESIGNABLE, KEY
from assign.errors import shown
from assign.rules import loader
from assign.words import Bilingual, Meaning, sentences
from assign.yaml_nodes import Node

from . import looks
from .mapping import (
    AS_ABOVE,
    AS_CHANNEL,
    CELLS,
    DOES,
    DOES_NOT,
    HOLDERS,
    LEVELS,
    MEANS,
    MERGED,
    OF_PART,
    OTHERS,
    PARTIES,
    ROLES,
    UNSETTLED,
    Both,
    Column,
    Designation,
    Division,
    Edition,
    Footnote,
    Mapping,
    Mark,
    Part,
    Quote,
)

FIELDS: Final = ("confirmed", "title", "cells", "divisions", "channels", "columns")
MORE_FIELDS: Final = (
    *("edition", "effective", "parts", "editions", "skip", "heading_rows", "marks", "parties", "meanings", "footnotes"),
    *("third_parties", "designations", "merged_marks", "colours", "past_last_column", "under_channels", "comments"),
)
_UNDER_A_PARTY: Final = (DOES, DOES_NOT, str(Meaning.UNDEFINED), str(Meaning.NO_STEP), AS_ABOVE, AS_CHANNEL)


def load(path: Path) -> Mapping:
    """Read a mapping. Raises RuleFileError, with file, line and the nearest valid word."""
    return from_bytes(path.name, yaml_nodes.read(path))


def from_bytes(name: str, data: bytes) -> Mapping:
    """A mapping from its file's bytes. Raises RuleFileError."""
    root = yaml_nodes.parse(name, data)
    top = root.fields(FIELDS, MORE_FIELDS)
    cells = top["cells"].choice(CELLS, "セルの並び", "layout of cells")
    divisions = tuple(_division(node) for node in _items(top["divisions"]))
    channels = tuple(_channel(node) for node in _items(top["channels"]))
    known = [channel["key"] for channel in channels]
    sets = _sets(top["marks"]) if "marks" in top else {}
    editions = _editions(root, top, sets, known)
    printed = [_column(node, known, sets, explicit="meanings" in top) for node in _items(top["columns"])]
    mapping = Mapping(
        file=name,
        confirmed=top["confirmed"].truth(),
        title=top["title"].bilingual(),
        cells=cells,
        editions=editions,
        skip=_texts(top, "skip"),
        heading_rows=tuple(_heading_row(node) for node in _optional(top, "heading_rows")),
        divisions=divisions,
        channels=channels,
        columns=tuple(_of_parts(printed, [part for edition in editions for part in edition.parts])),
        parties=_parties(top["parties"]) if "parties" in top else None,
        meanings=tuple(_plain(node) for node in _optional(top, "meanings")),
        footnotes=tuple(_footnote(node) for node in _optional(top, "footnotes")),
        third_parties=_texts(top, "third_parties"),
        designations=tuple(_designation(node) for node in _optional(top, "designations")),
        merged_marks=_choice(top, "merged_marks", MERGED),
        colours=looks.read(top["colours"], _quote, _because) if "colours" in top else None,
        past_last_column=_choice(top, "past_last_column", UNSETTLED) or UNSETTLED[0],
        under_channels=top["under_channels"].bilingual() if "under_channels" in top else None,
        root=root,
        comments=_comments(top["comments"]) if "comments" in top else None,
    )
    _whole(mapping, top)
    return mapping


def _whole(mapping: Mapping, top: Mapped[str, Node]) -> None:
    """What no single entry can show."""
    if mapping.meanings and any(column.marks for column in mapping.of_marks):
        raise top["meanings"].fail(
            "`meanings` は意味の表の全部です（列の `marks` とは一緒に書けません）",
            "`meanings` is the whole table of meanings (columns then have no `marks`)",
        )
    keys = [channel["key"] for channel in mapping.channels]
    for column in mapping.of_marks:
        own = (mark for sets in mapping.elsewhere for mark in sets.get(column.set, ()) if column.set)
        for mark in (*column.marks, *own):
            _of_party(mark, column.party)
            if mark.channel and (not column.channel or mark.channel not in keys):
                raise mark.node.fail(
                    f"`channel: {mark.channel}` は、場ごとの列の印に、場の key で書きます",
                    f"`channel: {mark.channel}` is for marks in columns of channels, and is the key of one",
                    keys,
                )
    noted = [(note.sign, note.sheet) for note in mapping.footnotes]
    if again := next((note for at, note in enumerate(mapping.footnotes) if noted[at] in noted[:at]), None):
        raise again.text.node.fail(
            f"注の記号 {shown(again.sign)} が2度あります（シートごとに違う文なら `sheet` を書いてください）",
            f"the sign {shown(again.sign)} stands twice (where sheets have their own sentences, write `sheet`)",
        )
    roles = [column.role for column in mapping.columns]
    if not {"name", "number_and_name"} & set(roles):
        raise top["columns"].fail(
            "業務の名称の列（role: name か number_and_name）がありません",
            "no column holds the names (role: name or number_and_name)",
        )
    if "mark" not in roles:
        raise top["columns"].fail("印の列（role: mark）がありません", "no column holds marks (role: mark)")
    in_channels = {column.channel for column in mapping.of_marks} - {""}
    if in_channels and (lost := next((c["key"] for c in mapping.channels if c["key"] not in in_channels), None)):
        raise top["channels"].fail(
            f"業務の場 `{lost}` の印の列がありません（場ごとに列があるなら、どの場にも要ります）",
            f"no column is of the channel `{lost}` (where channels have columns, each has one)",
        )
    of_parties = {column.party for column in mapping.of_marks} - {""}
    if of_parties and not {"contractor", "city"} <= of_parties:
        raise top["columns"].fail(
            "担当者ごとの列には party: contractor と party: city の両方が要ります",
            "columns by party need both `party: contractor` and `party: city`",
        )
    said = set(top["parties"].value) if "parties" in top and isinstance(top["parties"].value, dict) else set()
    if "parties" in top and not of_parties and "divided_by_remark" not in said:
        raise top["parties"].fail(
            "`parties` は担当者ごとの列（party）がある一覧のものです（備考で分担が決まるなら `divided_by_remark: true`）",
            "`parties` is for columns by party (where remarks divide the work, write `divided_by_remark: true`)",
        )
    if of_parties and not {"both", "neither"} <= said and not mapping.meanings:
        raise top["columns"].fail(
            "`parties`（両方に印があるとき、どちらにもないときの意味）がありません",
            "`parties` is missing: what a mark in both columns means, and one in neither",
        )


# -- entries -----------------------------------------------------------------------------------------------------------


def _of_parts(columns: Sequence[Column], parts: Sequence[Part]) -> Iterator[Column]:
    """The columns; one whose channel each table says is a column of each of these channels."""
    channels = list(dict.fromkeys(part.channel for part in parts if part.channel))
    for column in columns:
        if column.channel != OF_PART:
            yield column
            continue
        if not channels:
            raise column.node.fail(
                f"`channel: {OF_PART}` の列には、その場を言う表（`parts` の `channel`）が要ります",
                f"a column with `channel: {OF_PART}` needs tables that say their channel (`channel` in `parts`)",
            )
        yield from (column._replace(channel=channel, of_part=True) for channel in channels)
    if channels and not any(column.channel == OF_PART for column in columns):
        node = next(part.node for part in parts if part.channel)
        raise node.fail(
            f"`channel` のある表には、場をその表が言う列（`channel: {OF_PART}`）が要ります",
            f"a table with `channel` needs a column whose channel it says (`channel: {OF_PART}`)",
        )


def _editions(
    root: Node, top: Mapped[str, Node], sets: Mapped[str, tuple[Mark, ...]], channels: Sequence[str]
) -> tuple[Edition, ...]:
    if ("parts" in top) == ("editions" in top):
        raise root.fail(
            "`parts`（表のある行）か `editions`（2つ以上の一覧）のどちらか1つが要ります",
            "either `parts` (where the table stands) or `editions` (two lists or more) is needed",
        )
    if "parts" in top:
        if "edition" not in top:
            raise root.fail("`edition`（版の名前）がありません", "`edition`, the name of the edition, is missing")
        parts = tuple(_part(node, sets, channels) for node in _items(top["parts"]))
        return (Edition("", top["edition"].text(), _effective(top), parts, {}),)
    found = []
    for node in _items(top["editions"]):
        fields = node.fields(("folder", "edition", "effective", "parts"), ("marks",))
        folder = fields["folder"].text()
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}", folder):
            raise fields["folder"].fail(
                f"{shown(folder)} はフォルダの名前に使えません（英数字と - _ .）",
                f"{shown(folder)} cannot be the name of a folder (letters, digits, - _ and .)",
            )
        parts = tuple(_part(each, sets, channels) for each in _items(fields["parts"]))
        found.append(Edition(folder, fields["edition"].text(), _effective(fields), parts, _own(fields, sets)))
    if len({each.folder for each in found}) < len(found):
        raise top["editions"].fail("同じ `folder` が2度あります", "a `folder` stands twice")
    return tuple(found)


def _effective(fields: Mapped[str, Node]) -> Any:
    """As the manifest writes it: a day, or the first and the last."""
    if "effective" not in fields:
        return None
    node = fields["effective"]
    if not isinstance(node.value, dict):
        return node.day().isoformat()
    return {name: day.day().isoformat() for name, day in node.fields(("since",), ("until",)).items()}


def _own(fields: Mapped[str, Node], sets: Mapped[str, tuple[Mark, ...]]) -> dict[str, tuple[Mark, ...]]:
    """The marks of an edition or a table that mean something else in it."""
    own = _sets(fields["marks"]) if "marks" in fields else {}
    if lost := next((name for name in own if name not in sets), None):
        raise fields["marks"].fail(
            f"印の組 {shown(lost)} は `marks` にありません", f"`marks` has no set {shown(lost)}", list(sets)
        )
    return own


def _part(node: Node, sets: Mapped[str, tuple[Mark, ...]], channels: Sequence[str]) -> Part:
    more = ("sheet", "header", "rows", "lines", "marks", "parties", "colours", "other_marks", "footnotes", "channel")
    fields = node.fields((), more)
    if "rows" in fields and "lines" in fields:
        raise node.fail("`rows` と `lines` は一方だけを書いてください", "write `rows` or `lines`, not both")
    rows = fields.get("rows") or fields.get("lines")
    first, last = _span(rows, open_ended=True) if rows else (1, 0)
    header = _span(fields["header"]) if "header" in fields else (0, 0)
    others = bool(_choice(fields, "other_marks", OTHERS))
    return Part(
        fields["sheet"].text() if "sheet" in fields else "",
        header,
        first,
        last,
        _own(fields, sets) if others or "marks" not in fields else _with_blank(fields["marks"], _own(fields, sets)),
        _parties(fields["parties"]) if "parties" in fields else None,
        looks.read(fields["colours"], _quote, _because) if "colours" in fields else None,
        others,
        tuple(_footnote(each) for each in _optional(fields, "footnotes")),
        node,
        fields["channel"].choice(channels, "業務の場", "channel") if "channel" in fields else "",
    )


_SPAN: Final = re.compile(r"([1-9][0-9]{0,6})(?:(-)([1-9][0-9]{0,6})?)?")


def _span(node: Node, *, open_ended: bool = False) -> tuple[int, int]:
    """`5-40`, `5`, `5-` (to the end)."""
    found = _SPAN.fullmatch(node.text())
    if found is None or (found[2] and not found[3] and not open_ended):
        raise node.fail(
            f"{shown(node.text())} は行の範囲ではありません（`5-40` のように）",
            f"{shown(node.text())} is no span of rows (such as `5-40`)",
        )
    first = int(found[1])
    last = int(found[3]) if found[3] else 0 if found[2] else first
    if last and last < first:
        raise node.fail("終わりの行が始まりの行より前です", "it ends before it begins")
    return first, last


def _heading_row(node: Node) -> tuple[str, str]:
    fields = node.fields(("like", "level"))
    return fields["like"].text(), fields["level"].choice(LEVELS, "見出しの段", "level of heading")


def _division(node: Node) -> Division:
    fields = node.fields(("key", "label"), ("names", "desk", "printed", "holder"))
    printed = tuple(each.text() for each in fields["printed"].items()) if "printed" in fields else ()
    holder = fields["holder"].choice(HOLDERS, "権限の主体", "holder") if "holder" in fields else HOLDERS[0]
    plain = {name: _plain(value) for name, value in fields.items() if name not in ("printed", "holder")}
    return Division({**plain, "label": fields["label"].bilingual()}, _key(fields["key"]), printed, holder)


def _channel(node: Node) -> dict[str, Any]:
    fields = node.fields(("key", "label", "kind"), ("names", "printed"))
    fields["kind"].choice(CHANNEL_KINDS, "場の種類", "kind of channel")
    fields["label"].bilingual()
    return {**{name: _plain(value) for name, value in fields.items()}, "key": _key(fields["key"])}


def _column(node: Node, channels: Sequence[str], sets: Mapped[str, tuple[Mark, ...]], *, explicit: bool) -> Column:
    more = ("column", "header", "channel", "act", "party", "marks", "rest", "key", "label", "blank", "same_as_above")
    fields = node.fields(("role",), more)
    role = fields["role"].choice(ROLES, "列の役割", "role of a column")
    if "column" not in fields and "header" not in fields:
        raise node.fail(
            "`column`（A、B、…）か `header`（見出し）が要ります", "`column` (A, B, …) or `header` is needed"
        )
    if role != "mark" and (
        strange := next((n for n in ("channel", "act", "party", "marks", "rest") if n in fields), None)
    ):
        raise fields[strange].fail(f"`{strange}` は role: mark の列にだけ書けます", f"`{strange}` is for `role: mark`")
    if role != "remark" and "same_as_above" in fields:
        raise fields["same_as_above"].fail(
            f"`same_as_above` は role: remark の列にだけ書けます（印の列なら means: {AS_ABOVE}）",
            f"`same_as_above` is for `role: remark` (in a column of marks, write `means: {AS_ABOVE}`)",
        )
    party = fields["party"].choice(PARTIES, "担当者", "party") if "party" in fields else ""
    marks = _marks_of(node, fields, sets, party=party, explicit=explicit) if role == "mark" else ()
    return Column(
        place=_place(fields["column"]) if "column" in fields else 0,
        header=fields["header"].text() if "header" in fields else "",
        role=role,
        key=_key(fields["key"]) if "key" in fields else "",
        label=fields["label"].bilingual() if "label" in fields else None,
        blank=fields["blank"].bilingual() if "blank" in fields else None,
        channel=fields["channel"].choice((*channels, OF_PART), "業務の場", "channel") if "channel" in fields else "",
        acts=fields["act"].choices(_known_acts(), "行為", "act") if "act" in fields else (),
        party=party,
        marks=marks,
        set=fields["marks"].text() if marks and isinstance(fields["marks"].value, str) else "",
        rest="rest" in fields and bool(fields["rest"].choice(("in_remark",), "`rest` の値", "value of `rest`")),
        node=node,
        above=_above(fields["same_as_above"]) if "same_as_above" in fields else None,
    )


def _above(node: Node) -> Mark:
    """What stands for the remark of the row above, and the sentence that says so."""
    fields = node.fields(("mark", "legend"))
    return Mark(fields["mark"].text(), AS_ABOVE, _quote(fields["legend"]), None, {}, node)


def _place(node: Node) -> int:
    """`A`, `AB` or `1` → from 1."""
    text = node.text()
    if re.fullmatch(r"[1-9][0-9]{0,3}", text):
        return int(text)
    if not re.fullmatch(r"[A-Za-z]{1,3}", text):
        raise node.fail(
            f"{shown(text)} は列ではありません（`A` か `1` のように）",
            f"{shown(text)} is no column (such as `A` or `1`)",
        )
    place = 0
    for letter in text.upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place


def _sets(node: Node) -> dict[str, tuple[Mark, ...]]:
    """The sets of marks by their names."""
    if not isinstance(node.value, dict):
        raise node.fail("印の組（名前: 印の一覧）が要ります", "sets of marks are needed (name: list of marks)")
    return {name: _set(each) for name, each in node.value.items()}


def _set(node: Node) -> tuple[Mark, ...]:
    found = tuple(_mark(each) for each in _items(node))
    if twice := next((m for at, m in enumerate(found) if m.printed in [o.printed for o in found[:at]]), None):
        raise twice.node.fail(
            f"印 {shown(twice.printed)} が2度あります", f"the mark {shown(twice.printed)} stands twice"
        )
    return found


def _marks_of(
    node: Node, fields: Mapped[str, Node], sets: Mapped[str, tuple[Mark, ...]], *, party: str, explicit: bool
) -> tuple[Mark, ...]:
    if "marks" not in fields:
        if explicit:
            return ()
        raise node.fail("`marks`（印の意味）がありません", "`marks`, what its marks mean, is missing")
    given = fields["marks"]
    marks = sets[given.choice(sets, "印の組", "set of marks")] if isinstance(given.value, str) else _set(given)
    _with_blank(given, {"": marks})
    for mark in marks:
        _of_party(mark, party)
    return marks


def _with_blank(node: Node, sets: dict[str, tuple[Mark, ...]]) -> dict[str, tuple[Mark, ...]]:
    """Sets of which each says what a blank cell means. Raises RuleFileError."""
    if not all(any(mark.printed == "" for mark in marks) for marks in sets.values()):
        raise node.fail(
            '空欄の意味がありません（`- {mark: "", means: …}` を書いてください。凡例になければ means: undefined です）',
            'what a blank cell means is missing (write `- {mark: "", means: …}`; where the legend does not say it, `means: undefined`)',
        )
    return sets


def _of_party(mark: Mark, party: str) -> None:
    """Raises RuleFileError where a mark means what a column of a party, or one of none, cannot hold."""
    if party and mark.means not in _UNDER_A_PARTY:
        raise mark.node.fail(
            f"担当者の列の印は {'、'.join(_UNDER_A_PARTY)} のどれかです（{shown(mark.means)} は使えません）",
            f"a mark under a party means one of {', '.join(_UNDER_A_PARTY)}, and not {shown(mark.means)}",
        )
    if not party and mark.means in (DOES, DOES_NOT):
        raise mark.node.fail(
            f"`{mark.means}` は party のある列だけの意味です", f"`{mark.means}` is for a column with a `party`"
        )


def _mark(node: Node) -> Mark:
    fields = node.fields(("mark", "means"), ("legend", "because", "acts", "channel"))
    means = fields["means"].choice(MEANS, "意味", "meaning")
    if ("channel" in fields) != (means == AS_CHANNEL):
        raise node.fail(
            f"`channel`（どの場と同じか）は means: {AS_CHANNEL} の印に、必ず要ります",
            f"`channel` (which one it is like) is needed for `means: {AS_CHANNEL}`, and for no other",
        )
    if "legend" in fields and "because" in fields:
        raise node.fail("`legend` と `because` は一方だけを書いてください", "write `legend` or `because`, not both")
    if not {"legend", "because"} & set(fields) and means != Meaning.UNDEFINED:
        raise node.fail(
            "`legend`（凡例の文）か `because`（凡例にないときの市の読み方）が要ります",
            "`legend` (the legend's sentence) or `because` (the city's reading where it has none) is needed",
        )
    acts: dict[str, str] = {}
    if "acts" in fields:
        known = [str(each) for each in Meaning if each is not Meaning.UNREADABLE]
        acts = {
            act: value.choice(known, "意味", "meaning")
            for act, value in fields["acts"].fields((), _known_acts()).items()
        }
    return Mark(
        printed="" if fields["mark"].value == "" else fields["mark"].text(),
        means=means,
        legend=_quote(fields["legend"]) if "legend" in fields else None,
        because=_because(fields["because"]) if "because" in fields else None,
        acts=acts,
        node=node,
        channel=fields["channel"].text() if "channel" in fields else "",
    )


@cache
def _known_acts() -> tuple[str, ...]:
    """The keys of the table of acts that ships."""
    return tuple(loader.load(resources.rules_folder()).acts)


def _because(node: Node) -> Bilingual:
    """How the city reads a mark: one sentence, which stands alone in the short answer."""
    said = node.bilingual()
    if any(len(sentences(text)) != 1 for text in said.values()):
        raise node.fail(
            "1つの文で、終わりの句点なしで書いてください（補足は括弧の中に）",
            "write one sentence, without its full stop (what is beside the point goes into brackets)",
        )
    return said


def _quote(node: Node) -> Quote:
    if not isinstance(node.value, dict):
        return Quote(node.text(), "", 0, node)
    fields = node.fields(("text",), ("en", "line"))
    return Quote(
        fields["text"].text(),
        fields["en"].text() if "en" in fields else "",
        fields["line"].number() if "line" in fields else 0,
        node,
    )


def _parties(node: Node) -> Both:
    fields = node.fields((), ("both", "neither", "other", "divided_by_remark", "names"))
    names: dict[str, tuple[str, ...]] = {}
    if "names" in fields:
        for party, each in fields["names"].fields((), PARTIES[:2]).items():
            names[party] = tuple(word.text() for word in each.items())
    by_remark = "divided_by_remark" in fields and fields["divided_by_remark"].truth()
    if by_remark and set(names) != set(PARTIES[:2]):
        raise fields["divided_by_remark"].fail(
            "`divided_by_remark` には、備考での呼び名 `names: {contractor: […], city: […]}` が要ります",
            "`divided_by_remark` needs what remarks call the parties: `names: {contractor: […], city: […]}`",
        )
    nothing = Mark("", str(Meaning.UNDEFINED), None, None, {}, node)
    said = [_combination(fields[name]) if name in fields else nothing for name in ("both", "neither")]
    return Both(said[0], said[1], by_remark, names, node, _combination(fields["other"]) if "other" in fields else None)


def _combination(node: Node) -> Mark:
    fields = node.fields(("means",), ("legend", "because"))
    known = [str(each) for each in Meaning if each is not Meaning.UNREADABLE]
    means = fields["means"].choice(known, "意味", "meaning")
    if ("legend" in fields) + ("because" in fields) != 1 and means != Meaning.UNDEFINED:
        raise node.fail("`legend` か `because` のどちらか1つが要ります", "either `legend` or `because` is needed")
    return Mark(
        "",
        means,
        _quote(fields["legend"]) if "legend" in fields else None,
        _because(fields["because"]) if "because" in fields else None,
        {},
        node,
    )


def _footnote(node: Node) -> Footnote:
    fields = node.fields(("sign", "text"), ("sheet",))
    return Footnote(fields["sign"].text(), _quote(fields["text"]), fields["sheet"].text() if "sheet" in fields else "")


def _comments(node: Node) -> Mark:
    """That comments are no part of the list, and who says so."""
    fields = node.fields(("means",), ("legend", "because"))
    if len(fields) != 2:
        raise node.fail(
            "`legend`（凡例の文）か `because`（市の読み方）のどちらか1つが要ります",
            "either `legend` (the list's sentence) or `because` (how the city reads it) is needed",
        )
    means = fields["means"].choice((looks.NO_MEANING,), "コメントの意味", "what comments mean")
    legend = _quote(fields["legend"]) if "legend" in fields else None
    return Mark("", means, legend, _because(fields["because"]) if legend is None else None, {}, node)


def _designation(node: Node) -> Designation:
    fields = node.fields(("act", "text"))
    return Designation(
        fields["act"].choice(DESIGNABLE, "公金を扱う行為", "act with public money"), _quote(fields["text"])
    )


# -- small things ------------------------------------------------------------------------------------------------------


def _items(node: Node) -> list[Node]:
    if not isinstance(node.value, list) or not node.value:
        raise node.fail("一覧（- で始まる項目）が要ります", "a list is needed here")
    return node.value


def _optional(top: Mapped[str, Node], name: str) -> list[Node]:
    return _items(top[name]) if name in top else []


def _texts(top: Mapped[str, Node], name: str) -> tuple[str, ...]:
    return tuple(node.text() for node in top[name].items()) if name in top else ()


def _choice(top: Mapped[str, Node], name: str, known: Sequence[str]) -> str:
    return top[name].choice(known, f"`{name}` の値", f"value of `{name}`") if name in top else ""


def _key(node: Node) -> str:
    if not KEY.fullmatch(node.text()):
        raise node.fail(
            f"{shown(node.text())} は key に使えません（英小文字で始まる a-z 0-9 _）",
            f"{shown(node.text())} cannot be a key (a-z, 0-9 and _, a letter first)",
        )
    return node.text()


def _plain(node: Node) -> Any:
    """A node as lists, dicts and texts."""
    if isinstance(node.value, list):
        return [_plain(each) for each in node.value]
    if isinstance(node.value, dict):
        return {name: _plain(each) for name, each in node.value.items()}
    return node.value
