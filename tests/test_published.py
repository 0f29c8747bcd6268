"""What `assign check` refuses is never published; and of what is published every answer can be recorded."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from assign import Desk, resources
from assign.catalog.loader import from_edition
from assign.check import Report, proofs, recordable
from assign.check.findings import finding
from assign.decision.decider import Decider
from assign.decision.engine import TableEngine
from assign.decision.request import Request
from assign.desk import approval
from assign.errors import AssignError, RuleFileError
from assign.explanation.explainer import Explainer
from assign.log import record
from assign.log.draft import Draft
from assign.log.log import Log
from assign.rules import loader
from assign.words import date_of_case

from .logs import ORIGIN, key_of, sqlite_url
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import cli

Edit = tuple[str, str, str]  # a file, what stands there, and what instead; the last may refer to groups
UNLAWFUL: dict[str, Edit] = {
    "an act of authority is the contractor's": ("acts.yaml", r"class: authority\b", "class: factual"),
    "what is not consigned is the contractor's": (
        "decision_table.yaml", r"(id: RETAINED(?:.|\n)*?assignee: )city_staff", r"\1contractor",
    ),
    "a gap": ("decision_table.yaml", r"meaning: \[?retained\]?", "meaning: no_step"),
    "a ruling on another row's act": (
        "rulings.yaml", r"rulings: \[\]",
        ("rulings:\n  - id: R-1\n    title: {ja: 回答, en: ruling}\n    source: {document: 回答書, role: 課長}\n"
        "    when: {rows: [nenkin-24], channel: counter, act: tax_assessment, since: 2026-04-01}\n"
        "    then: {assignee: city_staff}\n    because: {ja: 回答による, en: as ruled}\n    examples: []"),
    ),
}  # fmt: skip


def city(tmp_path: Path, *edits: Edit) -> Path:
    """A city's own folder of rules: what ships, edited."""
    folder = tmp_path / "rules"
    shutil.copytree(resources.rules_folder(), folder)
    for name, before, after in edits:
        text = (folder / name).read_text("utf-8")
        changed = re.sub(before, after, text, count=1)
        assert changed != text, (name, before)
        (folder / name).write_text(changed, "utf-8", newline="")
    return folder


def refused(folder: Path | None, list_: Path | None = None) -> bool:
    """What `check` says, and `approve`: the same of both."""
    try:
        desk = proofs.unproved(str(list_) if list_ else None, str(folder) if folder else None, "table")
        found = bool(proofs.check(desk, list_path=list_).findings)
    except AssignError:
        return True  # nothing that could be published
    if found:
        with pytest.raises(approval.NotApproved):
            approval.approve(desk.editions, list_, folder)
    else:
        approval.approve(desk.editions, list_, folder)
    return found


@pytest.mark.long
@pytest.mark.usefixtures("one_engine")
@pytest.mark.parametrize(
    "edit",
    [pytest.param(edit, marks=pytest.mark.slow if at else ()) for at, edit in enumerate(UNLAWFUL.values())],
    ids=UNLAWFUL,
)
def test_what_the_check_refuses_is_not_published(tmp_path: Path, edit: Edit) -> None:
    """`check` says 6, and so does whoever would publish."""
    assert refused(city(tmp_path, edit))


