"""
A rule file's text → plain nodes that know their line.

YAML is read as a small, safe part of 1.2: mappings, lists and text. Every scalar is text (`no` stays `no`, `12:30`
stays `12:30`); anchors, aliases, tags, merge keys and duplicate keys are refused, and so is a file that is too
large or too deep. Only libyaml's event stream is used, so nothing is ever expanded or constructed.

What a reviewer sees is what is read: no character of the file, a comment's either, is one that nobody sees, and a text is
one line: a line break in a sentence could pass for another paragraph of the answer.

What is kept parsed (`rules.precompiled`) is used only for a file whose text is the very text it was made from.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Final

from assign.dates import ISO
from assign.errors import NO_NAME, RuleFileError, code_point, hidden, shown, system_reason, visible
from assign.resources import NotText, TooLarge, decoded, whole
from assign.words import nearest

LARGEST: Final = 1_000_000  # bytes; the largest built-in file has 25,000
DEEPEST: Final = 12
LONGEST_TEXT: Final = 2_000


class Node:
    """A value and the line it stands on. `value` is text, a list of nodes, or a mapping from text to nodes."""

    __slots__ = ("file", "line", "value")

    def __init__(self, file: str, line: int, value: str | list[Node] | dict[str, Node]) -> None:
        self.file: str = file
        self.line: int = line
        self.value: str | list[Node] | dict[str, Node] = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and flat(self) == flat(other)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # it holds lists and dicts

    def fail(self, ja: str, en: str, near: Iterable[str] = ()) -> RuleFileError:
        """The error that this node does not fit."""
        return RuleFileError(self.file, self.line, ja, en, list(near))

    def text(self) -> str:
        """A text that says something."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.fail("文字列が要ります", "text is needed here")
        if len(self.value) > LONGEST_TEXT:
            raise self.fail(
                f"{LONGEST_TEXT} 文字までの文字列が要ります",
                f"text of at most {LONGEST_TEXT} characters is needed here",
            )
        return self.value

    def items(self) -> list[Node]:
        """A list; one value alone counts as a list of one."""
        return self.value if isinstance(self.value, list) else [self]

    def fields(self, required: Iterable[str], optional: Iterable[str] = ()) -> Mapping[str, Node]:
        """A mapping with all of `required` and nothing beyond `optional`."""
        if not isinstance(self.value, dict):
            raise self.fail("項目（名前: 値）が要ります", "a mapping is needed here")
        known = (*required, *optional)
        for name, node in self.value.items():
            if name not in known:
                raise node.fail(
                    f"{shown(name)} という項目はありません",
                    f"there is no field {shown(name)}",
                    nearest(name, known) or known[:8],
                )
        for name in required:
            if name not in self.value:
                raise self.fail(f"`{name}` がありません", f"`{name}` is missing")
        return self.value

    def choice(self, known: Iterable[str], ja: str, en: str) -> str:
        """A text out of a closed set, called `ja` / `en` in the message."""
        known = _looked_up(known)
        if not isinstance(self.value, str) or self.value not in known:
            given = self.value if isinstance(self.value, str) else ""
            raise self.fail(
                f"{shown(given)} という{ja}はありません",
                f"there is no {en} {shown(given)}",
                nearest(given, known) or list(known)[:8],
            )
        return self.value

    def choices(self, known: Iterable[str], ja: str, en: str) -> tuple[str, ...]:
        """One or more texts out of a closed set, none twice."""
        known = _looked_up(known)
        found = tuple(node.choice(known, ja, en) for node in self.items())
        if not found or len(set(found)) != len(found):
            raise self.fail(f"{ja}が空か、重なっています", f"an empty or repeated {en}")
        return found

    def bilingual(self) -> dict[str, str]:
        """`{ja: …, en: …}`, both there."""
        fields = self.fields(("ja", "en"))
        return {"ja": fields["ja"].text(), "en": fields["en"].text()}

    def number(self) -> int:
        """A line number or the like: digits alone, from 1 on."""
        text = self.text()
        if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text)):
            raise self.fail(f"{shown(text)} は番号ではありません", f"{shown(text)} is not a number")
        return int(text)

    def day(self) -> date:
        """YYYY-MM-DD."""
        text = self.text()
        try:
            if ISO.fullmatch(text):
                return date.fromisoformat(text)
            raise ValueError(text)  # a file is kept, and compared: it has one way of writing a day
        except ValueError:
            raise self.fail(
                f"{shown(text)} は日付ではありません（YYYY-MM-DD）", f"{shown(text)} is not a date (YYYY-MM-DD)"
            ) from None

    def truth(self) -> bool:
        """`true` or `false`."""
        return self.choice(("true", "false"), "真偽値", "truth value") == "true"


