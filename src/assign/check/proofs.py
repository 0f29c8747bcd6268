"""
The proofs: over the whole domain of facts, and over every row, channel and act of the list.

Nothing is sampled. The facts are finite, so that exactly one rule holds everywhere, that no rule is unreachable and
that two engines agree is shown by looking at every case; the numbers of cases looked at are part of the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from assign import resources
from assign.catalog import loader as lists
from assign.catalog.model import Catalog, Task
from assign.commands import command
from assign.decision.decider import Decider, Outcome
from assign.decision.durable import DurableEngine
from assign.decision.engine import Engine, TableEngine, open_engine
from assign.decision.fitting import fit, list_folder, named_as_given, rules_beside
from assign.errors import AssignError, EngineMissing, RuleFileError, RuleGap, RuleOverlap, visible
from assign.explanation.explainer import Explainer
from assign.rules import loader
from assign.rules.entries import Act, Entry, Facts, Holder, Note, Rule, Ruling, every_fact
from assign.rules.kinds import KINDS, Chain, Kind
from assign.rules.model import RuleSet
from assign.search.lexicon import Lexicon, of_folder
from assign.words import (
    ASSIGNEE_TEXT,
    BY_JUDGEMENT,
    CONSIGNING,
    RESERVED_ACTS,
    ActClass,
    ActFact,
    Assignee,
    Certainty,
    Meaning,
    Named,
    Ruled,
    date_of_case,
)

from . import document, floor, list_floor, recordable
from .findings import Bilingual, Finding, Report, finding
from .kept import as_read
from .not_yet import not_yet
from .unnamed import unnamed

CITY_ACTS: Final = (*RESERVED_ACTS, ActFact.UNDETERMINED)


class Subject(NamedTuple):
    """A list and rules to be proved, and never to be asked; `words`: the folder of the list's lexicon. A desk is one, too."""

    catalog: Catalog
    rules: RuleSet
    decider: Decider
    explainer: Explainer
    engine: str
    editions: Mapping[str, bytes]
    words: Path | None = None

    @property
    def lexicon(self) -> Lexicon:
        """The words of the list. Raises RuleFileError."""
        return of_folder(self.words, self.catalog.by_id)


class Provable(Protocol):
    """What is proved: a `Subject`, or a desk that answers already."""

    @property
    def catalog(self) -> Catalog:
        """The list."""

    @property
    def rules(self) -> RuleSet:
        """The rules."""

    @property
    def decider(self) -> Decider:
        """The bare decision on facts."""

    @property
    def explainer(self) -> Explainer:
        """Answers to requests that are understood already."""

    @property
    def engine(self) -> str:
        """The name of the engine that answers."""

    @property
    def lexicon(self) -> Lexicon:
        """The words of the list, none where its folder is not at hand. Raises RuleFileError."""


def unproved(catalog: str | None, rules: str | None, engine: str) -> Subject:
    """A list and rules from their folders; the list may say something else than its own raw text, which `check` finds."""
    with named_as_given(catalog, rules):
        found = lists.load(Path(catalog) if catalog is not None else resources.data_folder(), as_it_is=True)
        subject = _subject(found, loader.load(rules_beside(catalog, rules), kept=False), engine)
    return subject._replace(words=list_folder(catalog))


def of_editions(editions: Mapping[str, bytes], engine: str = "auto") -> Subject:
    """The list and rules in the very bytes that a log would keep."""
    return _subject(lists.from_edition(editions["list"]), loader.from_edition(editions["rules"]), engine)


def _subject(catalog: Catalog, rules: RuleSet, engine: str) -> Subject:
    fit(catalog, rules)
    decider = Decider(catalog, rules, open_engine(rules, engine))
    editions = {"list": catalog.data, "rules": rules.data, "rulings": rules.rulings_data}
    return Subject(catalog, rules, decider, Explainer(catalog, decider), decider.engine.name, editions)


