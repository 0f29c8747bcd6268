"""
Rows as they were read: `Task`, and the `Catalog` of frozen tasks that every decision looks things up in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from assign.resources import joined
from assign.words import CONSIGNING, Choices, Meaning, Reading, normal, once, printed_number, sha256

from .manifest import FILE, ON_THE_PHONE, Manifest
from .parts import NO_COLUMN, Line, Said
from .turns import Turn, may_have_a_day, turns

CATALOG: Final = "catalog.csv"
LARGEST: Final = 4_000_000  # bytes, of a catalog or a document; the built-in ones have 48,000 and 30,000
# A clause in brackets that takes something out, a sentence that begins with ただし or ※, and what holds from a day on or until one.
_CONDITION: Final = re.compile(
    r"[（(]([^（()）]*(?:を除く|に限る|のみ|の?場合は|以外|は市職員|は受託者)[^（()）]*)[）)]|((?:ただし|但し|※)[^※]*)"
    r"|([^。※]*?(?:(?:令和|平成)[0-9０-９元]+年|[0-9０-９]{4}年)[^。、※]{0,12}(?:から|まで|以降|以後|より)[^。※]*)"
)
# The same without brackets, where it is a remark of its own: 65歳以上を除く, 本人が来た場合は市職員.
_IN_REMARK: Final = re.compile(
    rf"{_CONDITION.pattern}|([^。※]*(?:を除[くき]|に限[るり]|のみ|の?場合[はにも、]|のときは?|ときは|以外は"
    r"|終了|廃止|休止|中止|準備中|不可|対象外|限り|要予約|予約制|分だけ|のみで|除外|直営)[^。※]*)"
)


def is_condition(text: str) -> bool:
    """
    Whether a remark excepts something, or asks for something.

    >>> is_condition("本人が来た場合は市職員"), is_condition("年間約1,200件")
    (True, False)
    """
    return _IN_REMARK.search(text) is not None


CONDITION_IN_WORDS: Final = "condition_in_words"  # the importer's, which knows what the list calls the parties
_SIGN: Final = re.compile(r"(?:※|＊|注)[0-9０-９]{1,2}$")  # of a footnote, at the end of a name
ORIGINAL_CHECKED: Final = "original_checked"  # the one repair that a city makes, and the reader never

# What a repair is called, and why it was made. Every code of the catalog stands here.
REPAIRS: Final = {
    "heading_carried": "大分類・中分類は最初の行にだけ印字され、下の行に続く。",
    "heading_displaced": "見出しのセルがずれている。1つだけの見出しは中分類である。",
    "cells_shifted": "セルが抜けたか増えた。列の位置ではなく並び順と記号で読んだ。",
    "past_last_column": "印が最後の列より1つ右にある。列の順は変わらないので、1つ左の列と読んだ。",
    "number_split": "番号と名称が別のセルに分かれている。",
    "name_from_heading": "名称の印字がなく、中分類を名称とした。",
    "remark_split": "名称の中の注記を分けた。",
    "undefined_mark": "凡例に定義のない印がある。",
    "name_wrapped": "名称が次の行に続いている。",
    "merged_cell": "結合されたセルに1度だけ印字されたものを、その行のものと読んだ。",
    "struck": "取消線の文字を、凡例のとおりないものとして読んだ。",
    "number_plain": "番号の全角を半角にした。",
    "line_break": "セルの中に改行があり、文書の2行以上にわたる。",
    "channel_unsettled": "同じ区画の行がずれており、印がどの場の欄のものか、この文字データからは決められない。",
    CONDITION_IN_WORDS: "備考が、だれがいつから行うかを言葉で言っている。条件として答えに示す。",
    "cell_unread": "色・取消線・式・表示形式・注の記号のため、印をそのままには読まなかった。",
    ORIGINAL_CHECKED: "この文字データからは決められない欄を、原本で確かめた。市が台帳に書くもので、読み取りでは付かない。",
}


# Those of them by which a cell, or a name, stands elsewhere than it should.
DISPLACED: Final = frozenset(
    {"heading_displaced", "cells_shifted", "past_last_column", "number_split", "name_from_heading", "name_wrapped", "channel_unsettled"}
)  # fmt: skip


class Task(NamedTuple):
    """
    One row as read, and its key.

    Attributes:
        section, group: 大分類 and 中分類 as printed, inner spaces kept, carried down.
        number, name, remark: 小分類; `name` is the 中分類 where none is printed; `remark` may be empty.
        cells: what is printed in each cell, by the names of `Manifest.cells`; `?` where the text cannot tell.
        line, raw: the 1-based line of the document and its text, to the byte.
        repairs: codes of `REPAIRS`. reading: how sure it is.
        document, id, item: what `with_keys` adds; `item` names the row alone in its division (`24`, `22-3`).
    """

    division: str
    section: str
    group: str
    number: str
    name: str
    remark: str
    cells: Mapping[str, str]
    line: int
    raw: str
    reading: Reading
    repairs: tuple[str, ...]
    document: str = ""
    id: str = ""
    item: str = ""

    @property
    def conditions(self) -> list[str]:
        """What the row excepts or asks for, as printed (ただし…, …を除く, ※…): shown with every answer, and never evaluated."""
        lead, sign, rest = self.remark.partition("※")
        whole = CONDITION_IN_WORDS in self.repairs and lead.strip() != ""
        pairs = ((_CONDITION, self.name), (_IN_REMARK, sign + rest if whole else self.remark))
        found = [found[0].strip() for pattern, text in pairs for found in pattern.finditer(text)]
        signs = [
            text
            for text in found
            if _SIGN.fullmatch(text) and any(each.startswith(text) and each != text for each in found)
        ]
        found = [text for text in found if text not in signs]  # the sentence stands for its sign
        return [lead.strip(), *found] if whole else found


@dataclass(frozen=True, eq=False, repr=False)
class Catalog:
    """
    All tasks in document order, what the list says of them, and the bytes of both files (`rows` of the catalog alone).

    `data` is the list as a log keeps it: the manifest and the catalog, each headed by its name and its length in bytes.
    """

    tasks: tuple[Task, ...]
    manifest: Manifest
    rows: bytes

    @once
    def data(self) -> bytes:
        """Manifest and catalog, as one text."""
        return joined({FILE: self.manifest.data, CATALOG: self.rows})

    @once
    def sha256(self) -> str:
        """The SHA-256 of `data`, in hexadecimal."""
        return sha256(self.data)

    def says(self, task: Task, channel: str, act: str | None = None) -> Said:
        """What the list says of a row on a channel, for an act or for the work as a whole; worked out once for each."""
        if act == ON_THE_PHONE:
            channel = self.manifest.place_of(act, channel)
        named = act if act in self.manifest.printed_acts else None
        if act is not None and named is None and self.manifest.by_acts(channel, task.cells):
            named = ""  # none of those that it prints, whichever that is
        key = (task.id, channel, named)
        found = self._said.get(key)
        if found is None:
            found = self._said[key] = self.manifest.says(task.id, task.cells, channel, named)
        return found if act is None or named is not None else self.manifest.beyond(found)

    def channels_of(self, task: Task) -> tuple[str, ...]:
        """The channels that the table of a row has columns for; all of them where it has for none, and where the list has one table."""
        every = tuple(self.manifest.channels)
        return tuple(key for key in every if self.says(task, key).line is not NO_COLUMN) or every

    @once
    def _said(self) -> dict[tuple[str, str, str | None], Said]:
        return {}

    def turned(self, task: Task, channel: str, act: str | None, meaning: Meaning, on: date) -> Line | None:
        """What a row's remark makes of its mark on a day, where it then gives the work to the other party; else None (`turns`)."""
        for turn, line in self._turns(task.id):
            if turn.against(meaning, on) and (not turn.narrow or self._about(turn.said, channel, act)):
                return line
        return None

    def _about(self, remark: str, channel: str, act: str | None) -> bool:
        """Whether a remark is about a channel and an act: those that it names, or all where it names none that the list prints."""
        channels = self.manifest.channels.values()
        named = [each.key for each in channels if any(word in remark for word in each.words)]
        if len(channels) > 1 and named and channel not in named:
            return False
        plain = normal(remark)
        acts = {key for heading, keys in self.manifest.act_headings.items() if heading in plain for key in keys}
        return act in acts if acts else True

    def conditions(self, task: Task, channel: str, act: str | None) -> list[str]:
        """A row's conditions, without those of which the list says beside them that they are about other channels or acts."""
        return [text for text in task.conditions if not self._of_another(text, channel, act)]

    def _of_another(self, condition: str, channel: str, act: str | None) -> bool:
        """Whether what stands in front of a condition (`郵送: …`) or behind it (`…（郵送の欄）`) names cells, and none of those asked for."""
        named = re.match(r"※?([^:：（）]+): ", condition) or re.search(r"（([^（）]+)の欄）$", condition)
        words = [normal(word) for word in named[1].split("・")] if named else []
        channels = {normal(word): each.key for each in self.manifest.channels.values() for word in each.words}
        headings = self.manifest.act_headings
        if not words or not all(word in channels or word in headings for word in words):
            return False
        of_channels = {channels[word] for word in words if word in channels}
        of_acts = {key for word in words for key in headings.get(word, ())}
        elsewhere = bool(of_channels) and self.manifest.place_of(act, channel) not in of_channels
        return elsewhere or (act is not None and bool(of_acts) and act not in of_acts)

    def days(self, rows: Iterable[str]) -> tuple[date, ...]:
        """The days on which the list itself says something else of rows: it begins, or ends, or a remark gives the work to another."""
        return (*self.manifest.turns, *sorted({day for row in rows for day in self.turn_days(row)}))

    def turn_days(self, row: str) -> set[date]:
        """The days on which what a row's remark says of its mark changes."""
        found = (day for turn, _ in self._turns(row) for day in (turn.since, turn.after))
        return {day for day in found if date.min < day < date.max}

    def _turns(self, row: str) -> tuple[tuple[Turn, Line], ...]:
        """What a row's remark and name say so, each with its line; worked out when the row is first asked for."""
        found = self._turned.get(row)
        if found is None:
            task = self.by_id[row]
            texts = [text for text in (task.remark, task.name) if may_have_a_day(text)]
            marks = self.manifest.mark_sides(row, task.cells) if texts else {}
            found = self._turned[row] = tuple((turn, turn.line) for text in texts for turn in turns(text, marks))
        return found

    @once
    def _turned(self) -> dict[str, tuple[tuple[Turn, Line], ...]]:
        return {}

    def at_a_counter(self, task: Task) -> bool:
        """Whether the work of a row is done where a citizen stands."""
        found = self._at_a_counter.get(task.id)
        if found is None:
            counters = (channel.key for channel in self.manifest.channels.values() if channel.kind == "counter")
            found = any(self.says(task, channel).meaning in CONSIGNING for channel in counters)
            self._at_a_counter[task.id] = found
        return found

    @once
    def _at_a_counter(self) -> dict[str, bool]:
        return {}

    @once
    def by_id(self) -> dict[str, Task]:
        """The row of an id."""
        return {task.id: task for task in self.tasks}

    @once
    def by_number(self) -> dict[tuple[str, str], tuple[Task, ...]]:
        """All rows that carry a number in a division, in document order."""
        found: dict[tuple[str, str], list[Task]] = {}
        for task in self.tasks:
            number = printed_number(task.number or task.item) or ""
            found.setdefault((task.division, number), []).append(task)
        return {key: tuple(tasks) for key, tasks in found.items()}

    def on_channel(self, rows: tuple[Task, ...], channel: str) -> tuple[Task, ...]:
        """Of rows of one number and name, which a list prints once for each channel, those that stand under this one; else all."""
        if len(rows) < 2 or len({(task.group, normal(task.name)) for task in rows}) > 1:
            return rows
        return tuple(task for task in rows if channel in self.channels_of(task)) or rows

    @once
    def by_item(self) -> dict[tuple[str, str], Task]:
        """The row of an item in a division: its number, or number and place where several rows carry it."""
        return {(task.division, task.item): task for task in self.tasks}

    @once
    def unnumbered(self) -> dict[tuple[str, str], tuple[Task, ...]]:
        """The rows without a number, by division and name: their name is what people call them by, with a footnote's sign or without."""
        found: dict[tuple[str, str], list[Task]] = {}
        for task in self.tasks:
            if not task.number:
                for name in dict.fromkeys((normal(task.name), normal(_SIGN.sub("", task.name)))):
                    found.setdefault((task.division, name), []).append(task)
        return {key: tuple(tasks) for key, tasks in found.items()}

    @once
    def numbers(self) -> dict[str, Numbers]:
        """The numbers of each division that has a row."""
        found: dict[str, list[Task]] = {}
        for task in self.tasks:
            found.setdefault(task.division, []).append(task)
        return {division: Numbers(tasks) for division, tasks in found.items()}


