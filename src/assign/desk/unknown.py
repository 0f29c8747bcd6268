"""
The words of a request → the request; of a word that the list does not know the error says what it may mean: rows of that name, or another
edition that knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from assign.catalog.editions import Edition
from assign.catalog.model import Catalog
from assign.decision.request import Request, understand
from assign.errors import AssignError, UnknownItem, UnknownWord
from assign.rules.model import RuleSet

if TYPE_CHECKING:
    from .editions import Editions
    from .finding import Finder


class _OfAList(Protocol):
    """What is needed of a desk here; `desk.py` is above this module."""

    catalog: Catalog
    rules: RuleSet


def understood(desk: _OfAList, asked: Sequence[object]) -> Request:
    """The words of `ASKED` as a desk's own list and rules know them. Raises what `understand` raises."""
    division, item, channel, act, on, section, row = asked
    return understand(
        desk.catalog,
        desk.rules,
        division_word=division,
        item_word=item,
        channel_word=channel,
        act_word=act,
        on_word=on,
        section_word=section,
        row_word=row,
    )


def offered(finder: Finder, error: UnknownItem, given: str, division: str) -> UnknownItem:
    """The same error with the rows of the division that a name may mean."""
    try:
        near = dict(islice(finder.items(given, division).items(), 3))
    except AssignError:  # a lexicon that cannot be read is none of this question's business
        return error
    numbers = finder.catalog.numbers[division]
    name = finder.catalog.manifest.division_pair(division)
    return UnknownItem(given, division=name, span=(numbers.first, numbers.last), near=near) if near else error


def in_another_edition(
    error: UnknownWord, beside: Editions[Any] | None, place: int, knows: Callable[[Any], object]
) -> UnknownWord:
    """
    The same error with the editions that know what this one does not: the case may be of their days.

    Args:
        beside: The editions, one of which, at `place`, was asked. knows: Asks the same of another's desk, and raises as this one did.
    """
    if beside is not None and (found := beside.knowing(place, knows)):
        error.ja += f"。{'、'.join(_dated(each, 'ja') for each in found)}にはあります"
        error.en += f"; {' and '.join(_dated(each, 'en') for each in found)} {'has' if len(found) == 1 else 'have'} it"
        error.args = (error.en,)
    return error


def _dated(edition: Edition, lang: str) -> str:
    since, until = edition.since, edition.until
    if lang == "ja":
        return f"版 {edition.title}（{since} から{f' {until} まで' if until else ''}）"
    return f"the edition {edition.title} (from {since}{f' to {until}' if until else ''})"
