"""Work grows with the number of entries of a rule file, and never with its square; what is beyond a stated limit is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import pytest

from assign import Desk
from assign.catalog.loader import load
from assign.catalog.model import Catalog
from assign.check.proofs import check
from assign.desk.lookup import decision_table
from assign.errors import RuleFileError
from assign.resources import catalog_file, rules_folder
from assign.rules.kinds import Work
from assign.rules.loader import from_edition
from assign.rules.loader import load as load_rules
from assign.rules.model import FILES, RuleSet

LIST = load(catalog_file())
RULES = load_rules(rules_folder())
ROW = "kokuho-25"
ACTS = ("receive", "data_entry", "mail", "print", "guide")
FIRST = date(2000, 1, 1)
NONE = "rulings: []\n"
COMMON = "source: {document: 回答, role: 契約担当課長}, because: {ja: あ, en: a}"


def ruling(number: int, act: str, since: date, until: date, row: str = ROW) -> str:
    given = f"{{row: {row}, channel: counter, act: {act}, on: {since}}}"
    when = f"{{rows: [{row}], channel: counter, act: {act}, since: {since}, until: {until}}}"
    return (
        f"  - {{id: R{number}, title: {{ja: い, en: i}}, {COMMON}, when: {when}, then: {{assignee: contractor}}, "
        f"examples: [{{given: {given}, holds: true}}]}}\n"
    )


def one_after_another(n: int) -> str:
    """n rulings on one act, each for a day."""
    days = (FIRST + timedelta(days=2 * at) for at in range(n))
    return "rulings:\n" + "".join(ruling(at, "receive", day, day) for at, day in enumerate(days))


def backwards(n: int) -> str:
    """The same, the last first, without a day between them."""
    days = (FIRST + timedelta(days=n - at) for at in range(n))
    return "rulings:\n" + "".join(ruling(at, "receive", day, day) for at, day in enumerate(days))


def over_several_acts(n: int) -> str:
    """n rulings on five acts, over each other."""
    days = (FIRST + timedelta(days=7 * (at // len(ACTS)) + at % 3) for at in range(n))
    return "rulings:\n" + "".join(
        ruling(at, ACTS[at % len(ACTS)], day, day + timedelta(days=3)) for at, day in enumerate(days)
    )


def edition(**texts: str) -> bytes:
    """The built-in rules, some files of them replaced."""
    files = {
        name: texts.get(name.removesuffix(".yaml"), (rules_folder() / name).read_text("utf-8")).encode()
        for name in FILES
    }
    return b"".join(f"{name} {len(data)}\n".encode() + data for name, data in files.items())


def read(rulings: str) -> RuleSet:
    return from_edition(edition(rulings=rulings))


rules_of = cache(read)  # for what is measured of rules that have been read


def desk_of(rulings: str) -> Desk:
    """A desk over one row alone, so that what is counted is the rulings'."""
    tasks = tuple(task for task in LIST.tasks if task.id == ROW)
    rules = rules_of(rulings)
    holders = tuple(holder for holder in rules.holders if not holder.rows)
    acts = {key: act for key, act in rules.acts.items() if not act.condition_rows}
    kinds = [{**kind, "rows": [ROW]} for kind in rules.work.plain()["kinds"] if ROW in kind["rows"]]
    work = Work({**rules.work.plain(), "kinds": kinds, "chains": []})
    return Desk(
        Catalog(tasks, LIST.manifest, LIST.rows),
        replace(rules, notes=(), holders=holders, acts=acts, work=work),
        "table",
    )


def calls(work: Callable[[], object]) -> int:
    """How many functions a piece of work calls, Python's own among them: the same on every machine, however busy."""
    count = 0

    def seen(_frame: object, event: str, _what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


WORK: dict[str, Callable[[str], object]] = {
    "read": read,
    "open": desk_of,
    "table": lambda text: decision_table(desk_of(text)),
    "decide": lambda text: desk_of(text).answers(row=ROW, channel="counter", act="mail", on=FIRST),
    "decide the whole": lambda text: desk_of(text).answers(row=ROW, channel="counter", on=FIRST),
}


@pytest.mark.long
@pytest.mark.parametrize("make", [one_after_another, backwards, over_several_acts])
@pytest.mark.parametrize("what", WORK)
def test_rulings_on_one_row_cost_no_square_of_their_number(what: str, make: Callable[[int], str]) -> None:
    """1,000 of them took 64 s: every ruling was held against every other, and every day of one against every act."""
    few, many = make(60), make(240)
    WORK[what](few)  # what is imported and remembered once is nobody's growth
    WORK[what](NONE)
    base = calls(lambda: WORK[what](NONE))
    if what != "read":
        rules_of(many)
    small, large = (calls(lambda text=text: WORK[what](text)) - base for text in (few, many))  # type: ignore[misc]
    assert large <= 4.6 * small + 2000, f"{what}: {small:,} calls for 60 rulings, {large:,} for 240"


@pytest.mark.slow
def test_the_proofs_cost_no_square_either() -> None:
    """Over one row, with an example for each ruling. Each rule set is proved once before: durable-rules has it registered then."""
    counted = []
    for text in (NONE, one_after_another(60), one_after_another(240)):
        check(desk_of(text))
        counted.append(calls(lambda text=text: check(desk_of(text))))  # type: ignore[misc]
    none, few, many = counted
    assert many - none <= 4.6 * (few - none) + 2000


@pytest.mark.parametrize("make", [one_after_another, backwards, over_several_acts])
def test_each_of_many_rulings_is_found_on_its_days(make: Callable[[int], str]) -> None:
    """Before, on and after each, as looking at every one of them finds it."""
    rules = rules_of(make(60))
    for day in (FIRST + timedelta(days=at) for at in range(-1, 130)):
        for act in ACTS:
            wanted = [each for each in rules.rulings if each.act == act and each.in_force(day)]
            assert (
                [rules.ruling(ROW, channel, act, day) for channel in wanted[0].channels] == wanted if wanted else True
            )
            if not wanted:
                assert all(rules.ruling(ROW, channel, act, day) is None for channel in rules.rulings[0].channels)


def spans(*pairs: tuple[int, int]) -> str:
    days = ((FIRST + timedelta(days=since), FIRST + timedelta(days=until)) for since, until in pairs)
    return "rulings:\n" + "".join(ruling(at, "receive", *pair) for at, pair in enumerate(days))


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        (((0, 100), (1, 2), (50, 60)), "line 3: it overlaps with `R0`"),
        (((50, 60), (1, 2), (0, 100)), "line 4: it overlaps with `R1`"),
        (((0, 1), (2, 3), (3, 3)), "line 4: it overlaps with `R1`"),
        (((5, 5), (5, 5)), "line 3: it overlaps with `R0`"),
    ],
)
def test_an_overlap_is_found_however_the_rulings_are_ordered(pairs: tuple[tuple[int, int], ...], says: str) -> None:
    """Also with one that is not beside it in time."""
    with pytest.raises(RuleFileError, match=says):
        rules_of(spans(*pairs))