@pytest.mark.slow
@pytest.mark.usefixtures("one_engine")
def test_no_door_publishes_it(tmp_path: Path) -> None:
    """`publish`, `init`, and each first recording that publishes by itself: nothing is made and nothing written."""
    rules = city(tmp_path, UNLAWFUL["what is not consigned is the contractor's"])
    asked = ("-d", "nenkin", "-i", "24", "-c", "counter", "--engine", "table")
    (tmp_path / "in.csv").write_text("division,item,channel\nnenkin,24,counter\n", "utf-8")
    new = ("--rules", rules, "--audit", f"sqlite:///{tmp_path}/new.db")
    for words in (
        ("audit", "init", *new),
        ("decide", *asked, "--record", *new),
        ("batch", tmp_path / "in.csv", tmp_path / "out.csv", "--record", *new),
    ):
        said = cli(*words)
        assert said.code == 6, (words, said)
        assert "使用開始にしません" in said.err
        assert "assign check --rules" in said.err
        assert "市職員" not in said.out
        assert "受託者（" not in said.out
        assert not (tmp_path / "new.db").exists()
        assert not (tmp_path / "out.csv").exists()
    with pytest.raises(approval.NotApproved, match="nothing is published"):
        Desk.open(rules=rules, audit=f"sqlite:///{tmp_path}/new.db")  # as the web does
    assert not (tmp_path / "new.db").exists()
    old = ("--audit", f"sqlite:///{tmp_path}/old.db")
    assert cli("audit", "init", *old).code == 0
    before = cli("audit", "list", *old).out
    said = cli("audit", "publish", "--rules", rules, *old)
    assert (said.code, said.out) == (6, "")
    assert "[law]" in said.err
    said = cli("audit", "publish", "--rules", rules, "--lang", "en", *old)
    assert said.code == 6
    assert "nothing is published" in said.err
    assert cli("decide", *asked, "--record", "--rules", rules, *old).code != 0
    assert cli("audit", "list", *old).out == before


@pytest.mark.long
@pytest.mark.usefixtures("one_engine")
@pytest.mark.slow
def test_a_list_that_the_check_refuses_is_not_published(tmp_path: Path) -> None:
    """A mark that its own raw text does not have; the form of the list is sound, and so its edition would be taken."""
    list_ = tmp_path / "list"
    shutil.copytree(resources.data_folder(), list_)
    assert not refused(None, list_)
    path = list_ / "catalog.csv"
    path.write_text(path.read_text("utf-8-sig").replace(",△,○,○,", ",,○,○,", 1), "utf-8")
    assert refused(None, list_)
    said = cli("audit", "init", "--list", list_, "--audit", f"sqlite:///{tmp_path}/new.db")
    assert said.code == 6
    assert "[source]" in said.err
    assert not (tmp_path / "new.db").exists()


def test_a_log_that_was_begun_and_has_no_record_is_not_begun_with_it_either(tmp_path: Path) -> None:
    """Whoever made it died between its name and its first record."""
    url = sqlite_url(tmp_path / "audit.db")
    editions = {"list": b"a list", "rules": b"some rules", "rulings": b""}

    def no() -> None:
        raise approval.NotApproved([finding("law", "だめ", "no")])

    with key_of(ORIGIN):
        log = Log.make(url, ORIGIN, editions)
        log.store.create("another.city/log")
        log.close()
        for origin, beside in (("another.city/log", True), ("third.city/log", True)):
            with pytest.raises(approval.NotApproved):
                Log.make(url, origin, editions, beside=beside, approve=no)
        Log.make(url, ORIGIN, editions, approve=no).close()  # it has its records: nothing is published
    with Log.open(url, ORIGIN) as log:
        assert "third.city/log" not in log.store.origins()


