"""
What is recorded of an answer, and what a desk gives back of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from assign.errors import AssignError, BadDate, EngineError, shown
from assign.explanation.wording import Answer

if TYPE_CHECKING:
    from assign.log.group_commit import Kept


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


_WORDS: Final[frozenset[type]] = frozenset(
    {str, int, date, type(None)}
)  # what a request is made of; anything else is refused


def _exact(word: object) -> object:
    """A plain string where a subclass came: what is compared is the text, never somebody's methods."""
    return str.__str__(word) if isinstance(word, str) else word


@contextmanager
def _unrepeated(words: Iterable[object]) -> Iterator[None]:
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
