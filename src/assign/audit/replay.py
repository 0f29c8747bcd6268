"""
A log → every decision made again, by the editions that the log keeps, and compared with its record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from assign.desk.desk import Desk
from assign.errors import AssignError
from assign.log.kinds import Kind, Record
from assign.log.reading import Unreadable

from .door import Place, reading
from .text import Text

OUTCOMES: Final = ("same", "wording", "reason", "different", "cannot")


class Replay(NamedTuple):
    """
    A record decided again. `outcome`: `same` to the byte; `wording` (the same decision by the same rules, some sentence
    reads differently); `reason` (the same answer for another reason); `different`; `cannot` (`detail` says what is missing).
    """

    seq: int
    outcome: str
    detail: Text


Desks = Callable[[str, str], Desk]


def desks(place: Place) -> Desks:
    """SHA-256 of a list and of rules → the desk over these editions as the log keeps them; cached."""

    @lru_cache(maxsize=64)
    def desk(list_: str, rules: str) -> Desk:
        with reading(place) as log:
            return Desk.of_edition(log.edition, {"list": list_, "rules": rules})

    return desk


def replay(place: Place, start: int = 0, stop: int | None = None) -> Iterator[Replay]:
    """
    Decide every decision record again, from the log and its editions alone, and compare byte for byte. A record that is missing or
    cannot be read has the outcome `cannot`.
    """
    with reading(place) as log:
        desk = desks(log)
        for each in log.records(start, stop):
            if isinstance(each, Unreadable):
                yield _cannot(each)
            elif each["kind"] == Kind.BATCH:
                yield Replay(each["seq"], "cannot", ROWS_ELSEWHERE)
            elif each["kind"] == Kind.DECISION:
                yield Replay(each["seq"], *decided_anew(each, desk)[:2])


def _cannot(error: Unreadable) -> Replay:
    return Replay(error.seq, "cannot", Text(f"読めません: {error.reason_ja}", f"it cannot be read: {error.reason_en}"))


ROWS_ELSEWHERE: Final = Text("一括処理の行は入力ファイルにあります", "the rows of a batch are in its input file")


def decided_anew(record: Record, desk: Desks) -> tuple[str, Text, dict[str, Any] | None]:
    """
    A decision record, as `reading` gives it, decided by the editions that it names.

    Returns:
        Outcome and detail, as `Replay` has them, and the answer in its words where it still is that answer.
    """
    try:
        editions = record["editions"]
        deciding = desk(editions["list"], editions["rules"])
    except AssignError as error:  # it is missing, or has a format that this program no longer reads
        return "cannot", Text(error.ja, error.en), None
    try:
        found = deciding.replayed(record)
    except AssignError as error:
        return "different", Text(error.ja, error.en), None
    if deciding.edition_digests != editions:
        return "different", Text("違うところ: editions", "differs in: editions"), None
    now, then = found.decision, record["decision"]
    if now == then and found.request == record["request"]:  # codes, text and whole numbers: equal is byte-equal
        if found.digest == record["answer"]:
            return "same", Text("", ""), found.answer
        return "wording", Text("文だけが違います", "only sentences differ"), found.answer
    names = [name for name in now if now[name] != then[name]]
    part = Text("違うところ: " + ", ".join(names), "differs in: " + ", ".join(names))
    if (now["assignee"], now["certainty"]) == (then["assignee"], then["certainty"]):
        return "reason", part, None
    return "different", part, None