def check(desk: Provable, *, list_path: Path | None = None, options: Sequence[str] = ()) -> Report:
    """
    Prove a desk's list and rules.

    Args:
        desk: What to prove: a desk, or what `unproved` gives.
        list_path: Where the desk's list is, if not the built-in one; its document is looked for in `source/` there.
        options: What to add to a command that reproduces a finding (`--rules`, `DIR`).

    Returns:
        The report; `findings` is empty where everything holds.
    """
    table = TableEngine(desk.rules)
    engines: list[Engine] = [table]
    with suppress(EngineMissing):  # the table then answers alone; the report says so
        engines.append(DurableEngine(desk.rules))
    report = Report(engine=desk.engine, cross_checked=len(engines) == 2)
    shower = _Shower(desk, options)
    built_in = floor.shipped()  # read once: that takes longer than most of what it is compared with
    _domain(report, desk.rules, engines, shower)
    _every_row(report, desk, engines, shower)
    _examples(report, desk, built_in)
    _citations(report, desk.rules)
    report.findings += not_yet(desk.rules, date_of_case(None))
    _work(report, desk, shower)
    _floor(report, desk, built_in)
    document.compare(report, desk.catalog, desk.rules, list_path)
    as_read(report, desk.rules, built_in)
    _lexicon(report, desk)
    report.notices += unnamed(desk.rules)
    report.findings += recordable.unrecordable(desk.decider, desk.explainer, shower.command)
    return report


class _Shower:
    """Finds a runnable command for a combination of facts."""

    def __init__(self, desk: Provable, options: Sequence[str]) -> None:
        self._options = options
        self._desk = desk

    @cached_property
    def _by_facts(self) -> dict[Facts, tuple[Task, str, str | None]]:
        """A request for each combination that the list has; looked for only where something is found."""
        desk, today = self._desk, date_of_case(None)
        found: dict[Facts, tuple[Task, str, str | None]] = {}
        for asked in product(desk.catalog.tasks, desk.catalog.manifest.channels, (None, *desk.rules.acts)):
            found.setdefault(desk.decider.facts(*asked, today), asked)
        return found

    def command(self, task: Task, channel: str, act: str | None) -> str:
        asked = ("--act", act) if act else ()
        return command("decide", "--row", task.id, "--channel", channel, *asked, *self._options)

    def row(self, row: str) -> str:
        return command("acts", "--row", row, *self._options)

    def of(self, facts: Facts) -> str | None:
        asked = self._by_facts.get(facts)
        return self.command(*asked) if asked else None


def _domain(report: Report, rules: RuleSet, engines: list[Engine], shower: _Shower) -> None:
    """Every combination of facts: one rule, both engines alike, each rule used, no unlawful answer."""
    reached: set[str] = set()
    cases = 0
    for facts in every_fact():
        cases += 1
        holding = engines[0].holds(facts)
        reached.update(holding)
        if not holding:
            report.findings.append(
                finding("gap", f"どの規則も当てはまりません: {facts}", f"no rule holds: {facts}", shower.of(facts))
            )
        elif len(holding) > 1:
            names = ", ".join(holding)
            report.findings.append(
                finding(
                    "overlap",
                    f"規則が重なります: {facts} に {names}",
                    f"rules overlap: {facts} meets {names}",
                    shower.of(facts),
                )
            )
        for other in engines[1:]:
            if (found := other.holds(facts)) != holding:
                report.findings.append(
                    finding(
                        "engines",
                        f"エンジンの答えが違います: {facts} に {holding} と {found}",
                        f"the engines differ: {facts} gives {holding} and {found}",
                        shower.of(facts),
                    )
                )
        for rule_id in holding:
            if (law := _broken_law(facts, rules.by_id[rule_id].assignee, rules.by_id[rule_id].certainty)) is not None:
                report.findings.append(
                    finding(
                        "law",
                        f"{rule_id} は {facts} で原則に反します: {law['ja']}",
                        f"{rule_id} breaks a law at {facts}: {law['en']}",
                        shower.of(facts),
                    )
                )
    for rule in rules.rules:
        if rule.id not in reached:
            report.findings.append(
                finding("unreachable", f"規則 {rule.id} は決して当てはまりません", f"rule {rule.id} never holds")
            )
    report.counts["rules"] = len(rules.rules)
    report.counts["facts"] = cases
    report.counts["engines"] = len(engines)


