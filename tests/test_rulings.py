"""The register of rulings: what is added stays within what a ruling may say, and changes no case dated before it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import pytest

from assign import Desk, files
from assign.errors import BadOption, RuleFileError
from assign.register import Draft, Register, RulingRefused
from assign.register.people import no_role, person
from assign.register.register import appended, checked
from assign.resources import rules_folder
from assign.words import ActClass, Assignee, Certainty, Meaning

from .command_line import run

SINCE = date(2027, 4, 1)
BEFORE = SINCE - timedelta(days=1)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A city's copy of the rules."""
    shutil.copytree(rules_folder(), tmp_path / "rules")
    return tmp_path / "rules"


def draft(**changed: object) -> Draft:
    """An answer that is accepted, with some of it otherwise."""
    said: dict[str, object] = {
        "rows": ("kokuho-25",),
        "acts": ("receive",),
        "channels": None,
        "assignee": Assignee.CONTRACTOR,
        "since": SINCE,
        "until": None,
        "document": "疑義照会回答 第1号",
        "role": "契約担当課長",
        "because": {"ja": "", "en": ""},
    }
    return Draft(**{**said, **changed})  # type: ignore[arg-type]  # each test changes what it is about


def codes(rules: Path, *drafts: Draft) -> list[str]:
    """Why they are refused; the register is then what it was."""
    before = (rules / "rulings.yaml").read_bytes()
    with pytest.raises(RulingRefused) as refused:
        Register.open(rules=rules).add(drafts)
    assert (rules / "rulings.yaml").read_bytes() == before
    return [reason.code for reason in refused.value.reasons]


# -- what is added -------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_several_rows_and_acts_are_registered_at_once_and_cited(rules: Path) -> None:
    """One entry for each act, with the channels on which it decides; each is the reason of the answers that it gives."""
    made = Register.open(rules=rules).add([draft(rows=("kokuho-25", "kokuho-24"), acts=("receive", "mail"))])
    assert [(each.id, each.act, each.rows) for each in made] == [
        ("R-2027-001", "receive", ("kokuho-25", "kokuho-24")),
        ("R-2027-002", "mail", ("kokuho-25", "kokuho-24")),
    ]
    desk = Desk.open(rules=rules)
    decision = desk.decide(row="kokuho-24", channel="counter", act="receive", on=SINCE)
    assert (decision.assignee, decision.certainty) == (Assignee.CONTRACTOR, Certainty.SETTLED)
    cites = [cite for reason in decision.reasons for cite in reason.cites if cite.kind == "ruling"]
    assert [cite.text.partition(" ")[0] for cite in cites] == ["R-2027-001"]
    assert checked(rules=rules) == (2, [])


@pytest.mark.long
def test_what_a_person_wrote_stays_to_the_byte(rules: Path) -> None:
    """Comments, order, an odd indentation, and line ends as a Windows editor leaves them."""
    path = rules / "rulings.yaml"
    Register.open(rules=rules).add([draft()])
    text = path.read_text("utf-8").replace("\n  ", "\n     ").replace("rulings:", "rulings:  # ours")
    written = f"{text}# the end\n".replace("\n", "\r\n").encode()
    path.write_bytes(written)
    Register.open(rules=rules).add([draft(acts=("mail",))])
    after = path.read_bytes()
    assert after.startswith(written)
    assert b"\n" not in after.replace(b"\r\n", b"")
    assert [each.act for each in Register.open(rules=rules).rulings] == ["receive", "mail"]


def test_a_list_in_brackets_is_not_written_into() -> None:
    """Nothing stands below it; an empty one becomes a list."""
    with pytest.raises(RuleFileError, match="nothing can be added within"):
        appended(b"rulings: [{id: a}]\n", "  - id: b\n")
    assert appended(b"rulings: []  # none\n", "  - id: b\n") == b"rulings:  # none\n  - id: b\n"
    assert appended(b"# rulings: []\nrulings: []", "  - id: b\n") == b"# rulings: []\nrulings:\n  - id: b\n"


def test_the_register_that_ships_is_not_written_to() -> None:
    """Neither by name nor by default."""
    with pytest.raises(BadOption, match="that ships"):
        Register.open().add([draft()])


