"""
The work behind a row: each row has one kind of work, and a kind has a chain of acts in the order in which they are done.

The list says nothing of this. Kinds and chains are our judgement, with a reason each, and a city may replace them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from assign.errors import shown
from assign.words import Bilingual, once
from assign.yaml_nodes import Node

from .entries import Source

KINDS: Final = "kinds.yaml"
NOT_SAID: Final = "not_said"  # the kind of a row of which nobody has said it yet: of a list that was imported
MOST_STEPS: Final = 60  # of one chain
MOST: Final = 500  # kinds, and chains
_NO_ACTS: Final[frozenset[str]] = frozenset()


class Step(NamedTuple):
    """
    One act of a chain: the channel on which it is done; whether it may be left out, and if so, when it is done. `row` in the course of a
    case: where it goes on in another row; empty in the row whose plan it is.
    """

    act: str
    channel: str
    optional: bool
    when: Bilingual | None
    row: str


class Kind(NamedTuple):
    """A kind of work, its chain, and the rows that are of it. `reasons` has a word on a row where one is needed."""

    id: str
    label: Bilingual
    because: Bilingual
    source: Source
    steps: tuple[Step, ...]
    line: int
    rows: tuple[str, ...]
    reasons: Mapping[str, Bilingual]


class Chain(NamedTuple):
    """The course of a case that people know by one name, often over several rows. It is the plan of `rows`."""

    id: str
    label: Bilingual
    because: Bilingual
    source: Source
    steps: tuple[Step, ...]
    line: int
    rows: tuple[str, ...]


class Work:
    """
    All kinds and chains of a rule set. What a decision looks up is at hand; the rest is made when it is asked for.

    Attributes:
        at_counter: The acts that are part of every row with ○ at the counter.
        once_a_visit: The acts of which one is enough for all rows of a visit.
    """

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self._plain = plain
        self.at_counter: tuple[str, ...] = tuple(plain["counter"])
        self.once_a_visit: tuple[str, ...] = tuple(plain["once_a_visit"])
        self._common = frozenset(self.at_counter)
        acts = [frozenset(step[0] for step in kind["steps"]) for kind in plain["kinds"]]
        self._at = {row: at for at, kind in enumerate(plain["kinds"]) for row in kind["rows"]}
        self._acts = acts

    def plain(self) -> Mapping[str, Any]:
        """The same as lists, dicts and texts."""
        return self._plain

    @once
    def kinds(self) -> tuple[Kind, ...]:
        """In file order."""
        return tuple(
            Kind(**_said(kind), rows=tuple(kind["rows"]), reasons=kind["reasons"]) for kind in self._plain["kinds"]
        )

    @once
    def chains(self) -> tuple[Chain, ...]:
        """In file order."""
        return tuple(Chain(**_said(chain), rows=tuple(chain["rows"])) for chain in self._plain["chains"])

    def condition(self, act: str) -> Bilingual | None:
        """When an act is done that is not always done, whatever the row; none of an act that has no such condition."""
        found: Bilingual | None = self._plain["conditions"].get(act)
        return found

    @once
    def every_act(self) -> frozenset[str]:
        """The acts of all chains, and those of every counter."""
        return self._common.union(*self._acts)

    @property
    def rows(self) -> Collection[str]:
        """The rows that have a kind."""
        return self._at.keys()

    def kind(self, row: str) -> Kind | None:
        """The kind of a row; none where nobody has said it."""
        at = self._at.get(row)
        return None if at is None else self.kinds[at]

    @once
    def _names(self) -> tuple[dict[str, Any], ...]:
        return tuple({"key": kind["id"], "label": kind["label"]} for kind in self._plain["kinds"])

    def name(self, row: str) -> dict[str, Any] | None:
        """`{key, label}` of a row's kind; rows of one kind share it."""
        at = self._at.get(row)
        return None if at is None else self._names[at]

    @once
    def _courses(self) -> dict[str, Chain]:
        return {row: chain for chain in self.chains for row in chain.rows}

    def course(self, row: str) -> Chain | None:
        """The course of a case that is the plan of a row; none where its kind says all of it."""
        return self._courses.get(row)

    def is_own(self, row: str) -> bool:
        """Whether a row's kind rests on a paper of the city's own."""
        at = self._at.get(row)
        return at is not None and bool(self._plain["kinds"][at]["source"])

    def line(self, row: str) -> int:
        """The line on which a row's kind stands. The row must have one."""
        return int(self._plain["kinds"][self._at[row]]["line"])

    @once
    def channels(self) -> tuple[tuple[int, str], ...]:
        """The channels that the chains name, each with a line on which one does."""
        chains = [*self._plain["kinds"], *self._plain["chains"]]
        found = {step[1]: int(chain["line"]) for chain in reversed(chains) for step in chain["steps"]}
        return tuple((line, channel) for channel, line in found.items())

    def acts(self, row: str) -> frozenset[str]:
        """The acts of a row's chain."""
        at = self._at.get(row)
        return _NO_ACTS if at is None else self._acts[at]

    def has(self, row: str, act: str, *, counter: bool) -> bool:
        """Whether an act is part of a row's work. counter: Whether the row carries ○ at the counter."""
        return row in self._at and (act in self.acts(row) or (counter and act in self._common))

    def rows_with(self, act: str) -> Iterator[str]:
        """The rows whose chain has an act, kind by kind."""
        for kind, acts in zip(self._plain["kinds"], self._acts, strict=True):
            if act in acts:
                yield from kind["rows"]