def _broken_law(facts: Facts, assignee: Assignee, certainty: Certainty) -> Bilingual | None:
    """What no rule set may do, whoever wrote it."""
    meaning, city = facts.meaning, assignee is Assignee.CITY_STAFF
    if (meaning is Meaning.NO_STEP) != (assignee is Assignee.NOBODY):
        return {
            "ja": "担当なしは、一覧にない手順だけです",
            "en": "nobody is for a step that the list does not have, and for no other",
        }
    if meaning is Meaning.NO_STEP:
        return None
    if meaning not in CONSIGNING and not city:
        return {
            "ja": "委託しない業務、委託の範囲外、読めない欄、意味のない印は市職員が行います",
            "en": "what is not consigned, cannot be read or has no meaning is city staff's",
        }
    if facts.act in CITY_ACTS and not city:
        return {"ja": "公権力の行使などは市職員が行います", "en": "reserved and unknown acts are city staff's"}
    if facts.act is ActFact.SHARED and assignee is Assignee.CONTRACTOR:
        return {
            "ja": "両者にまたがる行為は受託者だけにはなりません",
            "en": "a shared act is never the contractor's alone",
        }
    settled = certainty is Certainty.SETTLED
    if meaning in (Meaning.UNREADABLE, Meaning.UNDEFINED) and facts.act not in RESERVED_ACTS and settled:
        return {
            "ja": "読めない欄と意味のない印は、市に残る行為のほかは確定しません",
            "en": "what cannot be read or has no meaning settles nothing but acts that stay with the city",
        }
    if meaning not in CONSIGNING:
        return None
    if facts.act is ActFact.OTHER_ROW and not (city and not settled):
        return {
            "ja": "行の業務にない行為は、回答が出るまで市職員が行います",
            "en": "an act of another row's work is city staff's until there is a ruling",
        }
    if facts.act in RESERVED_ACTS and facts.named is Named.YES and settled:
        return {
            "ja": "一覧が渡している市に残る行為は確定しません",
            "en": "an act that stays with the city, and that the list gives away, is not settled",
        }
    if facts.act in BY_JUDGEMENT and facts.ruling is not Ruled.CITY_STAFF and settled:
        return {
            "ja": "本システムの判断だけで市に残る行為は確定しません",
            "en": "an act that stays with the city by our judgement alone is not settled",
        }
    if facts.ruling is not Ruled.NONE:
        return None
    unsure = meaning in (Meaning.PART_OPEN, Meaning.CONSIGNED_DOUBTFUL)
    if unsure and facts.act not in CITY_ACTS and settled:
        return {
            "ja": "一部の委託と凡例にない印は、回答がなければ確定しません",
            "en": "work consigned in part, or under a mark without a definition, is not settled without a ruling",
        }
    if meaning is Meaning.PART_OPEN and (
        assignee is Assignee.CONTRACTOR or (facts.act is ActFact.FACTUAL and not city)
    ):
        return {
            "ja": "一部を委託する業務の1つの行為は、回答がなければ市職員が行います",
            "en": "a single act of work consigned in part is city staff's without a ruling",
        }
    return None


def _every_row(report: Report, desk: Provable, engines: list[Engine], shower: _Shower) -> None:
    """Every row, channel and act of the list, decided by each engine on its own."""
    today = date_of_case(None)
    deciders = [Decider(desk.catalog, desk.rules, engine) for engine in engines]
    cases = 0
    for task, channel, act in product(desk.catalog.tasks, desk.catalog.manifest.channels, (None, *desk.rules.acts)):
        cases += 1
        answers: list[Outcome | None] = []
        for decider in deciders:
            try:
                answers.append(decider.decide(task, channel, act, today))
            except AssignError:
                answers.append(None)  # a gap or an overlap: already found in the domain
        if answers.count(answers[0]) != len(answers):
            report.findings.append(
                finding(
                    "engines",
                    f"エンジンの答えが違います: {task.id}",
                    f"the engines differ: {task.id}",
                    shower.command(task, channel, act),
                )
            )
        facts = desk.decider.facts(task, channel, act, today)
        if act and facts.named is Named.YES and facts.act in RESERVED_ACTS and facts.meaning in CONSIGNING:
            report.findings.append(
                finding(
                    "reserved",
                    f"一覧は {task.id} の `{act}` を受託者に渡していますが、委託できない行為です（答えは市職員、回答待ちになります）",
                    f"the list gives `{act}` of {task.id} to the contractor, and it cannot be consigned (the answer is city staff, open)",
                    shower.command(task, channel, act),
                )
            )
    report.counts["rows"] = len(desk.catalog.tasks)
    report.counts["channels"] = len(desk.catalog.manifest.channels)
    report.counts["acts"] = len(desk.rules.acts)
    report.counts["requests"] = cases


