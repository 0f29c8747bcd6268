"""
What is recorded of an answer, and what a desk gives back of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from assign.commands import command
from assign.errors import AssignError, BadDate, BadRequest, EngineError, shown
from assign.explanation.wording import Answer
from assign.words import normal

if TYPE_CHECKING:
    from assign.catalog.model import Catalog
    from assign.log.group_commit import Kept
    from assign.log.log import Log


class Recordable(NamedTuple):
    """What a record keeps of an answer (`record.understood`, `decided`, `digest`), and the answer."""

    request: dict[str, Any]
    decision: dict[str, Any]
    digest: str
    answer: Answer


class Recorded(NamedTuple):
    """An answer (plain data, as `answers` gives it) and its record."""

    answer: Answer
    kept: Kept


def no_log() -> BadRequest:
    """A desk without a log was asked to record."""
    return BadRequest(
        "この窓口には記録がありません（`Desk.open(audit=…)`）", "this desk has no log (`Desk.open(audit=…)`)"
    )


def common_fields(log: Log, records: int, key: object, case: object, role: object, corrects: object) -> dict[str, Any]:
    """
    What every record of one request has: the words that are for the record alone.

    Args:
        records: How many there will be, one for each channel that is answered.

    Raises:
        BadRequest: One of them is not of its form, or is for one record where there are several.
    """
    from assign.log import kinds, record

    corrected = _corrected(log, corrects)
    if corrected is not None and records > 1:
        channel = corrected["request"]["channel"]
        raise BadRequest(
            f"`corrects` には `channel` が要ります（番号 {corrected['seq']} は `{channel}` の判定です）",
            f"`corrects` needs a `channel` (record {corrected['seq']} is a decision of `{channel}`)",
            [channel],
        )
    if key is not None and records > 1:
        raise BadRequest(
            "`key` には `channel` が要ります（記録1件に1つ）", "`key` needs a `channel` (one for each record)"
        )
    return {
        "kind": kinds.Kind.DECISION.value,
        "key": None if key is None else record.random_id(key, "key"),
        "case": record.new_id() if case is None else record.random_id(case, "case"),
        "role": record.role(role if role is not None else kinds.Role.UNSTATED).value,
        "corrects": None if corrected is None else corrected["seq"],
    }


def _corrected(log: Log, seq: object) -> dict[str, Any] | None:
    """The decision that is to be corrected."""
    if seq is None:
        return None
    from assign.log.kinds import Kind
    from assign.log.reading import record_of

    kept = record_of(log.row(seq), log.origin) if type(seq) is int else {}
    if kept.get("kind") != Kind.DECISION:
        raise BadRequest("`corrects` は判定の記録の番号です", "`corrects` is the number of a decision's record")
    return kept


def given_words(words: Mapping[str, object], request: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """
    The words of a request as they are recorded. Division and channel are recorded as their keys, and a row that goes by its name as its
    id: no word that a list makes up, and that could be a person's, stands in a record.
    """
    from assign.log import record  # an allow-list that a desk without a log need not make

    keys = {name: request[name] for name in ("division", "channel") if words[name] is not None}
    item = words["item"]
    if isinstance(item, str) and normal(item) in {word for _, word in catalog.unnumbered}:
        keys["item"] = request["item"]
    return record.given_words({**words, **keys})


def first_answer(record: Mapping[str, Any], found: Recordable) -> Answer:
    """The answer of an earlier record, as it is found again. Raises EngineError: This program says it in other words."""
    if found.digest != record["answer"]:
        raise EngineError(
            f"番号 {record['seq']} の最初の答えを、この版のプログラムでは同じ文で示せません（`{command('audit show', str(record['seq']))}`）",
            f"this version cannot give the first answer of record {record['seq']} in its very words (`{command('audit show', str(record['seq']))}`)",
        )
    return found.answer


def of_case(found: list[Recorded], case: str | None) -> list[Recorded]:
    """What was recorded of a case. Raises KeyReused: A retry names another case than the first time."""
    if any(not each.kept.created and each.kept.record["case"] != case for each in found):
        from assign.log.errors import key_reused

        raise key_reused()
    return found


class EditionMissing(EngineError):
    """A log does not hold an edition that a record names, so that nothing can be decided by it."""

    code = "edition_missing"

    def __init__(self, what: str, digest: str) -> None:
        from assign.log.kinds import EDITION_TEXT

        super().__init__(
            f"{EDITION_TEXT[what]['ja']}の版 {digest[:16]}… が記録にありません",
            f"the log does not hold the edition {digest[:16]}… of the {EDITION_TEXT[what]['en']}",
        )
        self.what = what


WORDS: Final[frozenset[type]] = frozenset(
    {str, int, date, type(None)}
)  # what a request is made of; anything else is refused


def exact(word: object) -> object:
    """A plain string where a subclass came: what is compared is the text, never somebody's methods."""
    return str.__str__(word) if isinstance(word, str) else word


@contextmanager
def unrepeated(words: Iterable[object]) -> Iterator[None]:
    """Who records is not shown what was typed: a clerk may have typed a person's number, and terminals are logged, too."""
    try:
        yield
    except BadDate:
        raise BadDate("…") from None  # nor the day that was read out of it
    except AssignError as error:
        for word in words:
            error.ja, error.en = (text.replace(shown(word), "`…`") for text in (error.ja, error.en))
        error.args = (error.en,)
        raise
