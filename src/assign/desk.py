"""
The whole line in one call: open a list and rules, and decide.

    desk = Desk.open()
    desk.decide(division="nenkin", item="24", channel="counter").assignee      # Assignee.CITY_STAFF

A desk is made once and never changes. It may be used from many threads, and in a forked or spawned process; it starts
no thread of its own. What it has decided it remembers, up to a fixed number of requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from . import __version__, places
from . import catalog as catalogs
from . import rules as rule_files
from .catalog import Catalog
from .decision import Decider
from .engine import open_engine
from .errors import AssignError, BadRequest, RuleFileError, shown
from .explanation import Answer, Brief, Explainer
from .request import Request, understand
from .rules import Note, RuleSet, Ruling
from .words import Channel, Division, date_of_case, division, importing, nearest, once

if TYPE_CHECKING:
    from .model import Decision, Maker, Row

REMEMBERED: Final = 8192  # decisions kept; about 15 kB each, and most of that is shared
ASKED: Final = ("division", "item", "channel", "act", "on", "section", "row")


class Desk:
    """
    Answers requests over one list and one rule set.

    Attributes:
        catalog: The list. rules: The rule set. engine: The name of the engine that answers.
    """

    def __init__(self, catalog: Catalog, rules: RuleSet, engine: str = "auto") -> None:
        _rows_exist(catalog, rules)
        self.catalog = catalog
        self.rules = rules
        self._decider = Decider(rules, open_engine(rules, engine))
        self._explainer = Explainer(catalog, self._decider)
        self._remembered = lru_cache(maxsize=REMEMBERED, typed=True)(self._decide)

    @classmethod
    def open(
        cls,
        *,
        catalog: str | PathLike[str] | None = None,
        rules: str | PathLike[str] | None = None,
        engine: str = "auto",
    ) -> Desk:
        """
        Open a desk.

        Args:
            catalog: A catalog file (CSV); the built-in list if absent.
            rules: A folder of rule files; the built-in rules if absent.
            engine: `auto` (durable-rules where it is installed), `durable-rules` or `table`.

        Raises:
            CatalogError, RuleFileError, DataError: With file and line of the first mistake.
            EngineMissing: durable-rules was asked for and is not installed.
        """
        return cls(
            catalogs.load(Path(catalog) if catalog is not None else places.catalog_file()),
            rule_files.load(Path(rules) if rules is not None else places.rules_folder()),
            engine,
        )

    @property
    def engine(self) -> str:
        """The engine that answers, as `provenance.engine` names it."""
        return self._decider.engine.name

    @property
    def decider(self) -> Decider:
        """The bare decision on facts, for proofs over whole domains."""
        return self._decider

    def decide(
        self,
        division: object = None,
        item: object = None,
        channel: object = None,
        act: object = None,
        on: object = None,
        section: object = None,
        *,
        row: object = None,
    ) -> Decision:
        """
        Say who handles a piece of work, and why.

        Args:
            division: A key or a Japanese name (`nenkin`, `国民年金`).
            item: The printed number (`24`, `"２４"`), or a row (`"22-3"`).
            channel: `counter` or `backyard`, or the Japanese words.
            act: A key or a label of the list of acts; None for the work as a whole.
            on: The date of the case, a `date` or `YYYY-MM-DD`; today in Japan if None.
            section: A 大分類 or 中分類, where a number stands under several.
            row: A row id (`nenkin-24`), instead of division and item.

        Returns:
            The decision, frozen. Equal requests give equal decisions.

        Raises:
            UnknownDivision, UnknownItem, UnknownSection, UnknownChannel, UnknownAct: With the nearest choices.
            AmbiguousItem: The item's rows get different answers; there is none.
            BadRequest, BadDate: The request is not of the right form.
            EngineError: There is no decision.
        """
        asked = [_exact(word) for word in (division, item, channel, act, date_of_case(on), section, row)]
        if all(type(word) in _WORDS for word in asked):
            return self._remembered(*asked)
        return self._decide(*asked)  # no word of ours, and no key of a memory: it says so

    def _decide(self, *asked: object) -> Decision:
        return self._maker.decision(
            {**self._explainer.answer(self._understand(*asked)), "provenance": self._provenance}
        )

    @property
    def provenance(self) -> Mapping[str, str]:
        """The exact list, rules, program and engine behind every answer of this desk."""
        return MappingProxyType(self._provenance)

    @once
    def _provenance(self) -> dict[str, str]:
        return {
            "catalog_sha256": self.catalog.sha256,
            "rules_sha256": self.rules.sha256,
            "assign_version": __version__,
            "engine": self.engine,
        }

    @once
    def _maker(self) -> Maker:
        with importing:
            from .model import Maker  # pydantic's classes take longer to make than the terminal takes to answer

        return Maker()

    def answers(
        self,
        *,
        division: object = None,
        item: object = None,
        channel: object = None,
        act: object = None,
        on: object = None,
        section: object = None,
        row: object = None,
        provenance: bool = True,
    ) -> list[Answer]:
        """
        The same as plain data, for surfaces that print it: one answer, or one for each channel where none is named.

        Args:
            provenance: Whether to add it; a surface that does not show it need not wait for two digests.

        Raises:
            As `decide`. If either channel has no answer, there is none.
        """
        channels = list(Channel) if channel is None else [channel]
        when = date_of_case(on)
        found = [
            self._explainer.answer(self._understand(division, item, each, act, when, section, row)) for each in channels
        ]
        return [_own({**answer, "provenance": self._provenance} if provenance else answer) for answer in found]

    def brief(self, **asked: object) -> Brief:
        """The decision in one line, for tables of many. Takes and raises what `decide` does."""
        _known_names(asked)
        return self._explainer.brief(self._understand(*(asked.get(name) for name in ASKED)))

    def decide_many(self, requests: Iterable[Mapping[str, object]]) -> list[Decision | AssignError]:
        """
        Decide many requests, in order.

        Args:
            requests: Mappings with the arguments of `decide`.

        Returns:
            One value for each request: its decision, or the error that it met. No request is lost.
        """
        return [self._decide_one(request) for request in requests]

    def _decide_one(self, request: Mapping[str, object]) -> Decision | AssignError:
        try:
            if not isinstance(request, Mapping):
                raise BadRequest(f"{shown(request)} は依頼の形ではありません", f"{shown(request)} is not a request")
            asked: dict[str, Any] = {
                str.__str__(name) if isinstance(name, str) else shown(name): request[name] for name in request
            }
            _known_names(asked)
            return self.decide(**asked)
        except AssignError as error:
            return error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - a mapping of somebody else's that raises; its row is not lost
            kind = type(error).__name__
            return BadRequest(f"依頼を読めません（{kind}）", f"the request cannot be read ({kind})")

    def tasks(self, division: object = None) -> tuple[Row, ...]:
        """Every row of the list, or of a division, in document order. Raises UnknownDivision."""
        return self._maker.rows(self._rows(_key(division)))

    def rows(self, division_word: object = None) -> list[Answer]:
        """The same as plain data."""
        return [_own(row) for row in self._rows(_key(division_word))]

    def _rows(self, key: Division | None) -> list[Answer]:
        return [self._explainer.row(task) for task in self.catalog.tasks if key is None or task.division is key]

    def _understand(self, *asked: object) -> Request:
        division_word, item, channel, act, on, section, row_word = asked
        return understand(
            self.catalog,
            self.rules,
            division_word=division_word,
            item_word=item,
            channel_word=channel,
            act_word=act,
            on_word=on,
            section_word=section,
            row_word=row_word,
        )


_WORDS: Final = (str, int, date, type(None))  # what a request is made of; anything else is refused


def _exact(word: object) -> object:
    """A plain string where a subclass came: what is compared is the text, never somebody's methods."""
    return str.__str__(word) if isinstance(word, str) else word


def _known_names(asked: Mapping[str, object]) -> None:
    for name in asked:
        if name not in ASKED:
            raise BadRequest(
                f"{shown(name)} という項目はありません", f"there is no field {shown(name)}", nearest(name, ASKED)
            )


def _key(word: object) -> Division | None:
    return None if word is None else division(word)


def _own(value: Any) -> Any:
    """A copy that its receiver may change: parts of answers are shared between them."""
    if isinstance(value, dict):
        return {name: _own(each) for name, each in value.items()}
    return [_own(each) for each in value] if isinstance(value, list) else value


def _rows_exist(catalog: Catalog, rules: RuleSet) -> None:
    """A note or a ruling on a row that the list does not have would be lost in silence."""
    entries: list[Note | Ruling] = [*rules.notes, *rules.rulings]
    for entry in entries:
        for row_id in entry.rows:
            if row_id not in catalog.by_id:
                raise RuleFileError(
                    entry.file,
                    entry.line,
                    f"台帳に行 {shown(row_id)} はありません",
                    f"the catalog has no row {shown(row_id)}",
                    nearest(row_id, catalog.by_id),
                )
