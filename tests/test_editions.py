"""Editions of one list side by side: a case gets the answer of the edition in force on its date, and of no other."""

from __future__ import annotations

import csv
import io
import json
import pickle
import shlex
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.catalog.editions import EditionsError, NoEdition, OtherEdition, in_force, of_folder
from assign.catalog.manifest_file import parsed
from assign.check.due import dates_in, due, lapsing
from assign.check.proofs import check, unproved
from assign.desk.asked import DeskClosed
from assign.desk.lookup import answered, decision_table, of_line, table_of_edition
from assign.errors import AssignError, CatalogError, RuleFileError, UnknownItem
from assign.explanation.model import Decision
from assign.resources import rules_folder

from .command_line import inside
from .editions import CHANNELS, folder_of, truth
from .test_diff import said_id

FIRST, SECOND = date(2025, 4, 1), date(2026, 4, 1)
ONE_DAY = timedelta(days=1)


def two_editions(folder: Path) -> Path:
    """List d as a city keeps it: r7 from 2025-04-01, r8 from 2026-04-01."""
    folder_of("1", folder / "r7")
    folder_of("2", folder / "r8")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_editions(tmp_path_factory.mktemp("city") / "list")


@pytest.fixture
def city(made: Path, tmp_path: Path) -> Path:
    """A copy to be spoiled."""
    return Path(shutil.copytree(made, tmp_path / "city"))


@pytest.fixture(scope="module")
def desk(made: Path) -> Desk:
    return Desk.open(list=made, engine="table")


def effective(folder: Path, days: object) -> None:
    """Let an edition be in force on other days; None: it does not say."""
    path = folder / "manifest.yaml"
    manifest = {**json.loads(path.read_text("utf-8")), "effective": days}
    path.write_text(json.dumps({k: v for k, v in manifest.items() if v is not None}, ensure_ascii=False), "utf-8")


def name(folder: Path, edition: str) -> None:
    path = folder / "manifest.yaml"
    path.write_text(
        json.dumps({**json.loads(path.read_text("utf-8")), "edition": edition}, ensure_ascii=False), "utf-8"
    )


# -- the edition in force ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edition", "days"),
    [("1", (FIRST, date(2025, 7, 1), SECOND - ONE_DAY)), ("2", (SECOND, date(2026, 7, 1), date(2099, 1, 1)))],
)
def test_every_answer_is_that_of_the_edition_in_force(desk: Desk, edition: str, days: tuple[date, ...]) -> None:
    """On the first day, within, and on the last: who and how sure is what the truth of that edition says."""
    for row in truth(edition):
        for answer in row["answers"]:
            for on in days:
                found = desk.decide(row=said_id(row), channel=CHANNELS[answer["channel"]], on=on)
                assert (found.assignee, found.certainty) == (answer["assignee"], answer["certainty"]), (row["id"], on)
                assert found.provenance.edition == f"令和{6 + int(edition)}年度版"


def test_a_decision_names_its_edition_and_the_days_of_its_neighbours(desk: Desk) -> None:
    """In `provenance`, which a record's digest leaves out; and in the text, short and whole, in both languages."""
    old = desk.decide(row="kouki-7", channel="counter", on="2025-05-01")
    assert old.provenance.model_dump()["in_force"] == {
        "since": "2025-04-01",
        "until": "2026-03-31",
        "before": None,
        "after": {"edition": "令和8年度版", "since": "2026-04-01", "until": None},
    }
    new = desk.answers(row="kouki-7", channel="counter", on="2026-05-01")[0]
    before = {"edition": "令和7年度版", "since": "2025-04-01", "until": "2026-03-31"}
    assert new["provenance"]["in_force"] == {"since": "2026-04-01", "until": None, "before": before, "after": None}
    for text in (old.explain(), old.explain(why=True)):
        assert "版: 令和7年度版（2025-04-01 から 2026-03-31 まで。次の版は 2026-04-01 から）" in text
    assert "Edition: 令和7年度版 (from 2025-04-01 to 2026-03-31; the next begins on 2026-04-01)" in old.explain("en")