def _examples(report: Report, desk: Provable, built_in: RuleSet) -> None:
    """Every example of every entry; of another city's list an act that says just what ships needs none."""
    shipped = floor.as_it_ships(desk.rules, built_in, desk.catalog.tasks[0].document)
    cases = 0
    rules = desk.rules
    entries: list[Entry] = [*rules.rules, *rules.acts.values(), *rules.holders, *rules.notes, *rules.rulings]
    for entry in entries:
        for example in entry.examples:
            cases += 1
            problem = example_fails(desk, entry, example)
            if problem:
                report.findings.append(
                    finding(
                        "example",
                        f"{entry.file} の {entry.line} 行目 `{entry.id}` の例が成り立ちません: {problem}",
                        f"{entry.file}, line {entry.line}: an example of `{entry.id}` fails: {problem}",
                    )
                )
        if not entry.examples and not (isinstance(entry, Act) and entry.id in shipped):
            report.findings.append(
                finding(
                    "example",
                    f"{entry.file} の {entry.line} 行目 `{entry.id}` に例がありません",
                    f"{entry.file}, line {entry.line}: `{entry.id}` has no example",
                )
            )
    report.counts["examples"] = cases


def example_fails(desk: Provable, entry: Entry, example: Mapping[str, str]) -> str | None:
    """What an example of an entry says against what is so: None where it holds."""
    wanted = example.get("→holds") == "true"
    try:
        if isinstance(entry, Rule):
            facts = Facts(
                Meaning(example["meaning"]), Named(example["named"]), ActFact(example["act"]), Ruled(example["ruling"])
            )
            return None if entry.holds(facts) is wanted else str(facts)
        if isinstance(entry, Act):
            task = desk.catalog.by_id[example["row"]]
            found = desk.decider.decide(task, example["channel"], entry.id, _day(example)).assignee
            return None if found == example["→assignee"] else f"{task.id} → {found}"
        if isinstance(entry, Holder):
            row = example.get("row", "")
            division = desk.catalog.by_id[row].division if row else example["division"]
            holder = desk.rules.holder(division, example["act"], row)
            return None if (holder.id == entry.id) is wanted else str(dict(example))
        task = desk.catalog.by_id[example["row"]]
        if isinstance(entry, Note):
            return None if (task.id in entry.rows and entry.since <= _day(example)) is wanted else str(dict(example))
        if isinstance(entry, Ruling):
            ruling = desk.rules.ruling(task.id, example["channel"], example["act"], _day(example))
            return None if (ruling is not None and ruling.id == entry.id) is wanted else str(dict(example))
    except (KeyError, ValueError, AssignError) as error:
        return f"{error}"
    return None


def _day(example: Mapping[str, str]) -> date:
    return date_of_case(example.get("on"))


def _citations(report: Report, rules: RuleSet) -> None:
    """A law or paper is cited only where it says so: what is our own judgement names none."""
    entries: list[Entry] = [*rules.rules, *rules.acts.values(), *rules.holders, *rules.notes]
    for entry in entries:
        if entry.source.basis == "judged" and entry.source.line is None and entry.source.document:
            report.findings.append(
                finding(
                    "source",
                    f"{entry.file} の {entry.line} 行目 `{entry.id}` は判断（judged）なのに `law` を引いています"
                    "（文にそう書いてあれば seen、準じるなら analogy、なければ `law` を消してください）",
                    f"{entry.file}, line {entry.line}: `{entry.id}` is judged and yet cites a `law` "
                    "(seen if the text says so, analogy if it is near, else leave `law` out)",
                )
            )