def test_what_ships_was_checked_when_it_was_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A first `--record` waits for no proof; a byte that differs is waited for."""
    desk = Desk.open(engine="table")
    assert resources.kept(approval.FILE)["seen"] == approval.seen(desk.editions)
    looked: list[object] = []

    def look(*_a: object, **_k: object) -> Report:
        looked.append(1)
        return Report("", cross_checked=True)

    monkeypatch.setattr(proofs, "check", look)
    approval.approve(desk.editions)
    assert looked == []
    approval.approve(desk.editions, list_=resources.data_folder())  # a document beside it may be another one
    assert looked == [1]
    rules = proofs.unproved(None, str(city(tmp_path, ("notes.yaml", r"\Z", "\n# a word\n"))), "table")
    approval.approve(rules.editions)
    assert looked == [1, 1]
    monkeypatch.setattr(resources, "document_file", lambda: resources.rules_folder() / "acts.yaml")
    approval.approve(desk.editions)
    assert looked == [1, 1, 1]


@pytest.mark.slow
def test_what_ships_passes_the_check_that_is_kept_of_it() -> None:
    """The digest is worth what the check of it is worth."""
    subject = proofs.unproved(None, None, "auto")
    assert proofs.check(subject).findings == []
    assert resources.kept(approval.FILE)["seen"] == approval.seen(subject.editions)


IDS: dict[str, Edit] = {
    "a rule's": ("decision_table.yaml", r"id: RETAINED\b", "id: 保留"),
    "an act's": ("acts.yaml", r"- id: \w+", "- id: 行為"),
    "a holder's": ("holders.yaml", r"(rules:\n(?:.|\n)*?- id: )\S+", r"\1H-0312345678"),
    "a note's": ("notes.yaml", r"- id: \S+", '- id: "=1+1"'),
    "too long": ("decision_table.yaml", r"id: RETAINED\b", f"id: {'R' * 65}"),
    "a telephone number": ("decision_table.yaml", r"id: RETAINED\b", "id: R0312345678"),
}


@pytest.mark.parametrize("edit", IDS.values(), ids=IDS)
def test_an_id_that_no_record_may_have_is_refused_where_it_is_born(tmp_path: Path, edit: Edit) -> None:
    """With file and line; each recording would fail by it, long after it was published."""
    folder = city(tmp_path, edit)
    with pytest.raises(RuleFileError, match=rf"/rules/{edit[0]}, line \d+: "):
        Desk.open(rules=folder, engine="table")


@pytest.mark.long
@pytest.mark.usefixtures("one_engine")
def test_an_act_whose_key_is_as_long_as_a_person_s_number_is_found(tmp_path: Path) -> None:
    """A code may have six digits; what was asked for may not."""
    act = (
        "acts.yaml", r"\nacts:\n",
        ("\nacts:\n  - id: act_123456\n    title: {ja: 試しの行為, en: a trial}\n    source: {document: 要綱, role: 課長}\n"
        "    then: {class: factual}\n    because: {ja: 要綱による, en: the rule}\n"
        "    examples: [{given: {row: nenkin-24, channel: counter}, assignee: city_staff}]\n"),
    )  # fmt: skip
    subject = proofs.unproved(None, str(city(tmp_path, act)), "table")
    found = [each for each in proofs.check(subject).findings if each.kind == "record"]
    assert [("acts.yaml" in each.text["en"], "act_123456" in each.text["en"]) for each in found] == [(True, True)]


@pytest.mark.parametrize(
    ("number", "why"), [("12345678", "six digits together"), ("AB12", "two letters"), ("1-123456", "a long part")]
)
def test_a_row_whose_number_no_record_may_have_is_found(tmp_path: Path, number: str, why: str) -> None:
    """The catalog takes it as printed; the log does not."""
    shutil.copytree(resources.data_folder(), tmp_path / "list")
    path = tmp_path / "list" / "catalog.csv"
    before = "nenkin-24,nenkin,"
    head, line = path.read_text("utf-8-sig").split(before, 1)
    row = line.split(",", 3)
    assert row[2] == "24", row
    text = f"{head}nenkin-{number},nenkin,{','.join([*row[:2], number, row[3]])}"
    catalog = from_edition(resources.joined({
        "manifest.yaml": resources.manifest_file().read_bytes(), "catalog.csv": text.encode(),
    }))  # fmt: skip
    rules = loader.load(resources.rules_folder())
    decider = Decider(catalog, rules, TableEngine(rules))
    found = recordable.unrecordable(decider, Explainer(catalog, decider), lambda *_: "")
    assert [f"nenkin-{number}" in each.text["en"] for each in found] == [True], (why, found)


@pytest.mark.long
@pytest.mark.usefixtures("one_engine")
@pytest.mark.parametrize(("notes", "found"), [(17, False), (25, True)])
def test_more_notes_than_a_record_may_have_are_found(tmp_path: Path, *, notes: int, found: bool) -> None:
    """Each is a caveat of its own, and a record has room for twenty."""
    more = "".join(
        f"  - id: N-{at}\n    title: {{ja: 注記{at}, en: note {at}}}\n    source: {{document: 通知, role: 課長}}\n"
        "    when: {rows: [nenkin-24]}\n    then: {caveat: changed}\n    because: {ja: 改正, en: amended}\n"
        "    examples: [{given: {row: nenkin-24}, holds: true}]\n"
        for at in range(notes)
    )
    folder = city(tmp_path, ("notes.yaml", r"\nnotes:\n", f"\nnotes:\n{more}"))
    report = proofs.check(proofs.unproved(None, str(folder), "table"))
    assert [each.kind for each in report.findings] == ["record"] * (report.findings != [])
    assert bool(report.findings) is found
    for each in report.findings:
        assert "decision.caveats" in each.text["en"]
        assert each.reproduce


# -- every answer can be recorded ------------------------------------------------------------------------------------


def require_recordable(desk: proofs.Subject) -> int:
    """Every row, channel and act, put into a draft; how many."""
    today, done = date_of_case(None), 0
    common = {
        "kind": "decision", "key": None, "case": record.new_id(), "role": "system", "corrects": None, "engine": desk.engine,
        "editions": dict.fromkeys(("list", "rules", "rulings"), "0" * 64), "answer": "0" * 64,
    }  # fmt: skip
    for task, channel, act in product(desk.catalog.tasks, desk.catalog.manifest.channels, (None, *desk.rules.acts)):
        answer = desk.explainer.answer(Request(task.division, task.item, (task,), channel, act, today))
        given = record.given_words({"row": task.id, "channel": channel, "act": act})
        request = record.understood(answer)
        said = {"given": given, "request": request, "decision": record.decided(answer), "on": request["on"]}
        Draft({**common, **said}, ORIGIN)
        done += 1
    return done


@pytest.mark.slow
def test_every_answer_of_what_ships_can_be_recorded() -> None:
    """All rows x channels x acts."""
    assert require_recordable(proofs.unproved(None, None, "table")) == 215 * 2 * 65


def word_swapped(text: str, rng: random.Random) -> str:
    """A value of some line of the file for that of another line with the same name."""
    lines = text.split("\n")
    named = [
        (at, found[1], found[2])
        for at, line in enumerate(lines)
        if (found := re.match(r"(\s*-?\s*\w+: )(\S.*)$", line))
    ]
    at, name, _ = rng.choice(named)
    lines[at] = name + rng.choice([value for _, other, value in named if other.strip(" -") == name.strip(" -")])
    return "\n".join(lines)


def inline_swapped(text: str, rng: random.Random) -> str:
    """One word of a closed set for another."""
    found = list(
        re.finditer(
            r"\b(city_staff|contractor|split|settled|needs_ruling|authority|factual|shared|barred|consigned|retained)\b",
            text,
        )
    )
    if not found:
        return text
    at = rng.choice(found)
    return text[: at.start()] + rng.choice([each[0] for each in found]) + text[at.end() :]


def line_gone(text: str, rng: random.Random) -> str:
    """A line less."""
    lines = text.split("\n")
    del lines[rng.randrange(len(lines))]
    return "\n".join(lines)


def id_changed(text: str, rng: random.Random) -> str:
    """An id that is of another form."""
    found = list(re.finditer(r"\bid: (\S+)", text))
    if not found:
        return text
    at = rng.choice(found)
    new = rng.choice(["規則", "R0901234567", "a b", "X" * 70, "-x", "R.1", "OTHER", '"1"'])
    return f"{text[: at.start()]}id: {new}{text[at.end() :]}"


WAYS: tuple[Callable[[str, random.Random], str], ...] = (word_swapped, inline_swapped, line_gone, id_changed)


@pytest.mark.slow
@pytest.mark.usefixtures("one_engine")
def test_mutated_rules_are_refused_by_both_or_recordable_whole(tmp_path: Path) -> None:
    """Whatever `check` refuses, `publish` refuses; whatever it takes can be recorded, every answer of it."""
    rng, taken = random.Random(14), 0
    names = ("decision_table.yaml", "acts.yaml", "holders.yaml", "notes.yaml", "kinds.yaml")
    for turn in range(24):
        folder = tmp_path / str(turn)
        shutil.copytree(resources.rules_folder(), folder)
        path = folder / rng.choice(names)
        path.write_text(rng.choice(WAYS)(path.read_text("utf-8"), rng), "utf-8", newline="")
        if not refused(folder):
            taken += 1
            if taken <= 1:
                assert require_recordable(proofs.unproved(None, str(folder), "table"))
    assert 0 < taken < 24
