"""
`manifest.yaml` → `Manifest`. What ships is kept parsed; any other is read from its YAML, and refused with its line where it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from assign import resources, yaml_nodes
from assign.dates import YEARS
from assign.errors import shown
from assign.words import Bilingual, Meaning, normal, sentences, sha256
from assign.yaml_nodes import Node

from .kept import manifest_of
from .manifest import BESIDE_CELLS, CHANNEL_KINDS, DESIGNABLE, FILE, KEY, PER, Manifest
from .parts import Channel, Column, Designation, Division, Document, Effective, Legend, Line, SheetOf

MOST: Final = 200  # divisions, channels, columns; a line of the table for each row of a long list is allowed:
MOST_LINES: Final = 20_000
FIELDS: Final = ("title", "edition", "documents", "divisions", "channels", "meanings")
MORE_FIELDS: Final = ("effective", "columns", "designations")


def load(path: Path) -> Manifest:
    """Read a manifest. Raises RuleFileError, with file, line and the nearest valid name."""
    return from_bytes(yaml_nodes.read(path))


def from_bytes(data: bytes) -> Manifest:
    """A manifest from its file's bytes. Raises RuleFileError."""
    kept = resources.kept("manifest.json")
    if kept.get("sha256") == sha256(data):
        return manifest_of(kept["manifest"], data)
    return parsed(data)


def parsed(data: bytes) -> Manifest:
    """The same from the bytes alone, whatever is kept parsed. Raises RuleFileError."""
    root = yaml_nodes.parse(FILE, data)
    top = root.fields(FIELDS, MORE_FIELDS)
    divisions = _named(top["divisions"], _division)
    channels = _named(top["channels"], _channel)
    columns = tuple(_named(top["columns"], partial(_column, channels)).values()) if "columns" in top else ()
    if taken := {column.key for column in columns} & {*channels, *BESIDE_CELLS}:
        raise top["columns"].fail(
            f"列の key {shown(min(taken))} は使えません（場の key か、{'・'.join(BESIDE_CELLS)} です）",
            f"{shown(min(taken))} cannot be the key of a column (it is that of a channel, or {', '.join(BESIDE_CELLS)})",
        )
    meanings = _list(top["meanings"], MOST_LINES)
    lines = tuple(_line(node, divisions, channels, columns) for node in meanings)
    _once(meanings, [(*sorted(line.when.items()), "", *line.says) for line in lines])
    papers = _list(top["documents"], empty=True)
    documents = tuple(_document(node) for node in papers)
    _once(papers, [each.file for each in documents])
    return Manifest(
        title=top["title"].bilingual(),
        edition=top["edition"].text(),
        effective=_effective(top["effective"]) if "effective" in top else None,
        documents=documents,
        divisions=divisions,
        channels=channels,
        columns=columns,
        meanings=lines,
        designations=tuple(_designation(n) for n in _list(top["designations"], MOST_LINES))
        if "designations" in top
        else (),
        data=data,
    )


def _effective(node: Node) -> Effective:
    """A day alone is the first; with `until` the last day is said, too. A typing error (2926) is no first day."""
    fields = node.fields(("since",), ("until",)) if isinstance(node.value, dict) else {"since": node}
    since, until = fields["since"].day(), fields["until"].day() if "until" in fields else None
    if not YEARS[0] <= since.year <= YEARS[1]:
        raise fields["since"].fail(
            f"{since.year} 年は業務の年ではありません（{YEARS[0]} 年から {YEARS[1]} 年まで）",
            f"{since.year} is no year of a case ({YEARS[0]} to {YEARS[1]})",
        )
    if until is not None and until < since:
        raise fields["until"].fail(
            f"終わりの日 {until} が始まりの日 {since} より前です", f"it ends on {until}, before it begins on {since}"
        )
    return Effective(since, until)


def _list(node: Node, most: int = MOST, *, empty: bool = False) -> list[Node]:
    if not isinstance(node.value, list) or not (node.value or empty):
        raise node.fail("一覧（- で始まる項目）が要ります", "a list is needed here")
    if len(node.value) > most:
        raise node.value[most].fail(f"{most:,} 件までです", f"more than {most:,} entries")
    return node.value


