"""
The whole line in one call: open a list and rules, and decide.

    desk = Desk.open()
    desk.decide(division="nenkin", item="24", channel="counter").assignee      # Assignee.CITY_STAFF

    with Desk.open(audit="sqlite:///audit.db") as desk:                        # or desk.close()
        desk.decide(division="nenkin", item="24", channel="counter")           # recorded first

A desk is made once and never changes. It may be used from many threads, and in a forked or spawned process; it starts
no thread of its own. What it has decided it remembers, up to a fixed number of requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from assign import resources
from assign.catalog import loader as lists
from assign.catalog.model import Catalog
from assign.decision.decider import Decider
from assign.decision.engine import open_engine
from assign.decision.fitting import fit, list_folder, named_as_given, rules_beside
from assign.decision.request import Request
from assign.errors import AssignError, BadRequest, UnknownItem, UnknownWord
from assign.explanation.explainer import Brief, Explainer
from assign.explanation.shared import Shared
from assign.explanation.wording import Answer
from assign.rules import loader
from assign.rules.model import RuleSet
from assign.words import date_of_case, importing, once, sha256

from . import recording
from .asked import ASKED, DECIDED, PLANNED, DeskClosed, known_names, memory, mutable_copy, names_and_words
from .recording import EditionMissing, Recordable, Recorded
from .unknown import in_another_edition, offered, understood

if TYPE_CHECKING:
    from assign.catalog.model import Task
    from assign.explanation.model import Decision, Found, Row
    from assign.log.log import Log
    from assign.plan import Planner
    from assign.plan.model import Plan
    from assign.search.events import Event
    from assign.search.lexicon import Lexicon

    from .editions import Editions
    from .finding import Finder


class Desk:
    """
    Answers requests over one list and one rule set.

    Attributes:
        catalog: The list. rules: The rule set. engine: The name of the engine that answers.
        audit: The decision log, if answers are recorded. closed: Whether it answers no more.
        beside: Of an edition in a folder of editions all of them, and `place` its own; a request goes to the one in force on its date.
    """

    beside: Editions[Desk] | None = None
    place: int = 0

    def __init__(
        self,
        catalog: Catalog,
        rules: RuleSet,
        engine: str = "auto",
        audit: Log | None = None,
        words: Path | None = None,
    ) -> None:
        fit(catalog, rules)
        self.catalog = catalog
        self.rules = rules
        self.audit = audit
        self._words = words
        self._decider = Decider(catalog, rules, open_engine(rules, engine))
        self._explainer = Explainer(catalog, self._decider)
        self.closed: bool = False
        self._remembered = memory(self, Desk._decide)
        self._recordable = memory(self, Desk._digested)

    @classmethod
    def open(
        cls,
        *,
        list: str | PathLike[str] | None = None,  # noqa: A002 - the contract's name
        rules: str | PathLike[str] | None = None,
        engine: str = "auto",
        audit: str | None = None,
        origin: str | None = None,
        on: object = None,
    ) -> Desk:
        """
        Open a desk.

        Args:
            list: The folder of a list, of its editions, or its catalog (CSV); the built-in list if absent.
            rules: A folder of rule files; if absent, `rules/` in the list's folder, else the built-in rules.
            engine: `auto` (durable-rules where it is installed), `durable-rules` or `table`.
            audit: A decision log (`sqlite:///…`, `postgresql://…`): every answer is then recorded in it before it is given.
                A log that is not there is made, and begins with this list and these rules. None: nothing is recorded.
            origin: The log's name; may be left out where the database has one log, or none yet. A second log in a database is
                made by `assign audit init` alone.
            on: Of a folder of editions, the day whose edition this desk is (its rows, acts and rules); today in Japan if None. What is
                asked for a date goes to the edition in force then, whatever this is; `in_force` gives its desk.

        Raises:
            EditionsError, NoEdition: The editions leave a day out, or have it twice; or none is in force on that day.
            CatalogError, RuleFileError, DataError: With file and line of the first mistake.
            EngineMissing: durable-rules was asked for and is not installed.
            StoreError: The log is missing, or cannot promise to keep what is written (`StoreMissing`, `StoreRefused`).
            NotApproved: A new log would begin with a list or rules in which the whole check finds something.
        """
        with nullcontext() if audit is None else recording.unrepeated([on]):
            when = date_of_case(on)
        beside = None
        if list is not None:
            from assign.catalog.editions import of_folder  # the built-in list has one edition

            if found := of_folder(list):
                from .editions import Editions

                beside = Editions(found, lambda each: cls._over(each.folder, rules, engine))
        desk = cls._over(list, rules, engine) if beside is None else beside.at(when)
        if audit is not None:
            from .approval import opened_log  # a desk without a log need not wait for it

            desk.audit = opened_log(audit, origin, desk, list, rules)
        return desk

    @classmethod
    def _over(cls, list_: str | PathLike[str] | None, rules: str | PathLike[str] | None, engine: str) -> Desk:
        """A desk over the folder of one list."""
        with named_as_given(list_, rules):
            catalog = lists.load(Path(list_) if list_ is not None else resources.data_folder())
            return cls(catalog, loader.load(rules_beside(list_, rules)), engine, words=list_folder(list_))

    def in_force(self, on: object = None) -> Desk:
        """
        The desk of the edition that is in force on a day (today in Japan if None): of a list that has one edition this very desk.

        Raises:
            NoEdition: No edition of its folder is in force then. BadDate.
        """
        when = date_of_case(on)
        return self if self.beside is None else self.beside.at(when)

    def close(self) -> None:
        """
        Let go of the log; once is enough. A desk that is closed answers nothing more (DeskClosed).

        Whoever forgets it loses nothing, and no ResourceWarning says so: each record was on the disk before its answer was
        given, and the log's files are closed with the last reference to the desk.
        """
        if self.closed:
            return
        self.closed = True
        self._remembered.cache_clear()
        self._recordable.cache_clear()
        if self.beside is not None:
            self.beside.close()
        if self.audit is not None:
            self.audit.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self.close()

    @classmethod
    def of_edition(cls, kept: Callable[[str], bytes | None], editions: Mapping[str, str], engine: str = "auto") -> Desk:
        """
        A desk over a list and rules that a log has kept.

        Args:
            kept: The text that a log keeps under a SHA-256, if any.
            editions: SHA-256 of `list` and `rules`, as a record names them.

        Raises:
            EditionMissing: The log does not hold one of them, or holds another text under its name.
        """
        held = {what: kept(editions[what]) or b"" for what in ("list", "rules")}
        for what, data in held.items():
            if sha256(data) != editions[what]:
                raise EditionMissing(what, editions[what])
        return cls(lists.from_edition(held["list"]), loader.from_edition(held["rules"]), engine)

    @property
    def editions(self) -> dict[str, bytes]:
        """The texts behind every answer, as a log keeps them: the list, the rules, and the register of rulings among them."""
        return {"list": self.catalog.data, "rules": self.rules.data, "rulings": self.rules.rulings_data}

    @property
    def engine(self) -> str:
        """The engine that answers, as `provenance.engine` names it."""
        return self._decider.engine.name

    @property
    def decider(self) -> Decider:
        """The bare decision on facts, for proofs over whole domains."""
        return self._decider

    @property
    def explainer(self) -> Explainer:
        """Answers to requests that are understood already, for tables of all of them; never recorded."""
        return self._explainer

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
        key: object = None,
        case: object = None,
        role: object = None,
        corrects: object = None,
        **unknown: object,
    ) -> Decision:
        """
        Say who handles a piece of work, and why; with a log, write it down first.

        Args:
            division: A key or a Japanese name (`nenkin`, `国民年金`).
            item: The printed number (`24`, `"２４"`), or a row (`"22-3"`).
            channel: `counter` or `backyard`, or the Japanese words.
            act: A key or a label of the list of acts; None for the work as a whole.
            on: The date of the case, a `date` or `YYYY-MM-DD`; today in Japan if None.
            section: A 大分類 or 中分類, where a number stands under several.
            row: A row id (`nenkin-24`), instead of division and item.
            key, case, role, corrects: For the record, as `record` takes them; a desk without a log refuses them.

        Returns:
            The decision, frozen. Equal requests give equal decisions.

        Raises:
            UnknownDivision, UnknownItem, UnknownSection, UnknownChannel, UnknownAct: With the nearest choices.
            AmbiguousItem: The item's rows get different answers; there is none.
            BadRequest, BadDate: The request is not of the right form.
            EngineError: There is no decision.
            StoreError, NotPublished, KeyReused: It could not be recorded, and there is no answer.
        """
        if unknown:
            known_names(unknown, DECIDED)
        if self.audit is not None or any(word is not None for word in (key, case, role, corrects)):
            asked_for = {"division": division, "item": item, "channel": channel, "act": act, "on": on}
            kept = self.record(**asked_for, section=section, row=row, key=key, case=case, role=role, corrects=corrects)[
                0
            ]
            return self._decision_of(kept.answer)
        when = date_of_case(on)
        if self.beside is not None and (desk := self.beside.at(when)) is not self:
            return desk.decide(division, item, channel, act, when, section, row=row)
        asked = [recording.exact(word) for word in (division, item, channel, act, when, section, row)]
        if recording.WORDS.issuperset(map(type, asked)):
            return self._remembered(*asked)
        return self._decide(*asked)  # no word of ours, and no key of a memory: it says so

    def _decide(self, *asked: object) -> Decision:
        return self._decision_of({**self._explainer.answer(self._understand(*asked)), "provenance": self._provenance})

    def record(
        self,
        *,
        key: object = None,
        case: object = None,
        role: object = None,
        corrects: object = None,
        **asked: object,
    ) -> list[Recorded]:
        """
        Answer, and write it down before the answer is given.

        Args:
            key: An idempotency key, a random UUID: a retry with it gets the first answer, and nothing is written.
            case: A random UUID of the case; a new one if None. role: A key of `record.Role`.
            corrects: The number of an earlier decision that this one corrects. Nothing earlier is changed. It needs a
                `channel`: one answer corrects one.
            asked: As `decide` takes it. Without `channel` both are answered, each with a record of its own.

        Raises:
            BadRequest: There is no log, or one of these is not of its form. StoreError, NotPublished, KeyReused, and as
            `decide`. There is no answer then.
        """
        if self.audit is None:
            raise recording.no_log()
        with recording.unrepeated(asked):
            known_names(asked)
        words = {name: recording.exact(asked.get(name)) for name in ASKED}
        for name, word in words.items():
            if type(word) not in recording.WORDS:
                raise BadRequest(f"`{name}` の型が違います", f"`{name}` is of a type that a request does not have")
        with recording.unrepeated(words.values()):
            when = date_of_case(words["on"])
        with recording.unrepeated([*words.values(), when.isoformat()]):
            desk = self.in_force(when)
        if desk is not self:
            return desk.record(key=key, case=case, role=role, corrects=corrects, **words)
        channels = [words["channel"]] if words["channel"] is not None else [*self.catalog.manifest.channels]
        common = recording.common_fields(self.audit, len(channels), key, case, role, corrects)
        with recording.unrepeated(words.values()):
            found = [
                self._recordable(*({**words, "channel": each, "on": when}[name] for name in ASKED)) for each in channels
            ]
        given = recording.given_words(words, found[0][0], self.catalog)
        drafts = []
        for request, decision, digest, answer in found:
            said = {"given": given, "request": request, "decision": decision, "answer": digest}
            drafts.append(({**common, "on": request["on"], **said}, answer))
        kept = [self._keep(draft, answer) for draft, answer in drafts]
        return kept if case is None else recording.of_case(kept, common["case"])

    def _keep(self, draft: dict[str, Any], answer: Answer) -> Recorded:
        assert self.audit is not None  # noqa: S101 - INVARIANT: `record` has looked
        mine = {"editions": self.edition_digests, "engine": self.engine}
        kept = self.audit.append({**draft, **mine})
        answer = {**answer, "provenance": self._provenance}
        if not kept.created and (first := kept.record)["answer"] != draft["answer"]:
            same = first["editions"] == self.edition_digests
            desk = self if same else Desk.of_edition(self.audit.store.edition, first["editions"])
            answer = {**recording.first_answer(first, desk.replayed(first)), "provenance": self._provenance}
        return Recorded(mutable_copy(answer), kept)

    def replayed(self, record: Mapping[str, Any]) -> Recordable:
        """What this desk answers to a recorded request, as it was given, for the date that it was understood to have."""
        asked = {"channel": record["request"]["channel"], **record["given"], "on": record["request"]["on"]}
        return self._recordable(*(date_of_case(asked["on"]) if name == "on" else asked.get(name) for name in ASKED))

    @once
    def edition_digests(self) -> dict[str, str]:
        """The SHA-256 of each of them."""
        return {
            "list": self.catalog.sha256,
            "rules": self.rules.sha256,
            "rulings": sha256(self.rules.rulings_data),
        }

    def _digested(self, *asked: object) -> Recordable:
        from assign.log import record

        answer = self._explainer.answer(self._understand(*asked))
        return Recordable(record.understood(answer), record.decided(answer), record.digest(answer), answer)

    @property
    def provenance(self) -> Mapping[str, Any]:
        """The exact list, rules, program and engine behind every answer of this desk."""
        return MappingProxyType(self._provenance)

    @once
    def _provenance(self) -> Shared:
        in_force = {} if self.beside is None else {"in_force": self.beside.around(self.place)}
        return Shared(
            list=self.catalog.manifest.title["ja"],
            edition=self.catalog.manifest.edition,
            catalog_sha256=self.catalog.sha256,
            rules_sha256=self.rules.sha256,
            assign_version=resources.VERSION,
            engine=self.engine,
            **in_force,
        )

    @once
    def _decision_of(self) -> Callable[[Answer], Decision]:
        with importing:  # pydantic's classes take longer to make than the terminal takes to answer
            from assign.explanation.model import decision_of

        return decision_of

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
        **unknown: object,
    ) -> list[Answer]:
        """
        The same as plain data, for surfaces that print it: one answer, or one for each channel where none is named. A desk
        with a log records them first.

        Args:
            provenance: Whether to add it; a surface that does not show it need not wait for two digests.

        Raises:
            As `decide`. If either channel has no answer, there is none.
        """
        known_names(unknown, (*ASKED, "provenance"))
        if self.audit is not None:
            asked = {"division": division, "item": item, "channel": channel, "act": act, "on": on}
            return [each.answer for each in self.record(**asked, section=section, row=row)]
        when = date_of_case(on)
        if (desk := self.in_force(when)) is not self:
            asked = {"division": division, "item": item, "channel": channel, "act": act, "on": when}
            return desk.answers(**asked, section=section, row=row, provenance=provenance)
        channels = list(self.catalog.manifest.channels) if channel is None else [channel]
        found = [
            self._explainer.answer(self._understand(division, item, each, act, when, section, row)) for each in channels
        ]
        return [mutable_copy({**answer, "provenance": self._provenance} if provenance else answer) for answer in found]

    def plan(
        self,
        division: object = None,
        item: object = None,
        channel: object = None,
        on: object = None,
        section: object = None,
        *,
        row: object = None,
        event: object = None,
        **unknown: object,
    ) -> Plan:
        """
        The work of a row step by step: who handles each step and why, as `decide` answers it, and where the case crosses the contract's
        line. Of several rows or a life event one plan for the visit. It decides nothing, and is never recorded.

        Args:
            division, item, section: As `decide` takes them; an item of several rows has one plan where all of them have the same.
            channel: Where all of it is done, as a case that comes by post is; if None each step where it is done as a rule.
            on: The date of the case; today in Japan if None.
            row: A row id, or a list of them.
            event: A life event of the list (`death`, `死亡`), instead of rows.

        Raises:
            UnknownEvent, and what `decide` raises.
        """
        known_names(unknown, PLANNED)
        asked = {"division": division, "item": item, "channel": channel, "on": on, "section": section}
        with importing:
            from assign.plan.model import plan_of

        return plan_of(self.planned(**asked, row=row, event=event))

    def planned(self, **asked: object) -> Answer:
        """The same as plain data."""
        known_names(asked, PLANNED)
        if self.beside is not None and (desk := self.in_force(asked.get("on"))) is not self:
            return desk.planned(**asked)
        from .planning import planned  # a desk that is asked to decide alone need not wait for it

        def understood(*words: object) -> tuple[Task, ...]:
            return self._understand(*words).tasks

        plan = planned(self._planner, self.catalog, lambda: self._finder.searcher, understood, asked)
        return mutable_copy({**plan, "provenance": self._provenance})  # type: ignore[no-any-return]  # a copy of a dict is one

    def events(self) -> tuple[Event, ...]:
        """The life events of the list, in its order, each with the rows that it may make due; none where the list's folder has none."""
        return self._finder.searcher.events

    @once
    def _planner(self) -> Planner:
        from assign.plan import Planner

        return Planner(self.catalog, self.rules, self._explainer)

    def brief(self, **asked: object) -> Brief:
        """The decision in one line, for tables of many; never recorded. Takes and raises what `decide` does."""
        known_names(asked)
        asked["on"] = date_of_case(
            asked.get("on")
        )  # first, as `decide` does: of two wrong words both name the same one
        if self.beside is not None and (desk := self.in_force(asked["on"])) is not self:
            return desk.brief(**asked)
        return self._explainer.brief(self._understand(*(asked.get(name) for name in ASKED)))

    def decide_many(self, requests: Iterable[Mapping[str, object]], **unknown: object) -> list[Decision | AssignError]:
        """
        Decide many requests, in order.

        Args:
            requests: Mappings with the arguments of `decide`.

        Returns:
            One value for each request: its decision, or the error that it met. No request is lost.
        """
        known_names(unknown, ("requests",))
        return [self._decide_one(request) for request in requests]

    def _decide_one(self, request: Mapping[str, object]) -> Decision | AssignError:
        try:
            return self.decide(**names_and_words(request))
        except AssignError as error:
            return error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - a mapping of somebody else's that raises; its row is not lost
            kind = type(error).__name__
            return BadRequest(f"依頼を読めません（{kind}）", f"the request cannot be read ({kind})")

    def search(
        self,
        text: object,
        *,
        division: object = None,
        channel: object = None,
        limit: object = 10,
        on: object = None,
        **unknown: object,
    ) -> Found:
        """
        Find rows by people's words: a name or a part of it, kana, an abbreviation, a citizen's sentence, a life event. It never decides.

        Args:
            text: What was typed or said; the first 200 characters count.
            division: The counter's division: it leads, and the others stay below. channel: Say who handles it there alone.
            limit: How many candidates at most, up to 100. on: The date of the case; today in Japan if None.

        Raises:
            BadRequest, UnknownDivision, UnknownChannel: An argument is wrong. RuleFileError: The list's lexicon is, with its line.
        """
        known_names(unknown, ("text", "division", "channel", "limit", "on"))
        with importing:
            from assign.explanation.model import Found
        return Found.model_validate(self.found(text, division=division, channel=channel, limit=limit, on=on))

    def found(
        self,
        text: object,
        *,
        division: object = None,
        channel: object = None,
        limit: object = 10,
        on: object = None,
    ) -> dict[str, Any]:
        """The same as plain data."""
        if self.closed:
            raise DeskClosed
        when = date_of_case(on)
        if (desk := self.in_force(when)) is not self:
            return desk.found(text, division=division, channel=channel, limit=limit, on=when)
        return self._finder.find(text, division, channel, limit, when)

    @once
    def _finder(self) -> Finder:
        with importing:  # a decision searches nothing, and waits for no SQLite
            from .finding import Finder

        return Finder(self._decider, self._explainer, self._words)

    @once
    def lexicon(self) -> Lexicon:
        """The words of the list. Raises RuleFileError, with file and line."""
        from assign.search.lexicon import of_folder

        return of_folder(self._words, self.catalog.by_id)

    def tasks(self, division: object = None, **unknown: object) -> tuple[Row, ...]:
        """Every row of the list, or of a division, in document order. Raises UnknownDivision."""
        known_names(unknown, ("division",))
        with importing:
            from assign.explanation.model import rows_of

        return rows_of(self._rows(self._key(division)))

    def rows(self, division_word: object = None) -> list[Answer]:
        """The same as plain data."""
        return [mutable_copy(row) for row in self._rows(self._key(division_word))]

    def _rows(self, key: str | None) -> list[Answer]:
        return [self._explainer.row(task) for task in self.catalog.tasks if key is None or task.division == key]

    def _key(self, word: object) -> str | None:
        return None if word is None else self.catalog.manifest.division(word)

    def _understand(self, *asked: object) -> Request:
        if self.closed:  # every answer comes this way: what was remembered is gone
            raise DeskClosed
        try:
            return understood(self, asked)
        except UnknownWord as error:
            found: UnknownWord = error
            division, item = asked[:2]
            word = isinstance(item, str) and any(c.isalpha() for c in item)
            if word and type(error) is UnknownItem and not error.understood:
                found = offered(self._finder, error, str(item), self.catalog.manifest.division(division))
            raise in_another_edition(found, self.beside, self.place, lambda other: understood(other, asked)) from None