def read_work(root: Node, known: Collection[str] | None = None) -> Work:
    """
    What `kinds.yaml` holds.

    Args:
        known: The acts that there are; not looked at where it is None.

    Raises:
        RuleFileError: With line and the nearest valid name.
    """
    fields = root.fields(("counter", "kinds", "chains"), ("conditions", "once_a_visit"))
    conditions = {
        act: text.bilingual()
        for act, text in (
            fields["conditions"].fields((), _acts(known, fields["conditions"])).items()
            if "conditions" in fields
            else ()
        )
    }
    kinds: dict[str, dict[str, Any]] = {}
    owner: dict[str, dict[str, Any]] = {}
    for node in _list(fields["kinds"]):
        parts = node.fields(("id", "label", "because", "chain", "rows"), ("basis", "source", "reasons"))
        rows = [row.text() for row in parts["rows"].items()]
        kind = {
            **_entry(node, parts, kinds),
            "steps": _steps(parts["chain"], known, conditions),
            "line": node.line,
            "rows": rows,
            "reasons": {row: text.bilingual() for row, text in parts["reasons"].fields((), rows).items()}
            if "reasons" in parts
            else {},
        }
        kinds[kind["id"]] = kind
        for row in rows:
            if row in owner:
                first = owner[row]
                raise node.fail(
                    f"行 {shown(row)} は {first['line']} 行目の `{first['id']}` にもあります",
                    f"the row {shown(row)} stands under `{first['id']}` (line {first['line']}), too",
                )
            owner[row] = kind
    chains: dict[str, dict[str, Any]] = {}
    planned: dict[str, str] = {}
    for node in _list(fields["chains"], empty=True):
        parts = node.fields(("id", "label", "because", "rows", "steps"), ("basis", "source"))
        rows = list(parts["rows"].choices(owner, "行", "row"))
        chain = {
            **_entry(node, parts, chains),
            "steps": _steps(parts["steps"], known, conditions, owner),
            "line": node.line,
            "rows": rows,
        }
        if twice := next((row for row in rows if row in planned), None):
            raise parts["rows"].fail(
                f"行 {shown(twice)} の流れは `{planned[twice]}` にもあります",
                f"the row {shown(twice)} has its course in `{planned[twice]}`, too",
            )
        planned |= dict.fromkeys(rows, chain["id"])
        chains[chain["id"]] = chain

    def acts_of(name: str) -> list[str]:
        return list(fields[name].choices(_acts(known, fields[name]), "行為", "act")) if name in fields else []

    return Work(
        {
            "counter": acts_of("counter"),
            "once_a_visit": acts_of("once_a_visit"),
            "conditions": conditions,
            "kinds": list(kinds.values()),
            "chains": list(chains.values()),
        }
    )


def _entry(node: Node, parts: Mapping[str, Node], known: Collection[str]) -> dict[str, Any]:
    name = parts["id"].text()
    if name in known:
        raise node.fail(f"{shown(name)} が2度あります", f"{shown(name)} stands twice")
    texts = {"id": name, "label": parts["label"].bilingual(), "because": parts["because"].bilingual()}
    return {**texts, "source": _source(node, parts)}


def _source(node: Node, parts: Mapping[str, Node]) -> list[str]:
    """A paper of the city's own, `[document, role]`; nothing where it is our judgement."""
    if "source" in parts:
        if "basis" in parts:
            raise parts["basis"].fail(
                "`basis` と `source` は一方だけを書いてください", "write `basis` or `source`, not both"
            )
        fields = parts["source"].fields(("document", "role"))
        return [fields["document"].text(), fields["role"].text()]
    if "basis" in parts:
        parts["basis"].choice(("judged",), "根拠の確かさ", "basis")
    elif "chain" in parts:
        raise node.fail(
            "`basis: judged` か、市の文書を示す `source` が要ります",
            "`basis: judged` is needed, or `source` with a paper of the city's",
        )
    return []


def _steps(
    node: Node, known: Collection[str] | None, conditions: Mapping[str, Bilingual], rows: Collection[str] | None = None
) -> list[list[Any]]:
    """Each `[act, channel, optional, when, row]`."""
    steps = []
    for each in _list(node, MOST_STEPS):
        fields = each.fields(("act", "channel"), ("optional", "when", *(() if rows is None else ("row",))))
        act = fields["act"].choice(_acts(known, fields["act"]), "行為", "act")
        optional = "optional" in fields and fields["optional"].truth()
        if "when" in fields and not optional:
            raise fields["when"].fail(
                "`when` は optional の行為にだけ書けます", "`when` stands on an optional act alone"
            )
        when = fields["when"].bilingual() if "when" in fields else conditions.get(act) if optional else None
        channel = fields["channel"].text()
        row = fields["row"].choice(rows, "行", "row") if rows is not None and "row" in fields else ""
        steps.append([act, channel, optional, when, row])
    return steps


def _acts(known: Collection[str] | None, node: Node) -> Collection[str]:
    """What an act may be; where that is not known, whatever stands there."""
    if known is not None:
        return known
    return list(node.value) if isinstance(node.value, dict) else [each.text() for each in node.items()]


def _list(node: Node, most: int = MOST, *, empty: bool = False) -> list[Node]:
    if not isinstance(node.value, list) or not (node.value or empty) or len(node.value) > most:
        raise node.fail(
            f"一覧（- で始まる項目、{most} 件まで）が要ります", f"a list is needed here, of at most {most} entries"
        )
    return node.value


def _said(plain: Mapping[str, Any]) -> dict[str, Any]:
    """What kinds and chains have in common."""
    paper = plain["source"]
    return {
        **{name: plain[name] for name in ("id", "label", "because", "line")},
        "source": Source(paper[0], None, paper[1], "") if paper else Source("", None, "", "judged"),
        "steps": _steps_of(plain["steps"]),
    }


def _steps_of(plain: list[list[Any]]) -> tuple[Step, ...]:
    return tuple(Step(act, channel, optional, when, row) for act, channel, optional, when, row in plain)