def _looked_up(known: Iterable[str]) -> Collection[str]:
    """Where a word is looked for as fast in many words as in few, and never copied twice."""
    return known if isinstance(known, dict) else dict.fromkeys(known)


def read(path: Path) -> bytes:
    """
    The bytes of one file.

    Raises:
        RuleFileError: It is not there, cannot be read, or is too large.
    """
    name = path.name
    try:
        return whole(path, LARGEST)
    except TooLarge:
        raise RuleFileError(name, 1, "ファイルが大きすぎます", f"larger than {LARGEST} bytes") from None
    except (OSError, ValueError) as error:
        ja, en = system_reason(error, NO_NAME)
        raise RuleFileError(name, 1, f"読めません（{ja}）", f"cannot be read ({en})") from None


def parse(name: str, data: bytes, kept: Mapping[str, Any] | None = None) -> Node:
    """
    A file's bytes → its root node.

    Args:
        kept: What `rules.precompiled.kept` gave; used if it was made from this very text.

    Raises:
        RuleFileError: With file and line.
    """
    if len(data) > LARGEST:  # of a log's edition; a file is not read so far
        raise RuleFileError(name, 1, "ファイルが大きすぎます", f"larger than {LARGEST} bytes")
    try:
        text = decoded(data).replace("\r\n", "\n")
    except NotText as error:
        raise RuleFileError(name, error.line, error.ja, error.en) from None
    if kept and (known := kept.get(name)) and known["text"] == text:
        return _node(name, known["tree"])
    for line, written in enumerate(text.split("\n"), start=1):
        if (c := hidden(written, "\t")) is not None:
            raise unseen(name, line, c)
    return _parsed(name, text)


def unseen(file: str, line: int, c: str) -> RuleFileError:
    """The error that a character stands there which nobody sees."""
    return RuleFileError(
        file,
        line,
        f"見えない文字 {code_point(c)} があります（消してください）",
        f"a hidden character {code_point(c)} (remove it; a rule file is text without control characters)",
    )


