"""
The contract's answer as frozen, strict pydantic models: what Python users hold, and the JSON schema of it.

Making these classes takes longer than a whole decision, so this room is entered by those who ask for a `Decision`, a
`Row` or the schema; the terminal prints the same answer without it. A test holds the two equal.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal, NoReturn, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from assign.words import ActClass, Assignee, Certainty, Meaning, Reading

from .plain_text import explain
from .shared import Shared


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
    """
    A row of the list. `kind` is None where nobody has said what work stands behind it. Its cells as printed stand beside these fields
    under the names that the list's manifest gives them (`mark`, `counter`, …).
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    id: str
    section: str
    group: str
    number: str
    name: str
    kind: KindOfWork | None
    source: RowSource
    division: str
    remark: str
    printed: Text
    reading: Reading
    repairs: tuple[str, ...]


class Handled(Frozen):
    """Who handles a row as a whole on one channel."""

    channel: str
    assignee: Assignee
    certainty: Certainty


class Candidate(Frozen):
    """
    A row that a search found; it decides nothing, `decide` takes its id.

    Attributes:
        score: About the number of kanji of the query that speak for it. why: The words that were found, and what they mean.
        when: Of a life event: for whom the row is due, if not for all. handled: Each channel.
    """

    id: str
    division: str
    section: str
    group: str
    number: str
    name: str
    remark: str
    source: RowSource
    score: float
    why: Text
    when: Text | None
    handled: tuple[Handled, ...]


class Near(Frozen):
    """A row that may be meant instead."""

    id: str
    name: str


class Elsewhere(Frozen):
    """What a query is about that the list does not have, and where it is usually done. kind: `outside`, or `question` (no task)."""

    key: str
    kind: str
    what: Text
    belongs: Text
    near: tuple[Near, ...]


class LifeEvent(Frozen):
    """The life event that a query tells of, and what it also asks for that the list does not have."""

    key: str
    label: Text
    because: Text
    not_here: tuple[Elsewhere, ...]


class CityDesk(Frozen):
    """The city's desk for a division."""

    division: str
    desk: Text


class Found(Frozen):
    """
    What a search gave: `rows` best first, or in the order of the visit for a life event.

    Attributes:
        elsewhere: What the query is about, where the list does not have it. ask: The desks to ask, where there is no row.
    """

    rows: tuple[Candidate, ...]
    event: LifeEvent | None
    elsewhere: Elsewhere | None
    ask: tuple[CityDesk, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> Candidate:
        return self.rows[at]


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
    division: str
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


class Neighbour(Frozen):
    """The edition before or after, and its days."""

    edition: str
    since: str
    until: str | None


class InForce(Frozen):
    """The days of the edition that answers; its last day is None where it is open."""

    since: str
    until: str | None
    before: Neighbour | None
    after: Neighbour | None


class Provenance(Frozen):
    """The exact list, rules, program and engine behind the answer; of one of several editions, its days and those beside it."""

    list: str
    edition: str
    catalog_sha256: str
    rules_sha256: str
    assign_version: str
    engine: str
    in_force: InForce | None = Field(
        default=None, exclude_if=lambda days: days is None
    )  # no word of it where there is one edition


class Decision(Frozen):
    """
    Who handles a piece of work, how sure that is, and why.

    `model_dump(mode="json")` is the contract's JSON object; `explain()` is what a clerk reads, `explain(why=True)` all of it.
    """

    assignee: Assignee
    certainty: Certainty
    meaning: Meaning
    division: str
    item: str
    channel: str
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
    division_label: Text
    channel_label: Text
    desk: Text
    provenance: Provenance

    def explain(self, lang: str = "ja", *, why: bool = False) -> str:
        """
        The answer as a clerk reads it, in `ja` or `en`: at most eight lines of a terminal.

        Args:
            why: Everything that it rests on, each special word with what it means.
        """
        return explain(self.model_dump(mode="json"), lang, why=why)


_Part = TypeVar("_Part", bound=Frozen)


def decision_of(answer: dict[str, Any]) -> Decision:
    """The answer, validated, as a frozen model. Parts that many answers share (rows, reasons, changes) become one model each."""
    return Decision.model_validate(
        {
            **answer,
            "act": answer["act"] and _part(Act, answer["act"]),
            "next": _part(Next, answer["next"]),
            "exceptions": _parts(PrintedCondition, answer["exceptions"]),
            **{name: _part(Text, answer[name]) for name in ("division_label", "channel_label", "desk")},
            "rows": rows_of(answer["rows"]),
            "reasons": _parts(Reason, answer["reasons"]),
            "reserved": _parts(ReservedAct, answer["reserved"]),
            "shared": _parts(SharedAct, answer["shared"]),
            "elsewhere": _parts(Owner, answer["elsewhere"]),
            "handoff": answer["handoff"] and _part(Handoff, answer["handoff"]),
            "caveats": _parts(Caveat, answer["caveats"]),
            "why_not": _parts(OtherOutcome, answer["why_not"]),
            "would_change": _parts(Change, answer["would_change"]),
            "provenance": _part(Provenance, answer["provenance"]),
        }
    )


def rows_of(rows: list[dict[str, Any]]) -> tuple[Row, ...]:
    """Rows of the list as models."""
    return tuple([_row(row) for row in rows])


def _row(row: dict[str, Any]) -> Row:
    return _part(Row, row, kind=row["kind"] and _part(KindOfWork, row["kind"]))  # rows of one kind share it


def _parts(model: type[_Part], parts: list[dict[str, Any]]) -> list[_Part]:
    return [_part(model, part) for part in parts]


def _part(model: type[_Part], part: dict[str, Any], /, **made: Frozen | None) -> _Part:
    """A part as a model; of one that many answers share it is made once."""
    if type(part) is not Shared:
        return model.model_validate(part)
    try:
        found: _Part = part.model
    except AttributeError:
        found = part.model = model.model_validate({**part, **made})
    return found


def first_use(kind: type[BaseModel]) -> None:
    """
    Use what pydantic's core fills in when it first meets a kind of field, to read it and to write it. Done while a module with models is
    imported, for which `Desk` holds the lock that a fork waits for: a child forked in the middle would wait for it for ever.
    """
    made = kind.model_validate(_sample(kind))
    made.model_dump()
    made.model_dump_json()
    made.model_dump(mode="json")


def as_from() -> Any:
    """A field that is called `from`, a word that Python keeps for itself."""
    return Field(alias="from")


def _sample(kind: Any) -> Any:
    """A value of a field's type, with every part that it can have: of a union the first, of a tuple one."""
    parts = get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = {name: _sample(field.annotation) for name, field in kind.model_fields.items()}
        return fields | ({"cell": ""} if kind.model_config["extra"] == "allow" else {})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if get_origin(kind) is tuple:
        return (_sample(parts[0]),)
    if get_origin(kind) is dict:
        return {"": _sample(parts[1])}
    if parts:
        return parts[0] if get_origin(kind) is Literal else _sample(parts[0])
    return {str: "", int: 1, bool: True, date: date.min}[kind]


first_use(Decision)