def test_a_decision_is_the_same_as_python_and_as_plain_data(desk: Desk) -> None:
    """Of editions and of a list that has one: then nothing is said of others, and the keys are the contract's."""
    for each, row, on in ((desk, "kouki-7", "2025-05-01"), (Desk.open(engine="table"), "nenkin-24", None)):
        decision = each.decide(row=row, channel="counter", on=on)
        assert decision.model_dump(mode="json") == each.answers(row=row, channel="counter", on=on)[0]
        assert ("in_force" in decision.model_dump(mode="json")["provenance"]) is (each.beside is not None)
    properties = Decision.model_json_schema(mode="serialization")["$defs"]["Provenance"]
    assert "in_force" in properties["properties"]
    assert "in_force" not in properties["required"]


def test_a_row_of_one_edition_is_unknown_on_the_days_of_another(desk: Desk) -> None:
    """後期 9の2 is new, 児童 17 is gone: no edition lends its rows to another's days."""
    assert desk.decide("kouki", "9の2", "counter", on=SECOND).provenance.edition == "令和8年度版"
    assert desk.decide("jido", "17", "counter", on=FIRST).provenance.edition == "令和7年度版"
    for division, item, on in (("kouki", "9の2", FIRST), ("jido", "17", SECOND)):
        with pytest.raises(UnknownItem):
            desk.decide(division, item, "counter", on=on)


@pytest.mark.parametrize("on", [FIRST - ONE_DAY, "2024-05-01", "R6.5.1", date.min])
def test_before_the_first_edition_there_is_no_answer(desk: Desk, on: object) -> None:
    """Every way to ask says the same: the nearest edition, and its first day as the one candidate."""
    asked: dict[str, Any] = {"row": "kouki-7", "channel": "counter", "on": on}
    ways: list[Callable[[], object]] = [
        lambda: desk.decide(**asked),
        lambda: desk.answers(**asked),
        lambda: desk.brief(**asked),
        lambda: desk.plan(row="kouki-7", on=on),
        lambda: desk.search("届", on=on),
        lambda: desk.in_force(on),
    ]
    for way in ways:
        with pytest.raises(NoEdition, match=r"begins on 2025-04-01") as error:
            way()
        assert (error.value.code, error.value.exit_code) == ("no_edition", 2)
        assert error.value.candidates == ("2025-04-01",)
    assert isinstance(desk.decide_many([asked])[0], NoEdition)


def test_after_the_last_day_of_the_last_edition_there_is_no_answer(city: Path) -> None:
    """Where the last edition says its last day, the next day is nobody's."""
    effective(city / "r8", {"since": "2026-04-01", "until": "2027-03-31"})
    desk = Desk.open(list=city, engine="table", on="2026-05-01")
    assert desk.decide(row="kouki-7", channel="counter", on="2027-03-31").provenance.edition == "令和8年度版"
    with pytest.raises(NoEdition, match=r"ends on 2027-03-31") as error:
        desk.decide(row="kouki-7", channel="counter", on="2027-04-01")
    assert error.value.candidates == ("2027-03-31",)
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)  # noqa: S301 - our own bytes
    with pytest.raises(NoEdition):
        Desk.open(list=city, on="2027-04-01")


def test_rows_and_rules_of_a_desk_are_those_of_the_day_it_was_opened_for(made: Path) -> None:
    """What has no date of its own: rows, acts, the catalog. `in_force` gives the desk of another day."""
    old = Desk.open(list=made, engine="table", on="2025-05-01")
    assert "jido-17" in {row.id for row in old.tasks()}
    assert "jido-17" not in {row.id for row in old.in_force("2026-05-01").tasks()}
    assert old.in_force("2026-05-01") is old.in_force("2027-05-01")
    assert old.in_force("2025-06-01") is old
    assert old.provenance["edition"] == "令和7年度版"


def test_a_search_says_who_handles_it_on_the_day_asked_for(desk: Desk) -> None:
    """後期 7 goes from the contractor to both."""
    who = {
        on: next(row for row in desk.found("高額療養費の口座の届", on=on)["rows"] if row["id"] == "kouki-7")["handled"][
            0
        ]
        for on in ("2025-05-01", "2026-05-01")
    }
    assert [each["assignee"] for each in who.values()] == ["contractor", "split"]