def _parsed(name: str, text: str) -> Node:
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml where the wheel has it
    try:
        return _Reader(name, text, yaml.parse(text, Loader=loader), yaml).document()
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        # Without libyaml, PyYAML's own scanner fails in ways of Python's (`\\UFFFFFFFF` is no character).
        mark = getattr(error, "problem_mark", None)
        problem = visible(str(getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"))[:100]
        line = mark.line + 1 if mark else 1
        raise RuleFileError(name, line, f"YAML として読めません（{problem}）", f"not YAML ({problem})") from None


def flat(node: Node) -> list[Any]:
    """As `[line, value]`, for JSON."""
    value = node.value
    if isinstance(value, list):
        return [node.line, [flat(each) for each in value]]
    if isinstance(value, dict):
        return [node.line, {name: flat(each) for name, each in value.items()}]
    return [node.line, value]


def _node(file: str, tree: list[Any]) -> Node:
    line, value = tree
    if type(value) is str:
        return Node(file, line, value)
    if type(value) is dict:
        return Node(file, line, {name: _node(file, each) for name, each in value.items()})
    return Node(file, line, [_node(file, each) for each in value])


_ENDS: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # of lines, as libyaml counts them


class _Reader:
    def __init__(self, file: str, text: str, events: Iterator[Any], yaml: Any) -> None:
        self._file = file
        self._lines = _ENDS.split(text.removeprefix("\ufeff"))
        self._events = events
        self._yaml = yaml

    def document(self) -> Node:
        next(self._events)  # the start of the stream
        first = next(self._events)
        if isinstance(first, self._yaml.StreamEndEvent):
            raise RuleFileError(self._file, 1, "ファイルが空です", "the file is empty")
        root = self._node(next(self._events), 0)
        next(self._events)  # the end of the document
        last = next(self._events)
        if not isinstance(last, self._yaml.StreamEndEvent):
            raise RuleFileError(self._file, last.start_mark.line + 1, "文書は1つだけです", "more than one document")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line = event.start_mark.line + 1
        if isinstance(event, self._yaml.AliasEvent) or event.anchor is not None:
            raise RuleFileError(
                self._file,
                line,
                "アンカーと別名（& と *）は使えません",
                "anchors and aliases (& and *) are not allowed",
            )
        if event.tag is not None:
            raise RuleFileError(self._file, line, "タグ（!）は使えません", "tags (!) are not allowed")
        if depth > DEEPEST:
            raise RuleFileError(self._file, line, "入れ子が深すぎます", "nested too deeply")
        self._as_in_1_2(event)
        if isinstance(event, self._yaml.ScalarEvent):
            value = event.value.removesuffix("\n") if event.style in ("|", ">") else event.value  # a block's own end
            if (c := hidden(value)) is not None:
                if c == "\n":
                    raise RuleFileError(
                        self._file,
                        line,
                        "文字列の中に改行があります（1行で書いてください。長い文は `>-` で折り返せます）",
                        "a line break within a text (write it on one line; `>-` folds a long one)",
                    )
                raise unseen(self._file, line, c)
            return Node(self._file, line, value)
        if isinstance(event, self._yaml.SequenceStartEvent):
            values = []
            while not isinstance(event := next(self._events), self._yaml.SequenceEndEvent):
                values.append(self._node(event, depth + 1))
            self._as_in_1_2(event)
            return Node(self._file, line, values)
        mapping: dict[str, Node] = {}
        while not isinstance(event := next(self._events), self._yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key.value, str):
                raise key.fail("項目の名前は文字列です", "a field's name must be text")
            if key.value == "<<":
                raise key.fail("マージキー（<<）は使えません", "merge keys (<<) are not allowed")
            if key.value in mapping:
                raise key.fail(f"{shown(key.value)} が2度あります", f"{shown(key.value)} stands twice")
            value = mapping[key.value] = self._node(next(self._events), depth + 1)
            value.line = key.line  # a block that opens below its name is told by the name's line
        self._as_in_1_2(event)
        return Node(self._file, line, mapping)

    def _as_in_1_2(self, event: Any) -> None:
        """
        Refuse what libyaml reads otherwise than YAML 1.2: `{?x: y}`, of which it drops the `?`, and a `#` that touches what
        it follows, which it takes for a comment.
        """
        start, end = event.start_mark, event.end_mark
        opens = not isinstance(event, (self._yaml.SequenceEndEvent, self._yaml.MappingEndEvent))
        if opens and start.column and self._lines[start.line][start.column - 1 : start.column] == "?":
            raise RuleFileError(
                self._file,
                start.line + 1,
                "`?` で始まる値は引用符で囲んでください",
                "quote a value that begins with `?`",
            )
        if end.line < len(self._lines) and end.column and self._lines[end.line][end.column : end.column + 1] == "#":
            raise RuleFileError(self._file, end.line + 1, "`#` の前に空白が要ります", "a space is needed before `#`")