def _once(nodes: Sequence[Node], values: Sequence[Any]) -> None:
    """Raises RuleFileError at the first entry whose value another before it has."""
    seen = set()
    for node, value in zip(nodes, values, strict=True):
        if value in seen:
            raise node.fail("同じ項目が2度あります", "the same entry stands twice")
        seen.add(value)


def _named(node: Node, read: Callable[[Node], Any]) -> dict[str, Any]:
    """Entries by their keys; no two share a key or a name."""
    found: dict[str, Any] = {}
    words: dict[str, str] = {}
    for entry in _list(node):
        each = read(entry)
        if each.key in found:
            raise entry.fail(f"{shown(each.key)} が2度あります", f"{shown(each.key)} stands twice")
        found[each.key] = each
        for word in {normal(word) for word in (each.key, *each.label.values(), *getattr(each, "names", ()))}:
            if words.setdefault(word, each.key) != each.key:
                raise entry.fail(
                    f"{shown(word)} は `{words[word]}` の名前でもあります", f"{shown(word)} names `{words[word]}` too"
                )
    return found


def _key(node: Node) -> str:
    text = node.text()
    if not KEY.fullmatch(text):
        raise node.fail(
            f"{shown(text)} は key に使えません（英小文字で始まる a-z 0-9 _）",
            f"{shown(text)} cannot be a key (a-z, 0-9 and _, a letter first)",
        )
    return text


def _texts(fields: Mapping[str, Node], name: str) -> tuple[str, ...]:
    return tuple(node.text() for node in fields[name].items()) if name in fields else ()


def _printed(fields: Mapping[str, Node]) -> str:
    return fields["printed"].text() if "printed" in fields else ""


def _division(node: Node) -> Division:
    fields = node.fields(("key", "label"), ("names", "desk", "printed"))
    label = fields["label"].bilingual()
    desk = {"ja": f"市の{label['ja']}の担当", "en": f"the city's desk for {label['en']}"}
    return Division(
        _key(fields["key"]),
        label,
        _texts(fields, "names"),
        fields["desk"].bilingual() if "desk" in fields else desk,
        _printed(fields),
    )


def _channel(node: Node) -> Channel:
    fields = node.fields(("key", "label", "kind"), ("names", "printed"))
    kind = fields["kind"].choice(CHANNEL_KINDS, "場の種類", "kind of channel")
    return Channel(_key(fields["key"]), fields["label"].bilingual(), _texts(fields, "names"), kind, _printed(fields))


def _column(channels: Mapping[str, Channel], node: Node) -> Column:
    fields = node.fields(("key", "label"), ("per", "acts", "blank", "printed", "channel", "same", "headings"))
    per = fields["per"].choice(PER, "単位", "`per`") if "per" in fields else "row"
    if ("acts" in fields) != (per == "act"):
        raise node.fail(
            "`acts` は per: act の列にだけ、必ず要ります", "`acts` is needed for a column per act, and for no other"
        )
    blank = fields["blank"].bilingual() if "blank" in fields else {"ja": "空欄", "en": "blank"}
    if per == "channel" and "channel" in fields:
        raise fields["channel"].fail(
            "`channel` は per: channel の列には書けません", "`channel` is not for a column per channel"
        )
    acts = _texts(fields, "acts")
    same = {
        act: with_.choice([other for other in acts if other != act], "行為", "act")
        for act, with_ in (fields["same"].fields((), acts).items() if "same" in fields else ())
    }
    if chained := next((act for act in same.values() if act in same), None):
        raise fields["same"].fail(f"`{chained}` にも自分の欄がありません", f"`{chained}` has no cell of its own either")
    headings = {
        act: tuple(text.text() for text in texts.items())
        for act, texts in (fields["headings"].fields((), acts).items() if "headings" in fields else ())
    }
    return Column(
        key=_key(fields["key"]),
        label=fields["label"].bilingual(),
        per=per,
        acts=acts,
        blank=blank,
        printed=_printed(fields),
        channel=fields["channel"].choice(channels, "業務の場", "channel") if "channel" in fields else "",
        same=same,
        headings=headings,
    )