def test_a_register_that_changed_meanwhile_is_not_overwritten(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two who add at once the second is told."""
    register = Register.open(rules=rules)
    path = rules / "rulings.yaml"
    proved = register._proved

    def meanwhile(data: bytes, made: object) -> None:
        proved(data, made)  # type: ignore[arg-type]  # handed through
        path.write_bytes(path.read_bytes() + b"# another's\n")

    monkeypatch.setattr(register, "_proved", meanwhile)
    with pytest.raises(BadOption, match="has changed meanwhile"):
        register.add([draft()])
    assert path.read_bytes().endswith(b"rulings: []\n# another's\n")


# -- what is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"acts": ("decide",)}, "authority"),
        ({"acts": ("decide",), "assignee": Assignee.SPLIT}, "authority"),
        ({"acts": ("collect_cash",)}, "authority"),
        ({"acts": ("request_info",), "rows": ("kouki-41",)}, "shared"),
        ({"acts": ("undetermined",)}, "unknown_act"),
        ({"rows": ("kokuho-19",)}, "retained"),
        ({"rows": ("kokuho-19",), "assignee": Assignee.CITY_STAFF}, "retained"),
        ({"rows": ("kokuho-34",)}, "list"),
        ({"acts": ("reconcile",)}, "other_row"),
        ({"rows": ("kouki-43",)}, "settled"),
        ({"until": BEFORE}, "form"),
        ({"document": " "}, "form"),
        ({"document": "a\nb"}, "form"),
        ({"role": "佐藤課長"}, "person"),
        ({"role": "受託者 業務責任者"}, "person"),
        ({"document": "090-1234-5678"}, "person"),
        ({"because": {"ja": "田中様の申し出による", "en": ""}}, "person"),
    ],
)  # fmt: skip
def test_a_ruling_that_may_not_be_is_refused(rules: Path, changed: dict[str, object], code: str) -> None:
    """With the reason; nothing of the file changes."""
    assert set(codes(rules, draft(**changed))) == {code}


def test_a_channel_that_the_row_is_not_consigned_on_is_refused_where_it_is_named(rules: Path) -> None:
    """And left out where none is."""
    register = Register.open(rules=rules)
    open_on: dict[str, set[str]] = {}
    for task, channel in product(register.desk.catalog.tasks, register.desk.catalog.manifest.channels):
        if register.desk.catalog.says(task, channel).meaning is Meaning.PART_OPEN:
            open_on.setdefault(task.id, set()).add(channel)
    row, channels = next((row, channels) for row, channels in open_on.items() if len(channels) == 1)
    (other,) = {*register.desk.catalog.manifest.channels} - channels
    task = register.desk.catalog.by_id[row]
    act = next(
        act.id
        for act in register.desk.rules.acts.values()
        if act.act_class is ActClass.FACTUAL and register.desk.decider.own(task, act.id)
    )
    assert codes(rules, draft(rows=(row,), acts=(act,), channels=(other,))) == ["outside"]
    (made,) = register.add([draft(rows=(row,), acts=(act,))])
    assert {*made.channels} == channels


@pytest.mark.long
def test_of_two_on_one_act_the_second_is_refused(rules: Path) -> None:
    """Where it says the same and where it says another; not where the first has ended."""
    Register.open(rules=rules).add([draft(until=date(2028, 3, 31))])
    assert codes(rules, draft()) == ["overlap"]
    assert codes(rules, draft(assignee=Assignee.CITY_STAFF, since=date(2026, 4, 1))) == ["contradicts"]
    assert codes(rules, draft(acts=("mail",)), draft(acts=("mail",))) == ["overlap"]
    Register.open(rules=rules).add([draft(assignee=Assignee.CITY_STAFF, since=date(2028, 4, 1))])
    assert [each.id for each in Register.open(rules=rules).rulings] == ["R-2027-001", "R-2028-002"]


def test_no_ruling_gives_the_contractor_an_act_that_stays_with_the_city(rules: Path) -> None:
    """Every row, act of authority or barred, over the whole list."""
    register = Register.open(rules=rules)
    reserved = [
        act.id for act in register.desk.rules.acts.values() if act.act_class in (ActClass.AUTHORITY, ActClass.BARRED)
    ]
    every = tuple(task.id for task in register.desk.catalog.tasks)
    for act, assignee in product(reserved, (Assignee.CONTRACTOR, Assignee.SPLIT)):
        with pytest.raises(RulingRefused) as refused:
            register.add([draft(rows=every, acts=(act,), assignee=assignee)], dry=True)
        assert {reason.code for reason in refused.value.reasons} == {"authority"}


# -- whom it names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "role",
    ["契約担当課長", "国保年金課 契約担当課長", "国保年金課長（契約担当）", "主幹", "会計管理者", "千葉市 契約課長", "区長",
     "総務部", "head of the contract section", "Contract Manager"],
)  # fmt: skip
def test_a_role_is_a_role(role: str) -> None:
    """As offices write them; a city may have the name of a family."""
    assert no_role(role) is None


@pytest.mark.parametrize(
    "role",
    ["佐藤", "佐藤課長", "課長 山田太郎", "課長（田中）", "契約担当課長　志村けん", "山田 太郎", "田中様", "服部", "Mr. Smith",
     "manager Tanaka", "受託者の業務責任者", "株式会社あおば 部長", "課長 090-1234-5678", "chief@example.jp", ""],
)  # fmt: skip
def test_a_person_is_no_role(role: str) -> None:
    """Where a text alone can tell."""
    assert no_role(role) is not None


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("疑義照会回答 第1号（令和8年4月1日）", False),
        ("国保第20260401号", False),
        ("市国年契第123456号", False),
        ("お客様の申請書は受託者が受け取る。", False),
        ("決定通知の仕様による", False),
        ("契約担当課長殿あて照会への回答", False),
        ("被保険者様の申請書", False),
        ("山口市契約課 回答第2号", False),
        ("鈴木係長の口頭回答", True),
        ("山田太郎 の件", True),
        ("1234 5678 9012 の件", True),
        ("０９０－１２３４－５６７８", True),
        ("a@example.jp", True),
    ],
)
def test_a_paper_names_no_person(text: str, looks: bool) -> None:
    """Days and the numbers of papers are none."""
    assert (person(text) is not None) is looks


# -- before and after ----------------------------------------------------------------------------------------------------


def _whole_domain(desk: Desk, on: date) -> Iterator[tuple[tuple[str, str, str | None], tuple[str, str, str]]]:
    for task, channel, act in product(desk.catalog.tasks, desk.catalog.manifest.channels, (None, *desk.rules.acts)):
        outcome = desk.decider.decide(task, channel, act, on)
        yield (task.id, channel, act), (outcome.rule.id, outcome.assignee.value, outcome.certainty.value)


@pytest.mark.long
def test_cases_dated_before_a_ruling_do_not_change(rules: Path) -> None:
    """Over every row, channel and act: the day before it all is as it was; from its day on what it names moves, and nothing else."""
    before = dict(_whole_domain(Desk.open(rules=rules, engine="table"), SINCE))
    drafts = [
        draft(rows=("kokuho-25", "kokuho-24"), acts=("receive", "mail")),
        draft(acts=("phone",), assignee=Assignee.CITY_STAFF, until=SINCE),
    ]
    made = Register.open(rules=rules).add(drafts)
    desk = Desk.open(rules=rules, engine="table")
    named = {(row, channel, each.act) for each in made for row in each.rows for channel in each.channels}
    assert dict(_whole_domain(desk, BEFORE)) == before
    moved = {case for case, answer in _whole_domain(desk, SINCE) if answer != before[case]}
    assert moved == named
    later = {case for case, answer in _whole_domain(desk, SINCE + timedelta(days=1)) if answer != before[case]}
    assert later == {case for case in named if case[2] != "phone"}


# -- the commands --------------------------------------------------------------------------------------------------------

ADD = ("rule", "add", "--row", "kokuho-25", "--act", "receive", "--since", "令和9年4月1日", "--document", "回答第1号")


@pytest.mark.long
def test_rule_add_says_what_it_did_and_why_not(rules: Path) -> None:
    """Exit codes 0, 6, 3 and 2; a dry run writes nothing."""
    words = (*ADD, "--rules", str(rules), "--assignee", "受託者")
    dry = run(*words, "--role", "契約担当課長", "--dry-run", "--json")
    assert json.loads(dry.stdout)["written"] is False
    assert Register.open(rules=rules).rulings == ()
    done = run(*words, "--role", "契約担当課長")
    assert done.returncode == 0
    assert "R-2027-001" in done.stdout
    again = run(*words, "--role", "契約担当課長", "--lang", "en")
    assert again.returncode == 6
    assert "overlaps R-2027-001" in again.stderr
    named = run(*words, "--role", "佐藤課長", "--json")
    assert named.returncode == 6
    assert "佐藤" not in named.stderr
    error = json.loads(named.stderr)["error"]
    assert error["code"] == "ruling_refused"
    assert {reason["code"] for reason in error["reasons"]} == {"person", "overlap"}
    unknown = run(*ADD, "--rules", str(rules), "--assignee", "contractor", "--role", "主幹", "--row", "kokuho-99")
    assert unknown.returncode == 3
    missing = run(*words)
    assert missing.returncode == 2
    assert "--role" in missing.stderr


@pytest.mark.long
def test_rule_list_shows_what_is_in_force(rules: Path) -> None:
    """On a day, or all."""
    Register.open(rules=rules).add([draft(until=SINCE), draft(acts=("mail",), since=date(2028, 4, 1))])

    def listed(*words: str) -> list[str]:
        done = run("rule", "list", "--rules", str(rules), "--json", *words)
        assert done.returncode == 0
        return [each["id"] for each in json.loads(done.stdout)]

    assert listed("--on", SINCE.isoformat()) == ["R-2027-001"]
    assert listed("--on", BEFORE.isoformat()) == []
    assert listed("--all") == ["R-2027-001", "R-2028-002"]
    assert run("rule", "list", "--all", "--on", "2027-04-01").returncode == 2


@pytest.mark.long
def test_rule_check_finds_what_a_hand_edit_broke(rules: Path) -> None:
    """What loads, and what does not even load; exit code 6."""
    Register.open(rules=rules).add([draft()])
    path = rules / "rulings.yaml"
    good = path.read_text("utf-8")
    head, top, entries = good.partition("\nrulings:")
    for old, new, says in [
        ("rows: [kokuho-25]", "rows: [kokuho-25, kokuho-19]", "一覧で委託しない業務"),
        ('role: "契約担当課長"', 'role: "佐藤課長"', "人の名前"),
        ('role: "契約担当課長"', 'role: "受託者"', "受託者は市の回答"),
        ("holds: true", "holds: false", "例が成り立ちません"),
        ("act: receive, since", "act: decide, since", "疑義照会への回答で"),
        ("rows: [kokuho-25]", "rows: [kokuho-99]", "台帳に行"),
    ]:
        path.write_text(head + top + entries.replace(old, new, 1), "utf-8")
        found = run("rule", "check", "--rules", str(rules))
        assert (found.returncode, says in found.stdout) == (6, True), (old, new, found.stdout)
    path.write_text(good, "utf-8")
    fine = run("rule", "check", "--rules", str(rules), "--json")
    assert (fine.returncode, json.loads(fine.stdout)) == (0, {"ok": True, "rulings": 1, "findings": [], "notes": []})


def _count_up(name: str, times: int) -> None:
    for _ in range(times):
        swapped = False
        while not swapped:
            before = Path(name).read_bytes()
            with suppress(BadOption):  # somebody else was first
                files.whole_or_not(name, str(int(before) + 1).encode(), replaces=before)
                swapped = True


def test_of_two_who_write_at_once_neither_is_lost(tmp_path: Path) -> None:
    """What was read is replaced or nothing is: as the register is written. Without a lock some forty of 400 were lost."""
    name = tmp_path / "number"
    name.write_bytes(b"0")
    processes = [get_context("spawn").Process(target=_count_up, args=(str(name), 100)) for _ in range(4)]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
    assert name.read_bytes() == b"400"
