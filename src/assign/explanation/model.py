"""
The contract's answer as frozen, strict pydantic models: what Python users hold, and the JSON schema of it.

Making these classes takes longer than a whole decision, so this room is entered by those who ask for a `Decision`, a
`Row` or the schema; the terminal prints the same answer without it. A test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assign.words import ActClass, Assignee, Certainty, Channel, Division, Listed, Mark, Reading

from .plain_text import explain


class Frozen(BaseModel):
    """Immutable, nothing beyond the named fields, dumped under the contract's names."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True, validate_by_alias=True
    )


class Text(Frozen):
    """One sentence in Japanese and English."""

    ja: str
    en: str


class RowSource(Frozen):
    """Where a row stands: 1-based line of the document, and its text to the byte."""

    document: str
    line: int
    raw: str


class KindOfWork(Frozen):
    """What kind of work a row is (our judgement, or the city's own)."""

    key: str
    label: Text


class Row(Frozen):
    """A row of the list. `kind` is None where nobody has said what work stands behind it."""

    id: str
    section: str
    group: str
    number: str
    name: str
    mark: Mark
    counter: Listed
    backyard: Listed
    kind: KindOfWork | None
    source: RowSource
    division: Division
    remark: str
    glyph: str
    reading: Reading
    repairs: tuple[str, ...]


class Act(Frozen):
    """The act asked for, and its class."""

    key: str
    label: Text
    act_class: ActClass = Field(alias="class")


class Next(Frozen):
    """What the person at the desk does now."""

    text: Text


class Cite(Frozen):
    """What a sentence rests on. `line` is 1-based in `document` (the list, or a file under rules/)."""

    kind: Literal["row", "legend", "act", "chain", "note", "ruling"]
    document: str
    line: int
    text: str


class Reason(Frozen):
    """A sentence, the rule that it belongs to, and its citations."""

    rule: str
    text: Text
    cites: tuple[Cite, ...]


class ReservedAct(Frozen):
    """An act that never goes to the contractor, and whose authority it is."""

    act: str
    label: Text
    act_class: ActClass = Field(alias="class")
    holder: str
    holder_label: Text


class SharedAct(Frozen):
    """An act of which the city decides and the contractor may do the paperwork."""

    act: str
    label: Text
    city: Text
    contractor: Text


class PrintedCondition(Frozen):
    """A condition as the list prints it (ただし…, …を除く, ※). It is never evaluated: the answer holds for the rest."""

    text: str
    cite: Cite


class Owner(Frozen):
    """A row whose work the act asked for is."""

    row: str
    division: Division
    item: str
    name: str


class Handoff(Frozen):
    """How the case goes over. It carries a reason and the cited row, never an instruction."""

    from_: str = Field(alias="from")
    to: str
    reason_code: str
    text: Text
    slip: Text
    from_label: Text
    to_label: Text


class Caveat(Frozen):
    """Something to be careful about; it never changes who is assigned."""

    code: str
    text: Text
    cites: tuple[Cite, ...]


class Question(Frozen):
    """What to ask where a ruling is needed, and of whom."""

    text: Text
    to: str
    from_: str = Field(alias="from")
    from_label: Text
    to_label: Text


class FixedDict(dict[str, Any]):
    """A dict that stays as it was made: a decision is shared between all who asked the same."""

    def _fixed(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a decision cannot be changed")

    __setitem__: Any = _fixed
    __delitem__: Any = _fixed
    __ior__: Any = _fixed
    clear: Any = _fixed
    pop: Any = _fixed
    popitem: Any = _fixed
    setdefault: Any = _fixed
    update: Any = _fixed

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none, since it may change; this one may not
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FixedDict, (dict(self),))


class OtherOutcome(Frozen):
    """
    An assignee that it is not, and what excluded it: `unmet` are the facts that `nearest_rule` would need, which another
    act or a ruling would bring. `nearest_rule` is None where only a change of the contract would.
    """

    assignee: Assignee
    rule: str
    text: Text
    nearest_rule: str | None
    unmet: Annotated[dict[str, tuple[str, ...]], AfterValidator(FixedDict)]


class Change(Frozen):
    """A smallest change of the request, and the assignee that it leads to."""

    change: Annotated[dict[str, str | None], AfterValidator(FixedDict)]
    assignee: Assignee
    certainty: Certainty
    text: Text


class Provenance(Frozen):
    """The exact list, rules, program and engine behind the answer."""

    catalog_sha256: str
    rules_sha256: str
    assign_version: str
    engine: str


class Decision(Frozen):
    """
    Who handles a piece of work, how sure that is, and why.

    `model_dump(mode="json")` is the contract's JSON object; `explain()` is what a clerk reads, `explain(why=True)` all of it.
    """

    assignee: Assignee
    certainty: Certainty
    division: Division
    item: str
    channel: Channel
    act: Act | None
    on: date
    rows: tuple[Row, ...]
    rules: tuple[str, ...]
    next: Next
    reasons: tuple[Reason, ...]
    reserved: tuple[ReservedAct, ...]
    shared: tuple[SharedAct, ...]
    exceptions: tuple[PrintedCondition, ...]
    elsewhere: tuple[Owner, ...]
    handoff: Handoff | None
    caveats: tuple[Caveat, ...]
    question: Question | None
    why_not: tuple[OtherOutcome, ...]
    would_change: tuple[Change, ...]
    provenance: Provenance

    def explain(self, lang: str = "ja", *, why: bool = False) -> str:
        """
        The answer as a clerk reads it, in `ja` or `en`: at most eight lines of a terminal.

        Args:
            why: Everything that it rests on, each special word with what it means.
        """
        return explain(self.model_dump(mode="json"), lang, why=why)


_Part = TypeVar("_Part", bound=Frozen)


class Maker:
    """
    Makes answers into decisions. Parts that many answers share (rows, reserved acts, changes) become one model each.

    A part is known by its identity; it is kept beside its model, so that an identity is never used twice. The number
    of such parts is bounded by the list and the rules.
    """

    def __init__(self) -> None:
        self._made: dict[int, tuple[dict[str, Any], Frozen]] = {}

    def decision(self, answer: dict[str, Any]) -> Decision:
        """The answer, validated, as a frozen model."""
        return Decision.model_validate(
            {
                **answer,
                "rows": self.rows(answer["rows"]),
                "reserved": self._parts(ReservedAct, answer["reserved"]),
                "shared": self._parts(SharedAct, answer["shared"]),
                "elsewhere": self._parts(Owner, answer["elsewhere"]),
                "why_not": self._parts(OtherOutcome, answer["why_not"]),
                "would_change": self._parts(Change, answer["would_change"]),
                "provenance": self._part(Provenance, answer["provenance"]),
            }
        )

    def rows(self, rows: list[dict[str, Any]]) -> tuple[Row, ...]:
        """Rows of the list as models."""
        return tuple(map(self._row, rows))

    def _row(self, row: dict[str, Any]) -> Row:
        kind = row["kind"]  # rows of one kind share it
        return self._part(Row, row, {"kind": self._part(KindOfWork, kind)} if kind else {})

    def _parts(self, kind: type[_Part], parts: list[dict[str, Any]]) -> tuple[_Part, ...]:
        return tuple(self._part(kind, part) for part in parts)

    def _part(self, kind: type[_Part], part: dict[str, Any], made: Mapping[str, Frozen] = {}) -> _Part:
        known = self._made.get(id(part))
        if known is None:
            known = self._made[id(part)] = (part, kind.model_validate({**part, **made}))
        return known[1]  # type: ignore[return-value]  # a part is only ever asked for as one kind