def entries(file: str, n: int, write: Callable[[int], str]) -> bytes:
    top = {"legend": "rules"}.get(file, file)
    text = (rules_folder() / f"{file}.yaml").read_text("utf-8").split("\n# Everyday words")[0]  # entries go before them
    return edition(**{file: text.rstrip("\n") + "\n" + "".join(map(write, range(n)))}) if top else b""


NOTE = "  - {{id: N{n}, title: {{ja: あ, en: a}}, source: {{law: x, basis: judged}}, when: {{rows: [{row}], since: 2000-01-01}}, then: {{caveat: changed}}, because: {{ja: あ, en: a}}, examples: []}}\n"
ACT = "  - {{id: act{n}, title: {{ja: 行為{n}, en: act number {n}}}, source: {{law: x, basis: judged}}, then: {{class: factual}}, because: {{ja: あ, en: a}}, examples: []}}\n"
RULE = "  - {{id: X{n}, title: {{ja: あ, en: a}}, source: {{law: x, basis: judged}}, when: {{mark: retained}}, then: {{assignee: city_staff, certainty: settled}}, because: {{ja: あ, en: a}}, examples: []}}\n"


@pytest.mark.long
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (lambda: entries("notes", 51, lambda n: NOTE.format(n=n, row=ROW)), "notes.yaml, line .*more than 50 notes on the row `kokuho-25`"),
        (lambda: entries("acts", 500, lambda n: ACT.format(n=n)), "acts.yaml, line .*more than 500 entries"),
        (lambda: entries("decision_table", 648, lambda n: RULE.format(n=n)), "decision_table.yaml, line .*more than 648 entries"),
        (lambda: edition(rulings=one_after_another(5_000)), "rulings.yaml, line 1: larger than 1000000 bytes"),
        (lambda: edition(rulings="rulings: [" + "a, " * 100_000 + "]\n"), "rulings.yaml, line 1: more than 5,000 entries"),
        (
            lambda: edition(acts=(rules_folder() / "acts.yaml").read_text("utf-8").replace("also: [", "also: [" + "".join(f"語{n}, " for n in range(100_000)), 1)),
            "acts.yaml, line .*",
        ),
        (
            lambda: edition(acts=(rules_folder() / "acts.yaml").read_text("utf-8").replace("also: [", "also: [" + "".join(f"w{n}, " for n in range(6_000)), 1)),
            "acts.yaml, line .*more than 5,000 names",
        ),
        (lambda: edition(rulings=one_after_another(1).replace("rows: [kokuho-25]", f"rows: [{'kokuho-25, ' * 50_000}]")), "the row `kokuho-25` stands twice"),
        (
            lambda: edition(rulings=one_after_another(1).replace("holds: true}", "holds: true}" + ", {given: {row: a}, holds: true}" * 600)),
            "rulings.yaml, line 2: more than 500 entries",
        ),
    ],
    ids=["notes on a row", "acts", "rules", "rulings", "items", "a hundred thousand names", "names", "rows", "examples"],
)  # fmt: skip
def test_what_is_beyond_a_limit_is_refused_with_the_limit(data: Callable[[], bytes], says: str) -> None:
    """No list of a city has as many."""
    with pytest.raises(RuleFileError, match=says):
        from_edition(data())


@pytest.mark.slow
def test_a_thousand_rulings_on_one_row_are_decided_and_proved() -> None:
    """The case of the report, whole."""
    desk = desk_of(one_after_another(1000))
    assert len(decision_table(desk)) > 2000
    assert desk.decide(row=ROW, channel="counter", act="receive", on=FIRST).assignee == "contractor"
    assert desk.decide(row=ROW, channel="counter", act="receive", on=FIRST + timedelta(days=1)).assignee == "city_staff"
    assert [
        finding.kind for finding in check(desk).findings if finding.kind == "example" and "R" in finding.text["en"][:40]
    ] == []