def test_a_closed_desk_closes_all_of_them(made: Path) -> None:
    """No edition answers after it, not even one that was never asked."""
    desk = Desk.open(list=made, engine="table")
    other = desk.in_force("2025-05-01")
    desk.close()
    desk.close()
    for each, on in ((desk, "2026-05-01"), (desk, "2025-05-01"), (other, "2025-05-01")):
        with pytest.raises(DeskClosed):
            each.decide(row="kouki-7", channel="counter", on=on)


# -- what is refused ---------------------------------------------------------------------------------------------------

SPOILED: list[tuple[str, Callable[[Path], object], str]] = [
    (
        "a gap",
        lambda city: effective(city / "r7", {"since": "2025-04-01", "until": "2026-03-30"}),
        r"between `r7` 令和7年度版 \(to 2026-03-30\) and `r8` 令和8年度版 \(from 2026-04-01\).*2026-03-31 to 2026-03-31",
    ),
    (
        "an overlap",
        lambda city: effective(city / "r7", {"since": "2025-04-01", "until": "2026-04-01"}),
        r"`r7` 令和7年度版 \(from 2025-04-01 to 2026-04-01\) and `r8` 令和8年度版 \(from 2026-04-01\) overlap",
    ),
    ("the same first day", lambda city: effective(city / "r8", "2025-04-01"), r"`r7`.*and `r8`.*overlap"),
    ("no day", lambda city: effective(city / "r8", None), r"`effective`"),
    ("the same name", lambda city: name(city / "r8", "令和７年度版 "), r"`r7`.*`r8`.*same name"),
    ("another list", lambda city: other_list(city / "r8"), r"not editions of one list.*`kouki`.*`a`"),
    ("a folder that is no list", lambda city: (city / "notes").mkdir(), r"notes` has no manifest.yaml"),
    ("a lost manifest", lambda city: (city / "r8" / "manifest.yaml").unlink(), r"r8` has no manifest.yaml"),
    ("a lost catalog", lambda city: (city / "r8" / "catalog.csv").unlink(), r"r8` has no catalog.csv"),
]


def other_list(folder: Path) -> None:
    text = (folder / "manifest.yaml").read_text("utf-8")
    (folder / "manifest.yaml").write_text(text.replace('"kouki"', '"a"').replace('"jido"', '"b"'), "utf-8")


@pytest.mark.parametrize(("spoil", "said"), [each[1:] for each in SPOILED], ids=[each[0] for each in SPOILED])
def test_a_folder_that_is_not_one_list_day_after_day_is_refused(
    city: Path, spoil: Callable[[Path], object], said: str
) -> None:
    """At open, whichever day is asked for; one sentence names both editions and the days."""
    spoil(city)
    for on in (None, "2025-05-01"):
        with pytest.raises(EditionsError, match=said) as error:
            Desk.open(list=city, on=on)
        assert error.value.code == "editions"
        assert "\n" not in error.value.ja + error.value.en


def damaged(file: Path) -> None:
    file.write_text(file.read_text("utf-8") + '"\nx: 1\n', "utf-8")