def _document(node: Node) -> Document:
    fields = node.fields(("file", "sha256"), ("sheets", "unread"))
    digest = fields["sha256"].text()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise fields["sha256"].fail("SHA-256（16進64桁）が要ります", "a SHA-256 of 64 hexadecimal digits is needed")
    sheets = _list(fields["sheets"]) if "sheets" in fields else []
    unread = _list(fields["unread"], MOST_LINES) if "unread" in fields else []
    numbers = tuple(node.number() for node in unread)
    _once(unread, numbers)
    return Document(_file(fields["file"]), digest, _sheets(sheets), numbers)


def _file(node: Node) -> str:
    """The name of a file in `source/`."""
    name = node.text()
    if name.startswith(".") or set(name) & set("/\\:"):
        raise node.fail(
            f"フォルダのないファイル名です（{shown(name)} は使えません）",
            f"a file's name without a folder is needed ({shown(name)} cannot be used)",
        )
    return name


def _sheets(nodes: Sequence[Node]) -> tuple[SheetOf, ...]:
    """Each once, in the order in which they stand in the text."""
    found: list[SheetOf] = []
    for node in nodes:
        fields = node.fields(("name", "line"))
        found.append(SheetOf(fields["name"].text(), _above(fields["line"])))
        if len(found) > 1 and found[-1].line <= found[-2].line:
            raise fields["line"].fail(
                "シートは文書の行の順に書いてください", "sheets stand in the order of their lines in the document"
            )
    _once(nodes, [each.name for each in found])
    return tuple(found)


def _above(node: Node) -> int:
    """The line above the first row of a sheet; 0 where nothing is above it."""
    return 0 if node.value == "0" else node.number()


def _line(
    node: Node, divisions: Mapping[str, Division], channels: Mapping[str, Channel], columns: Sequence[Column]
) -> Line:
    fields = node.fields(("when", "means"), ("legend", "because", "third_party"))
    given = fields["when"].fields((), (*BESIDE_CELLS, *(column.key for column in columns)))
    when = {name: _cell(value) for name, value in given.items()}
    if not when:
        raise fields["when"].fail("`when` には1つ以上の欄が要ります", "`when` needs at least one cell")
    for name, known, ja, en in (
        ("channel", channels, "業務の場", "channel"),
        ("division", divisions, "区分", "division"),
    ):
        if name in given:
            given[name].choice(known, ja, en)
    if ("legend" in fields) == ("because" in fields):
        raise node.fail(
            "`legend`（凡例の行）か `because`（読み方）のどちらか1つが要ります",
            "either `legend` (a line of the document) or `because` (how it is read) is needed",
        )
    means = Meaning(fields["means"].choice(Meaning, "意味", "meaning"))
    if "third_party" in fields and means is not Meaning.UNDEFINED:
        raise fields["third_party"].fail(
            "第三者が印字された欄は `means: undefined` です（担当者は受託者か市職員です）",
            "a cell that names a third party means `undefined`: work is assigned to the contractor or to city staff",
        )
    return Line(
        when,
        means,
        _legend(fields["legend"]) if "legend" in fields else None,
        _reading(fields["because"]) if "because" in fields else None,
        fields["third_party"].text() if "third_party" in fields else "",
    )


def _legend(node: Node) -> Legend:
    cited = node.fields(("document", "line", "text"), ("en",))
    text = cited["text"].text()
    english = _sentence(cited["en"], cited["en"].text()) if "en" in cited else f"「{text.strip('「」')}」"
    return Legend(cited["document"].text(), cited["line"].number(), text, english)


def _designation(node: Node) -> Designation:
    fields = node.fields(("act", "legend"), ("rows",))
    return Designation(
        fields["act"].choice(DESIGNABLE, "指定公金事務取扱者の行為", "act of a designated person"),
        _legend(fields["legend"]),
        tuple(each.text() for each in fields["rows"].items()) if "rows" in fields else (),
    )


def _reading(node: Node) -> Bilingual:
    """How a cell is read: one sentence, which stands alone in the short answer."""
    said = node.bilingual()
    for text in said.values():
        _sentence(node, text)
    return said


def _sentence(node: Node, text: str) -> str:
    if len(sentences(text)) != 1:
        raise node.fail(
            "1つの文で、終わりの句点なしで書いてください（補足は括弧の中に）",
            "write one sentence, without its full stop (what is beside the point goes into brackets)",
        )
    return text


def _cell(node: Node) -> str:
    """What is printed: text, or nothing."""
    return "" if node.value == "" else node.text()