class Numbers:
    """
    A division's numbers and names, made ready to be asked for what is near a wrong one.

    Attributes:
        rows: Each number, and on how many rows it stands. first, last: The span of them. has_branches: Whether any is printed as `5-1`.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.rows: dict[str, int] = dict(Counter(task.number or task.item for task in tasks))
        self.has_branches: bool = any("-" in task.number for task in tasks)
        self.first: str = tasks[0].number or tasks[0].item
        self.last: str = max(reversed(self.rows), key=_digits)  # of letters the last
        self._choices = Choices(self.rows)
        self._items = {f"{task.name} {task.group} {task.section}": task.item for task in tasks}
        self._names = Choices(self._items)

    def near(self, number: str) -> list[str]:
        """The numbers near one that is none of them."""
        closest = min(self.rows, key=lambda known: abs(_digits(known) - _digits(number)))
        return list(dict.fromkeys([closest, *self._choices.nearest(number)]))[:3]

    def named(self, given: object) -> list[str]:
        """The items whose names are near a text."""
        return [self._items[name] for name in self._names.nearest(given)]


def _digits(number: str) -> int:
    """What a printed number begins with, to sort by and to measure how near two are; 0 for a letter."""
    found = re.match(r"[0-9]{1,8}", number, re.ASCII)
    return int(found[0]) if found else 0


def with_keys(rows: Iterable[Task], document: str) -> tuple[Task, ...]:
    """
    Give every row its id: the number where it stands once in the division, else number and place; number and line where that is the
    number of another row (`1-1` of two rows `1`). A row without a number is known by its line (`L12`).
    """
    rows = list(rows)
    numbers = [row.number or f"L{row.line}" for row in rows]
    often = Counter((row.division, number) for row, number in zip(rows, numbers, strict=True))
    seen: Counter[tuple[str, str]] = Counter()
    tasks = []
    for row, number in zip(rows, numbers, strict=True):
        key = (row.division, number)
        seen[key] += 1
        placed = f"{number}-{seen[key]}"
        if (row.division, placed) in often:
            placed = f"{number}-L{row.line}"
        item = number if often[key] == 1 else placed
        tasks.append(row._replace(document=document, id=f"{row.division}-{item}", item=item))
    return tuple(tasks)
