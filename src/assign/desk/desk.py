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
from itertools import islice
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from assign import resources
from assign.catalog import loader as lists
from assign.catalog.model import Catalog
from assign.decision.decider import Decider
from assign.decision.engine import open_engine
from assign.decision.fitting import fit, list_folder, rules_beside
from assign.decision.request import Request, understand
from assign.errors import AssignError, BadRequest, EngineError, UnknownItem, shown
from assign.explanation.explainer import Brief, Explainer
from assign.explanation.shared import Shared
from assign.explanation.wording import Answer
from assign.rules import loader
from assign.rules.model import RuleSet
from assign.words import date_of_case, importing, normal, once, sha256

from .asked import ASKED, FOR_THE_RECORD, PLANNED, DeskClosed, known_names, memory, mutable_copy
from .recording import _WORDS, EditionMissing, Recordable, Recorded, _exact, _unrepeated, of_case

if TYPE_CHECKING:
    from assign.catalog.model import Task
    from assign.explanation.model import Decision, Found, Row
    from assign.log.log import Log
    from assign.plan import Planner
    from assign.plan.model import Plan
    from assign.search.events import Event

    from .finding import Finder


class Desk:
    """
    Answers requests over one list and one rule set.

    Attributes:
        catalog: The list. rules: The rule set. engine: The name of the engine that answers.
        audit: The decision log, if answers are recorded. closed: Whether it answers no more.
    """

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
    ) -> Desk:
        """
        Open a desk.

        Args:
            list: The folder of a list, or its catalog (CSV); the built-in list if absent.
            rules: A folder of rule files; if absent, `rules/` in the list's folder, else the built-in rules.
            engine: `auto` (durable-rules where it is installed), `durable-rules` or `table`.
            audit: A decision log (`sqlite:///…`, `postgresql://…`): every answer is then recorded in it before it is given.
                A log that is not there is made, and begins with this list and these rules. None: nothing is recorded.
            origin: The log's name; may be left out where the database has one log, or none yet. A second log in a database is
                made by `assign audit init` alone.

        Raises:
            CatalogError, RuleFileError, DataError: With file and line of the first mistake.
            EngineMissing: durable-rules was asked for and is not installed.
            StoreError: The log is missing, or cannot promise to keep what is written (`StoreMissing`, `StoreRefused`).
            NotApproved: A new log would begin with a list or rules in which the whole check finds something.
        """
        desk = cls(
            lists.load(Path(list) if list is not None else resources.data_folder()),
            loader.load(rules_beside(list, rules)),
            engine,
            words=list_folder(list),
        )
        if audit is not None:
            from assign.log.log import Log  # a desk without a log need not wait for it

            from .approval import approval

            beginning = approval(desk.editions, list, rules)
            desk.audit = Log.make(audit, origin, desk.editions, beside=False, approve=beginning)
        return desk

    def close(self) -> None:
        """
        Let go of the log; once is enough. A desk that is closed answers nothing more (DeskClosed).

        Whoever forgets it loses nothing, and no ResourceWarning says so: each record was on the disk before its answer was
        given, and the log's files are closed with the last reference to the desk.
        """
        self.closed = True
        self._remembered.cache_clear()
        self._recordable.cache_clear()
        if self.audit is not None:
            self.audit.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self.close()

    @classmethod
    def of_edition(cls, log: Log, editions: Mapping[str, str], engine: str = "auto") -> Desk:
        """
        A desk over a list and rules that a log has kept.

        Args:
            editions: SHA-256 of `list` and `rules`, as a record names them.

        Raises:
            EditionMissing: The log does not hold one of them, or holds another text under its name.
        """
        held = {}
        for what in ("list", "rules"):
            held[what] = log.store.edition(editions[what]) or b""
            if sha256(held[what]) != editions[what]:
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
            known_names(unknown, (*ASKED, *FOR_THE_RECORD))
        if self.audit is not None or any(word is not None for word in (key, case, role, corrects)):
            asked_for = {"division": division, "item": item, "channel": channel, "act": act, "on": on}
            kept = self.record(**asked_for, section=section, row=row, key=key, case=case, role=role, corrects=corrects)[
                0
            ]
            return self._decision_of(kept.answer)
        asked = [_exact(word) for word in (division, item, channel, act, date_of_case(on), section, row)]
        if _WORDS.issuperset(map(type, asked)):
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
        from assign.log import kinds, record  # an allow-list that a desk without a log need not make

        if self.audit is None:
            raise BadRequest(
                "この窓口には記録がありません（`Desk.open(audit=…)`）", "this desk has no log (`Desk.open(audit=…)`)"
            )
        with _unrepeated(asked):
            known_names(asked)
        words = {name: _exact(asked.get(name)) for name in ASKED}
        for name, word in words.items():
            if type(word) not in _WORDS:
                raise BadRequest(f"`{name}` の型が違います", f"`{name}` is of a type that a request does not have")
        channels = [words["channel"]] if words["channel"] is not None else [*self.catalog.manifest.channels]
        corrected = self._corrected(corrects)
        if corrected is not None and len(channels) > 1:
            channel = corrected["request"]["channel"]
            raise BadRequest(
                f"`corrects` には `channel` が要ります（番号 {corrected['seq']} は `{channel}` の判定です）",
                f"`corrects` needs a `channel` (record {corrected['seq']} is a decision of `{channel}`)",
                [channel],
            )
        if key is not None and len(channels) > 1:
            raise BadRequest(
                "`key` には `channel` が要ります（記録1件に1つ）", "`key` needs a `channel` (one for each record)"
            )
        common = {
            "kind": kinds.Kind.DECISION.value,
            "key": None if key is None else record.random_id(key, "key"),
            "case": record.new_id() if case is None else record.random_id(case, "case"),
            "role": record.role(role if role is not None else kinds.Role.UNSTATED).value,
            "corrects": None if corrected is None else corrected["seq"],
        }
        with _unrepeated(words.values()):
            when = date_of_case(words["on"])
            found = [
                self._recordable(*({**words, "channel": each, "on": when}[name] for name in ASKED)) for each in channels
            ]
        # Division and channel are recorded as their keys, and a row that goes by its name as its id: no word that a list makes up, and
        # that could be a person's, stands in a record.
        keys = {name: found[0][0][name] for name in ("division", "channel") if words[name] is not None}
        if isinstance(words["item"], str) and normal(words["item"]) in {word for _, word in self.catalog.unnumbered}:
            keys["item"] = found[0][0]["item"]
        given = record.given_words({**words, **keys})
        drafts = []
        for request, decision, digest, answer in found:
            said = {"given": given, "request": request, "decision": decision, "answer": digest}
            drafts.append(({**common, "on": request["on"], **said}, answer))
        kept = [self._keep(draft, answer) for draft, answer in drafts]
        return kept if case is None else of_case(kept, common["case"])

    def _corrected(self, seq: object) -> dict[str, Any] | None:
        """The decision that is to be corrected."""
        if seq is None or self.audit is None:
            return None
        from assign.log.kinds import Kind
        from assign.log.reading import record_of

        kept = record_of(self.audit.row(seq), self.audit.origin) if type(seq) is int else {}
        if kept.get("kind") != Kind.DECISION:
            raise BadRequest("`corrects` は判定の記録の番号です", "`corrects` is the number of a decision's record")
        return kept

    def _keep(self, draft: dict[str, Any], answer: Answer) -> Recorded:
        assert self.audit is not None  # noqa: S101 - INVARIANT: `record` has looked
        mine = {"editions": self.edition_digests, "engine": self.engine}
        kept = self.audit.append({**draft, **mine})
        answer = {**answer, "provenance": self._provenance}
        if not kept.created and (first := kept.record)["answer"] != draft["answer"]:
            answer = self._again(first)
        return Recorded(mutable_copy(answer), kept)

    def _again(self, record: Mapping[str, Any]) -> Answer:
        """The answer of an earlier record, from the editions that it names."""
        assert self.audit is not None  # noqa: S101 - INVARIANT: the record came from there
        same = record["editions"] == self.edition_digests
        found = (self if same else Desk.of_edition(self.audit, record["editions"])).replayed(record)
        if found.digest != record["answer"]:
            raise EngineError(
                f"番号 {record['seq']} の最初の答えを、この版のプログラムでは同じ文で示せません（`assign audit show {record['seq']}`）",
                f"this version cannot give the first answer of record {record['seq']} in its very words (`assign audit show {record['seq']}`)",
            )
        return {**found.answer, "provenance": self._provenance}

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
    def provenance(self) -> Mapping[str, str]:
        """The exact list, rules, program and engine behind every answer of this desk."""
        return MappingProxyType(self._provenance)

    @once
    def _provenance(self) -> Shared:
        return Shared(
            list=self.catalog.manifest.title["ja"],
            edition=self.catalog.manifest.edition,
            catalog_sha256=self.catalog.sha256,
            rules_sha256=self.rules.sha256,
            assign_version=resources.VERSION,
            engine=self.engine,
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
        channels = list(self.catalog.manifest.channels) if channel is None else [channel]
        when = date_of_case(on)
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
            if not isinstance(request, Mapping):
                raise BadRequest(f"{shown(request)} は依頼の形ではありません", f"{shown(request)} is not a request")
            asked: dict[str, Any] = {
                str.__str__(name) if isinstance(name, str) else shown(name): request[name] for name in request
            }
            known_names(asked, (*ASKED, *FOR_THE_RECORD))
            return self.decide(**asked)
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
        **unknown: object,
    ) -> Found:
        """
        Find rows by people's words: a name or a part of it, kana, an abbreviation, a citizen's sentence, a life event. It never decides.

        Args:
            text: What was typed or said; the first 200 characters count.
            division: The counter's division: it leads, and the others stay below. channel: Say who handles it there alone.
            limit: How many candidates at most, up to 100.

        Raises:
            BadRequest, UnknownDivision, UnknownChannel: An argument is wrong. RuleFileError: The list's lexicon is, with its line.
        """
        known_names(unknown, ("text", "division", "channel", "limit"))
        with importing:
            from assign.explanation.model import Found
        return Found.model_validate(self.found(text, division=division, channel=channel, limit=limit))

    def found(
        self, text: object, *, division: object = None, channel: object = None, limit: object = 10
    ) -> dict[str, Any]:
        """The same as plain data."""
        if self.closed:
            raise DeskClosed
        return self._finder.find(text, division, channel, limit)

    @once
    def _finder(self) -> Finder:
        with importing:  # a decision searches nothing, and waits for no SQLite
            from .finding import Finder

        return Finder(self._decider, self._explainer, self._words)

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
        division_word, item, channel, act, on, section, row_word = asked
        try:
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
        except UnknownItem as error:
            if (
                type(error) is UnknownItem
                and isinstance(item, str)
                and not error.understood
                and any(c.isalpha() for c in item)
            ):
                raise self._offered(error, item, self.catalog.manifest.division(division_word)) from None
            raise

    def _offered(self, error: UnknownItem, given: str, division: str) -> UnknownItem:
        """The same error with the rows that a name may mean."""
        try:
            near = dict(islice(self._finder.items(given, division).items(), 3))
        except AssignError:  # a lexicon that cannot be read is none of this question's business
            return error
        numbers = self.catalog.numbers[division]
        name = self.catalog.manifest.division_pair(division)
        return UnknownItem(given, division=name, span=(numbers.first, numbers.last), near=near) if near else error