def _work(report: Report, desk: Provable, shower: _Shower) -> None:
    """
    Every row has a kind of work. A ruling stands on an act of its row's work, and where the list leaves room for it: elsewhere it
    changes no answer, and whoever wrote it down believes that it does.
    """
    work = desk.rules.work
    for task in desk.catalog.tasks:
        if work.kind(task.id) is None:
            report.findings.append(
                finding(
                    "work",
                    f"{task.id} の業務の種類がありません（{KINDS} のどれかの `rows` に書いてください）",
                    f"{task.id} has no kind of work (put it into the `rows` of one in {KINDS})",
                    shower.row(task.id),
                )
            )
    for ruling in desk.rules.rulings:
        for row in ruling.rows:
            if not desk.decider.own(desk.catalog.by_id[row], ruling.act):
                report.findings.append(
                    finding(
                        "work",
                        f"{ruling.file} の {ruling.line} 行目 `{ruling.id}`: `{ruling.act}` は {row} の業務の中の行為ではなく、"
                        "回答は効きません",
                        f"{ruling.file}, line {ruling.line}: `{ruling.act}` of `{ruling.id}` is no part of the work of {row}, "
                        "so the ruling changes nothing",
                        shower.row(row),
                    )
                )
            elif stays := _not_followed(desk, ruling, row):
                channel, who = stays
                report.findings.append(
                    finding(
                        "work",
                        f"{ruling.file} の {ruling.line} 行目 `{ruling.id}`: {row} の `{channel}` は一覧により"
                        f"{ASSIGNEE_TEXT[who]['ja']}で、回答は効きません",
                        f"{ruling.file}, line {ruling.line}: on {row}, `{channel}`, the list leaves no room for `{ruling.id}` "
                        f"(it is {ASSIGNEE_TEXT[who]['en']}), so the ruling changes nothing",
                        shower.row(row),
                    )
                )
    report.counts["kinds"] = len(work.kinds)


def _not_followed(desk: Provable, ruling: Ruling, row: str) -> tuple[str, Assignee] | None:
    """A channel on which the answer is not what a ruling says, and whose work it is there."""
    for channel in ruling.channels:
        try:
            outcome = desk.decider.decide(desk.catalog.by_id[row], channel, ruling.act, ruling.since)
        except (RuleGap, RuleOverlap):  # a finding of its own
            continue
        if outcome.assignee is not ruling.assignee:
            return channel, outcome.assignee
    return None


def _floor(report: Report, desk: Provable, built_in: RuleSet) -> None:
    """What rules and a manifest may never do, whatever their examples say."""
    of_rules = floor.roads(desk.rules, built_in, desk.catalog.tasks[0].document)
    report.findings += [Finding("floor", road.text) for road in (*of_rules, *list_floor.roads(desk.catalog))]
    report.counts["authority"] = sum(act.act_class is ActClass.AUTHORITY for act in built_in.acts.values())
    rules = desk.rules
    own: list[Entry | Kind | Chain] = [*rules.acts.values(), *rules.holders, *rules.notes]
    own += [*rules.work.kinds, *rules.work.chains]
    report.counts["own"] = sum(entry.source.own for entry in own)


def _lexicon(report: Report, desk: Provable) -> None:
    """The words of the list, read as a search and a plan read them: none of them works with a mistake in any."""
    try:
        report.counts["topics"] = len(desk.lexicon.topics)
    except RuleFileError as error:
        report.findings.append(finding("lexicon", error.ja, error.en))