def with_words(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("concepts:\n  - {id: a, label: {ja: 甲, en: a}, rows: {kouki-77: 3}, spoken: [ことば]}\n", "utf-8")


@pytest.mark.parametrize(
    ("file", "spoil"),
    [
        ("manifest.yaml", damaged),
        ("catalog.csv", damaged),
        ("rules/kinds.yaml", damaged),
        ("rules/kinds.yaml", Path.unlink),
        ("rules/rulings.yaml", lambda file: file.write_text(file.read_text("utf-8").replace("kouki-5", "kouki-77"))),
        ("lexicon/words.yaml", with_words),
    ],
)
@pytest.mark.parametrize("given", [".", "r8"])
def test_an_error_names_the_file_in_the_folder_as_it_was_given(
    city: Path, monkeypatch: pytest.MonkeyPatch, file: str, spoil: Callable[[Path], object], given: str
) -> None:
    """All editions have files of these names; of one list, too, a file is found sooner by its path."""
    spoil(city / "r8" / file)
    monkeypatch.chdir(city)
    for ask in (
        lambda: Desk.open(list=given, engine="table").search("ことば", on="2026-05-01"),
        lambda: unproved("r8", None, "table").lexicon,
    ):
        with pytest.raises((RuleFileError, CatalogError)) as caught:
            ask()
        for said in (caught.value.ja, caught.value.en, str(caught.value)):
            assert said.startswith(f"r8/{file}")


def test_an_edition_without_rules_is_said_to_have_none(city: Path) -> None:
    """Those that ship are read in their place: a line of theirs alone would send the reader there."""
    shutil.rmtree(city / "r8" / "rules")
    with pytest.raises(RuleFileError, match=rf"there is no `{city}/r8/rules`, and the rules that ship do not fit"):
        Desk.open(list=city, on="2026-05-01")


@pytest.mark.parametrize("since", ["2926-04-01", "0026-04-01"])
def test_a_first_day_that_is_a_typing_error_is_refused(city: Path, since: str) -> None:
    """The list would be in force in 900 years, and until then nothing would say so."""
    effective(city / "r8", since)
    with pytest.raises(RuleFileError, match=r"is no year of a case"):
        Desk.open(list=city / "r8")


def test_an_edition_ends_where_the_next_begins_or_on_the_day_that_it_says(city: Path) -> None:
    """Three in a row; a folder that begins with a full stop is none, nor is a file beside them."""
    shutil.copytree(city / "r8", city / "r9")
    name(city / "r9", "令和9年度版")
    effective(city / "r9", {"since": "2027-04-01", "until": "2028-03-31"})
    (city / ".git").mkdir()
    (city / "README.txt").write_text("r7, r8, r9", "utf-8")
    found = of_folder(city)
    ends = [date(2026, 3, 31), date(2027, 3, 31), date(2028, 3, 31)]
    assert [(each.folder.name, each.until) for each in found] == list(zip(("r7", "r8", "r9"), ends, strict=True))
    days = [FIRST + timedelta(days=n) for n in range((ends[-1] - FIRST).days + 1)]
    assert [sum(each.covers(day) for each in found) for day in days] == [1] * len(days)
    assert all(found[in_force(found, day)].covers(day) for day in days)


def test_the_folder_of_one_list_is_what_it_was(made: Path) -> None:
    """It has no days to keep to; a list within it is never used, and `check` says so."""
    assert of_folder(made / "r7") == ()
    assert of_folder(made / "r7" / "catalog.csv") == ()
    desk = Desk.open(list=made / "r7", engine="table")
    assert desk.in_force("1990-01-01") is desk
    assert "in_force" not in desk.provenance


def test_a_list_within_a_list_is_found_by_check(city: Path) -> None:
    """Whoever puts the new edition into the folder of the old one would never get an answer of it."""
    shutil.move(city / "r8", city / "r7" / "r8")
    report = check(unproved(str(city / "r7"), None, "table"), list_path=city / "r7")
    assert [each.kind for each in report.findings] == ["editions"]
    assert "`r8`" in report.findings[0].text["en"]


def test_the_days_of_a_list_are_a_day_or_a_first_and_a_last(made: Path) -> None:
    """The two ways to write them; of a mapping `since` is needed."""
    data = json.loads((made / "r7" / "manifest.yaml").read_text("utf-8"))

    def read(days: object) -> object:
        return parsed(json.dumps({**data, "effective": days}).encode()).effective

    assert read("2026-04-01") == (SECOND, None)
    assert read({"since": "2026-04-01"}) == (SECOND, None)
    assert read({"since": "2026-04-01", "until": "2026-04-01"}) == (SECOND, SECOND)
    for wrong in ({"until": "2026-04-01"}, {"since": "2026-04-01", "untill": "2027-03-31"}, "R8.4.1"):
        with pytest.raises(RuleFileError):
            read(wrong)


# -- every answer as a table -------------------------------------------------------------------------------------------


def test_the_table_of_all_answers_is_that_of_each_edition_on_its_days(desk: Desk) -> None:
    """A line answers on the days of its edition alone, and as the desk does on the first and the last of them."""
    lines = decision_table(desk)
    per_edition = [[*table_of_edition(each)] for each in (desk.in_force(FIRST), desk.in_force(SECOND))]
    assert [*lines] == per_edition[0] + per_edition[1]
    days = [("2025-04-01", "2026-03-31"), ("2026-04-01", "9999-12-31")]
    for found, (first, last) in zip(per_edition, days, strict=True):
        assert min(line.since for line in found) == first
        assert max(line.until for line in found) == last
    for line in lines[:: len(lines) // 200]:
        asked = dict(zip(("division", "item", "channel", "act"), line[:4], strict=True))
        for on in (line.since, line.until):
            assert answered(desk, {**asked, "on": on}, SECOND) == of_line(line), (line, on)


def test_an_edition_alone_refuses_the_days_of_another(desk: Desk) -> None:
    """A recorded batch is of one edition, since its record names one."""
    assert desk.beside is not None
    alone = desk.beside.alone(0)
    assert alone.decide(row="kouki-7", channel="counter", on=FIRST).assignee == "contractor"
    with pytest.raises(OtherEdition, match=r"is a day of `r8` 令和8年度版"):
        alone.decide(row="kouki-7", channel="counter", on=SECOND)
    with pytest.raises(NoEdition):
        alone.decide(row="kouki-7", channel="counter", on=FIRST - ONE_DAY)
    assert {line.since for line in decision_table(alone)} == {"2025-04-01", "2025-06-01"}


# -- what falls due ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "days", "unread"),
    [
        ("(令和3年10月頃業務見直し予定)", ["2021-10-01"], False),
        ("令和8年1月5日から受託者、令和８年４月１日から市職員", ["2026-01-05", "2026-04-01"], False),
        ("R8.4.1から / 2026-10-01まで / 平成31年4月30日", ["2026-04-01", "2026-10-01", "2019-04-30"], False),
        ("令和7年度まで", ["2025-04-01"], False),
        ("令和元年度", ["2019-05-01"], False),
        ("2026年3月末まで", ["2026-03-01"], False),
        ("年間約1,200件", [], False),
        ("５年間保存。毎年4月1日に発送", [], False),
        ("ただし、午後5時15分～翌朝8時30分は市職員（宿直）", [], False),
        ("4月1日から", [], True),
        ("8年4月1日から", [], True),
        ("令和8年2月30日から", [], True),
    ],
)
def test_the_dates_of_a_remark(text: str, days: list[str], unread: bool) -> None:
    """A month is its first day, a 年度 its 1 April; a date that lacks its year, or that no calendar has, is not passed over."""
    assert dates_in(text) == ([date.fromisoformat(day) for day in days], unread)


def test_what_falls_due_in_the_built_in_list() -> None:
    """Row 国保 28 announces its own review, once in the list's remark and once in our note on it."""
    found = due(None, None, date(2027, 12, 31), date(2026, 11, 29))
    assert {(each.kind, each.rows, each.day) for each in found} == {
        ("remark", ("kokuho-28",), date(2021, 10, 1)),
        ("change", ("kokuho-28",), date(2021, 10, 1)),
    }
    assert found[0].printed == "(令和3年10月頃業務見直し予定)"
    assert due(None, None, date(2021, 9, 30), date(2026, 11, 29)) == []


def test_rulings_and_editions_fall_due_on_their_last_day(city: Path) -> None:
    """Of r7 the ruling R-2 and the edition end on 2026-03-31; r8 is open. On its own days an ended ruling of r7 is nothing of r8."""

    def found(by: str, today: str) -> list[tuple[str, str, tuple[str, ...]]]:
        all_of_them = due(city, None, date.fromisoformat(by), date.fromisoformat(today))
        return [(each.kind, each.edition, each.rows) for each in all_of_them]

    ends = [("ruling", "令和7年度版", ("kouki-8",)), ("edition", "令和7年度版", ())]
    assert found("2026-03-30", "2025-05-01") == []
    assert found("2026-03-31", "2025-05-01") == ends
    assert found("2030-01-01", "2026-05-01") == []
    effective(city / "r8", {"since": "2026-04-01", "until": "2027-03-31"})
    assert found("2027-03-31", "2026-05-01") == [("edition", "令和8年度版", ())]
    assert found("2028-01-01", "2028-01-01") == [("edition", "令和8年度版", ())]  # ended, and nothing came after it
    told = due(city, None, SECOND, FIRST)[-1].text
    assert "令和8年度版 begins on 2026-04-01" in told["en"]


def test_a_change_whose_source_was_read_on_a_day_to_come_is_due(tmp_path: Path) -> None:
    """A year mistyped in `read` would else keep the review from being asked for, whatever day it is looked at from."""
    rules = Path(shutil.copytree(rules_folder(), tmp_path / "rules"))
    notes = rules / "notes.yaml"
    notes.write_text(notes.read_text("utf-8").replace("read: 2026-11-28", "read: 2099-11-28"), "utf-8", newline="")
    for today in (date(2026, 11, 29), date(2099, 12, 1)):
        found = due(None, rules, date(2099, 12, 31), today)
        assert any(each.kind == "change" and each.rows == ("nenkin-10",) for each in found)


def test_a_ruling_that_another_follows_is_not_due(city: Path) -> None:
    """The city has answered again; and a change of law that was still to come when it was read is due on its day."""
    rules = city / "r7" / "rules"
    text = (rules / "rulings.yaml").read_text("utf-8")
    entry = text[text.index("  - id: R-2") :]
    later = entry.replace("R-2", "R-3").replace("since: 2025-06-01, until: 2026-03-31", "since: 2026-01-01")
    later = later.replace("on: 2025-06-01", "on: 2026-01-01")
    (rules / "rulings.yaml").write_text(text.replace("until: 2026-03-31", "until: 2025-12-31") + later, "utf-8")
    notes = (rules / "notes.yaml").read_text("utf-8")
    (rules / "notes.yaml").write_text(notes.replace("read: 2026-11-28", "read: 2024-11-28"), "utf-8")
    found = due(city / "r7", None, date(2026, 12, 31), FIRST)
    assert [(each.kind, each.day) for each in found] == [("change", date(2024, 12, 2))]


def test_a_gap_after_a_ruling_is_an_end(city: Path) -> None:
    """One that begins again years later leaves the question open on the days between; only one from the next day on follows."""
    path = city / "r8" / "rules" / "rulings.yaml"
    text = path.read_text("utf-8")
    head, entry = text[: text.index("  - id: R-1")], text[text.index("  - id: R-1") : text.index("  - id: R-2")]
    ends = entry.replace("since: 2025-06-01", "since: 2026-04-01, until: 2026-12-31").replace(
        "on: 2025-06-01", "on: 2026-04-01"
    )

    def found(since: str) -> list[tuple[str, date | None]]:
        other = entry.replace("R-1", "R-3").replace("2025-06-01", since)
        path.write_text(head + ends + other, "utf-8")
        return [(each.kind, each.day) for each in due(city, None, date(2027, 12, 31), SECOND)]

    assert found("2040-04-01") == [("ruling", date(2026, 12, 31))]
    assert found("2027-01-02") == [("ruling", date(2026, 12, 31))]
    assert found("2027-01-01") == []


def test_a_ruling_falls_due_on_the_day_on_which_it_ends_to_hold(city: Path) -> None:
    """That is the last of its edition where its own comes later; not where the register of the next edition goes on with it."""
    old, new = (city / each / "rules" / "rulings.yaml" for each in ("r7", "r8"))
    old.write_text(old.read_text("utf-8").replace("until: 2026-03-31", "until: 2027-03-31"), "utf-8")
    (first, *_) = due(city, None, date(2027, 12, 31), FIRST)
    assert (first.kind, first.day, first.rows) == ("ruling", date(2026, 3, 31), ("kouki-8",))
    assert "（台帳では 2027-03-31 まで）" in first.text["ja"]
    assert "--on 2026-04-01" in first.text["ja"]
    ((edition, note),) = lapsing(city, None, SECOND)
    assert (edition.name, note.day, note.rows) == ("令和7年度版", date(2026, 3, 31), ("kouki-8",))
    new.write_text(new.read_text("utf-8").replace(", until: 2026-03-31", ""), "utf-8")
    assert [each.kind for each in due(city, None, date(2027, 12, 31), FIRST)] == ["edition"]
    assert [*lapsing(city, None, SECOND)] == []


def test_a_ruling_without_a_last_day_ends_with_its_edition(city: Path) -> None:
    """The next register does not have it, and the next list leaves its question open; once that edition has ended it is no news."""
    new = city / "r8" / "rules" / "rulings.yaml"
    new.write_text("rulings: []\n", "utf-8")
    rows = [each.rows for each in due(city, None, date(2026, 3, 31), FIRST) if each.kind == "ruling"]
    assert rows == [("kouki-5",), ("kouki-8",)]
    assert [each.rows for _, each in lapsing(city, None, SECOND)] == [("kouki-5",)]
    effective(city / "r8", {"since": "2026-04-01", "until": "2027-03-31"})
    assert [*lapsing(city, None, date(2027, 4, 1))] == []


def test_a_ruling_that_begins_after_its_edition_has_ended_is_found(city: Path) -> None:
    """It stands in the register of r7, and its cases are those of r8; and a last day of all time is no end."""
    old = city / "r7" / "rules" / "rulings.yaml"
    text = old.read_text("utf-8")
    entry = text[text.index("  - id: R-2") :].replace(
        "since: 2025-06-01, until: 2026-03-31", "since: 2026-05-01, until: 9999-12-31"
    )
    old.write_text(text + entry.replace("R-2", "R-3").replace("on: 2025-06-01", "on: 2026-05-01"), "utf-8")
    ((edition, note),) = lapsing(city, None, SECOND)
    assert (edition.name, note.day) == ("令和7年度版", date(2026, 3, 31))
    assert "R-3 (from 2026-05-01) begins after its edition has ended" in note.text["en"]
    assert due(city / "r7", None, date(2027, 1, 1), FIRST)[0].day == date(2026, 3, 31)


def remarked(folder: Path, row: str, remark: str) -> None:
    """A remark put into a catalog, past the reading of its raw text (`due` does not ask for that)."""
    lines = (folder / "catalog.csv").read_text("utf-8-sig").splitlines()
    table = [*csv.reader(lines)]
    for cells in table[1:]:
        if f"{cells[table[0].index('division')]}-{cells[table[0].index('number')]}" == row:
            cells[table[0].index("remark")] = remark
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(table)
    (folder / "catalog.csv").write_text(out.getvalue(), "utf-8")


def test_a_day_in_a_remark_is_of_the_edition_in_force_then(city: Path) -> None:
    """Printed in both, it is due once, with its edition's name; what is to be done is what `rule add` says on that row."""
    for each in ("r7", "r8"):
        remarked(city / each, "kouki-7", "令和8年10月1日から市職員")
        remarked(city / each, "kouki-8", "令和8年10月1日に見直す")
    found = [each for each in due(city, None, date(2026, 12, 31), FIRST) if each.kind == "remark"]
    assert [(each.rows, each.edition, each.day) for each in found] == [
        (("kouki-7",), "令和8年度版", date(2026, 10, 1)),
        (("kouki-8",), "令和8年度版", date(2026, 10, 1)),
    ]
    assert all(each.text["ja"].endswith("（版 令和8年度版）") for each in found)
    assert "回答の登録でも決まりません" in found[0].text["ja"]
    assert "疑義照会で定めます" in found[1].text["ja"]


def test_the_end_of_an_edition_names_a_command_that_runs(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It compares the edition with the one that follows."""
    said = due(city, None, SECOND, FIRST)[-1].text["ja"]
    command = shlex.split(said[said.index("`assign diff ") + 1 : said.rindex("`")])
    assert command[1:] == ["diff", str(city / "r7"), str(city / "r8")]
    assert inside(capsys, *command[1:])[0] == 0


def test_every_error_of_editions_is_one_of_ours() -> None:
    """They cross the surfaces as the others do."""
    assert all(issubclass(each, AssignError) for each in (EditionsError, NoEdition, OtherEdition))