def lines(report: Report, lang: str = "ja") -> Iterator[str]:
    """The report as a person reads it."""
    counts, ja = report.counts, lang == "ja"
    engines = (
        ("durable-rules と表エンジンの2つ" if ja else "durable-rules and the table engine")
        if report.cross_checked
        else (
            "表エンジンだけ（この Python に durable-rules はなく、突合はしていません）"
            if ja
            else "the table engine alone (no durable-rules in this Python: not cross-checked)"
        )
    )
    yield (
        f"エンジン: {engines}。答えるのは {report.engine}。"
        if ja
        else f"Engines: {engines}. The desk answers by {report.engine}."
    )
    kinds = [each.kind for each in report.findings]

    def verdict(*of: str) -> str:
        found = sum(kind in of for kind in kinds)
        return (f"問題 {found} 件" if found else "すべて成立") if ja else (f"{found} found" if found else "holds")

    whole = verdict("gap", "overlap", "unreachable", "law", "engines")
    yield (
        f"事実の組合せ {counts['facts']} 通り × 規則 {counts['rules']} 件、ちょうど1件が当てはまる: {whole}"
        if ja
        else f"{counts['facts']} combinations of facts x {counts['rules']} rules, exactly one holds: {whole}"
    )
    asked = counts["acts"] + 1
    yield (
        f"依頼 {counts['requests']} 件（{counts['rows']} 行 × 業務の場 {counts['channels']} × {asked}、行為 {counts['acts']} 種と指定なし）、"
        f"答えが1つ: {whole}"
        if ja
        else f"{counts['requests']} requests ({counts['rows']} rows x {counts['channels']} channels x {asked}, that is {counts['acts']} acts and "
        f"none), one answer: {whole}"
    )
    own = report.counts["own"]
    yield (
        f"公権力の行使 {counts['authority']} 種は種類も名前も変えられない（この市の規則 {own} 件）: {verdict('floor')}"
        if ja
        else f"{counts['authority']} exercises of authority keep class and names ({own} rules of this city's own): {verdict('floor')}"
    )
    yield (
        f"業務の種類 {counts['kinds']} 種、どの行にも1つ、回答はその行の業務の行為に: {verdict('work')}"
        if ja
        else f"{counts['kinds']} kinds of work, one for every row, rulings on acts of their rows: {verdict('work')}"
    )
    if topics := counts.get("topics"):  # a list need not have any
        yield (
            f"検索のことばと出来事 {topics} 件: すべて成立"
            if ja
            else f"{topics} matters and life events to search by: holds"
        )
    yield (f"例 {counts['examples']} 件: " if ja else f"{counts['examples']} examples: ") + verdict("example")
    if "lines" in counts:
        unread = report.declared.get("unread", 0)
        apart = (f"（`unread` の {unread} 行を除く）" if ja else f" (but {unread} of `unread`)") if unread else ""
        head = (
            (
                f"文書 {counts['lines']} 行と台帳の一致: "
                if ja
                else f"{counts['lines']} lines of the document, same as the catalog: "
            )
            if "unread" not in report.declared  # each line of such a document is read
            else (
                f"台帳 {counts['rows']} 行の原文、印字どおりに読んだ行の印、引用は文書（{counts['lines']} 行）のとおりで、ほかに業務の行に見える行はない{apart}: "
                if ja
                else f"Text of {counts['rows']} rows, marks of those read as printed, and what is cited, as in the document ({counts['lines']} lines); no other line looks like a row{apart}: "
            )
        )
        yield head + verdict("source", "reading", "kept")
    elif "document_not_at_hand" not in report.declared:
        yield ("文書と台帳の一致: " if ja else "The catalog against its document: ") + verdict(
            "source", "reading", "kept"
        )
    else:
        yield (
            "文書が手元になく、台帳との突合はしていません"
            if ja
            else "The document is not at hand: not compared with the catalog"
        )
    odd = report.declared
    yield (
        f"宣言済みの読み: 判断 {odd['judged']} 行（うち定義のない印 {odd['undefined_mark']} 行）、読み取り不能 {odd['unreadable']} 行"
        if ja
        else f"Declared readings: {odd['judged']} judged ({odd['undefined_mark']} of them under an undefined mark), "
        f"{odd['unreadable']} unreadable"
    )
    for each in report.findings:
        yield f"× [{each.kind}] {each.text[lang]}" if ja else f"x [{each.kind}] {each.text[lang]}"
        if each.reproduce:
            yield f"    {visible(each.reproduce)}"
        elif each.kind in ("gap", "overlap"):
            yield (
                "    （今の一覧と疑義照会への回答では起きない組合せです）"
                if ja
                else "    (no row and ruling of today has these facts)"
            )
    yield from (f"・{each.text[lang]}" if ja else f"- {each.text[lang]}" for each in report.notices)
    total = len(report.findings)
    yield (
        (f"見つかった問題: {total} 件" if ja else f"Found: {total}")
        if total
        else ("問題は見つかりませんでした。" if ja else "Nothing found.")
    )
