"""What an auditor is promised: `replay`, `prove`, `exceptions`, `stats`, filters and copies say what is so."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.audit import (
    Filter,
    copy,
    exceptions,
    prove,
    prove_consistency,
    records,
    replay,
    shown_record,
    stats,
    verify,
)
from assign.errors import AssignError, BadRequest
from assign.log import merkle
from assign.log.canonical import canonical, read
from assign.log.checkpoint import parse, sign
from assign.log.errors import KeyReused, NotPublished
from assign.log.keys import NoteError, new_key, public_key
from assign.log.log import Log
from assign.log.reading import UnknownRecord
from assign.log.record import new_id
from assign.log.store import StoreError, open_store
from assign.words import sha256

from .logs import EDITIONS, FIRST
from .test_rules import RULING
from .trail import KEPT, ORIGIN, asking, broken_into, changed_list, codes, grow, made, of, opened, payloads, rechain
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import _log as _log  # noqa: PLC0414 - a fixture
from .trail import _notes as _notes  # noqa: PLC0414 - a fixture
from .trail import _path as _path  # noqa: PLC0414 - a fixture
from .trail import _told as _told  # noqa: PLC0414 - a fixture

CONSIGNED = {"mark": "", "counter": "○", "backyard": "○"}

# -- publications and corrections ------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_decision_cites_only_what_was_published_before_it(log: Log, table_desk: Desk) -> None:
    """Another list must come into use first, which is a record; then it may be cited."""
    other = of(changed_list(table_desk, "nenkin-24", **CONSIGNED), table_desk.rules.data, log)
    with pytest.raises(NotPublished):
        other.record(row="nenkin-24", channel="counter")
    assert log.size == 44
    assert [each.record["what"] for each in log.publish(other.editions)] == ["list"]
    assert log.publish(other.editions) == []
    [done] = other.record(row="nenkin-24", channel="counter")
    assert done.kept.seq == 45
    assert codes(log) == []
    assert Counter(each.outcome for each in replay(log)) == {"same": KEPT + 1}


@pytest.mark.long
def test_a_correction_is_a_new_record_and_the_old_one_stands(log: Log, table_desk: Desk) -> None:
    """Both are shown."""
    desk = asking(log, table_desk)
    before = log.row(20)
    [done] = desk.record(row="nenkin-24", channel="counter", corrects=20, role="city_clerk")
    assert done.kept.record["corrects"] == 20
    assert log.row(20) == before
    assert shown_record(log, 20)["corrected_by"] == [44]
    for wrong in (0, 1, True, "20", 20.0):
        with pytest.raises(BadRequest):
            desk.record(row="nenkin-24", channel="counter", corrects=wrong)
    for absent in (45, -1, 10**15):
        with pytest.raises(UnknownRecord) as caught:
            desk.record(row="nenkin-24", channel="counter", corrects=absent)
        assert str(absent) not in caught.value.message("ja") + caught.value.en
    assert log.size == 45


@pytest.mark.long
def test_a_retry_with_its_key_gets_the_first_answer_and_another_request_does_not(log: Log, table_desk: Desk) -> None:
    """Also after the list has changed under it."""
    key = new_id()
    asked = {"row": "nenkin-24", "channel": "counter", "on": "2026-11-25", "key": key}
    [first] = asking(log, table_desk).record(**asked)
    other = of(changed_list(table_desk, "nenkin-24", **CONSIGNED), table_desk.rules.data, log)
    log.publish(other.editions)
    [again] = other.record(**asked)
    assert (again.kept.created, again.kept.seq) == (False, first.kept.seq)
    assert again.answer["assignee"] == first.answer["assignee"] == "city_staff"
    assert {**again.answer, "provenance": None} == {**first.answer, "provenance": None}
    with pytest.raises(KeyReused) as caught:
        other.record(**{**asked, "channel": "backyard"})
    assert key not in caught.value.en
    assert log.size == 46


# -- replay ----------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_sentence_that_reads_differently_is_wording(path: Path, table_desk: Desk, told: list[dict[str, Any]]) -> None:
    """As when a later program says it in other words."""
    made(path, table_desk, [{**each, "answer": "0" * 64} if i % 2 else each for i, each in enumerate(told)])
    with opened(path) as log:
        assert Counter(each.outcome for each in replay(log)) == {"same": 20, "wording": 20}
        assert shown_record(log, 5)["answer"] is not None


@pytest.mark.long
def test_the_same_answer_by_another_rule_is_reason_and_another_answer_is_different(
    path: Path, table_desk: Desk, told: list[dict[str, Any]]
) -> None:
    """What was written by hand is told apart, with the names of the parts that differ."""
    forged = []
    for place, each in enumerate(told):
        decision = dict(each["decision"])
        if place % 3 == 1:
            decision["rules"] = ["OTHER"]
        elif place % 3 == 2:
            decision["assignee"] = "split" if decision["assignee"] != "split" else "contractor"
        forged.append({**each, "decision": decision})
    made(path, table_desk, forged)
    with opened(path) as log:
        found = list(replay(log))
        assert [each.outcome for each in found] == [("same", "reason", "different")[i % 3] for i in range(KEPT)]
        assert {each.detail.en for each in found} == {"", "differs in: rules", "differs in: assignee"}
        assert shown_record(log, 5)["answer"] is None
        assert [each.seq for each in replay(log, 10, 12)] == [10, 11]


def test_a_record_that_our_allow_list_refuses_cannot_be_read(path: Path, notes: list[str]) -> None:
    """Free text put in by hand, hashed anew."""
    with broken_into(path) as db:
        kept = payloads(db)
        more = [{**read(kept[1]), "seq": 44, "remark": "山田太郎"}, {**read(kept[0]), "seq": 45, "kind": "gossip"}]
        rechain(db, [*kept[:9], canonical({**read(kept[9]), "remark": "山田太郎"}), *kept[10:], *map(canonical, more)])
        db.execute("DELETE FROM checkpoint")
    with opened(path) as log:
        found = {each.seq: each for each in replay(log)}
        assert found[9].outcome == found[44].outcome == "cannot"
        assert "山田" not in found[9].detail.ja
        told = verify(log)
        assert [(each.code, each.seq) for each in told.findings if each.seq] == [
            ("refused", seq) for seq in (9, 44, 45)
        ]
        assert "山田" not in str(told)
        assert ("rewritten", 0) in codes(log, notes[-1])


def test_rulings_that_are_not_those_of_the_rules_are_different(
    path: Path, table_desk: Desk, told: list[dict[str, Any]]
) -> None:
    """The record names three digests; all of them must be of what decided."""
    editions = {**told[0]["editions"], "rulings": told[0]["editions"]["list"]}
    with closing(Log.make(f"sqlite:///{path}", ORIGIN, table_desk.editions)) as log:
        log.publish({**table_desk.editions, "rulings": table_desk.catalog.data})
        grow(log, [{**told[0], "editions": editions}, told[1]])
        assert [(each.outcome, each.detail.en) for each in replay(log)] == [
            ("different", "differs in: editions"),
            ("same", ""),
        ]


CELLS: list[tuple[str, dict[str, str]]] = [
    ("nenkin-23", {"backyard": "○"}),
    ("nenkin-24", CONSIGNED),
    ("kokuho-25", {"backyard": ""}),
    ("kokuho-25", {"mark": ""}),
    ("shomu-9", {"mark": "△"}),
]


@pytest.mark.long
@pytest.mark.parametrize(("row", "cells"), CELLS)
def test_one_changed_cell_shows_up_as_exactly_the_decisions_that_it_touches(
    path: Path, table_desk: Desk, row: str, cells: dict[str, str]
) -> None:
    """Every row, both channels, five acts. What is expected comes from the legend and the rows' ids, not from a replay."""
    [task] = [task for task in table_desk.catalog.tasks if task.id == row]
    changed = changed_list(table_desk, row, **cells)
    assert changed != table_desk.catalog.data
    under = of(changed, table_desk.rules.data)
    acts = [None, "receive", "decide", "seal", "undetermined"]
    near = [each.id for each in table_desk.catalog.tasks if each.division == task.division]
    with closing(Log.make(f"sqlite:///{path}", ORIGIN, under.editions)) as log:
        asked = [(each, channel, act) for each in near for channel in ("counter", "backyard") for act in acts]
        more = []
        for place, channel, act in asked:
            request, decision, digest, _ = table_desk._recordable(
                None, None, channel, act, date(2026, 11, 25), None, place
            )
            more.append(
                {
                    "kind": "decision",
                    "role": "unstated",
                    "key": None,
                    "case": new_id(),
                    "corrects": None,
                    "on": "2026-11-25",
                    "given": {"row": place, "channel": channel, **({"act": act} if act else {})},
                    "request": request,
                    "decision": decision,
                    "answer": digest,
                    "editions": under.edition_digests,
                    "engine": "table",
                }
            )
        grow(log, more)
        found = {asked[each.seq - 4]: each.outcome for each in replay(log)}

    def fate(place: str, channel: str, act: str | None) -> str:
        """By hand, from contract.md."""
        if place != row:
            return "same"
        was_listed = task.cells[channel] == "○"
        now_listed = cells.get(channel, task.cells[channel]) == "○"
        marks = task.cells["mark"], cells.get("mark", task.cells["mark"])
        before, after = _who(row, marks[0], was_listed, act), _who(row, marks[1], now_listed, act)
        return "wording" if before == after else "reason" if before[:2] == after[:2] else "different"

    expected = {each: fate(*each) for each in asked}
    odd = {each for each, outcome in found.items() if outcome != "same"}
    assert odd == {each for each, outcome in expected.items() if outcome != "same"}
    assert {each for each in odd if found[each] == "different"} == {
        each for each in odd if expected[each] == "different"
    }
    assert any(outcome == "different" for outcome in found.values())


def _who(row: str, mark: str, listed: bool, act: str | None) -> tuple[str, str, str]:
    """contract.md, 'What the answer is', for the rows, marks and acts used above: assignee, certainty, and why."""
    if mark == "×":
        return "city_staff", "settled", "mark"
    if not listed:
        return "city_staff", "settled", "channel"
    if act == "undetermined":
        return "city_staff", "needs_ruling", "act"
    if act == "decide":  # a statute says so; on a row that is not unmarked, the legend is read likewise
        return "city_staff", "settled", "act" if mark == "" else "act, read likewise"
    if act == "seal":  # our judgement alone says so
        return "city_staff", "needs_ruling", "judged"
    if act == "receive" and row == "shomu-9":  # 古紙回収: no part of its work, whatever the mark
        return "city_staff", "needs_ruling", "other row"
    if mark == "△" and act == "receive":
        return "city_staff", "needs_ruling", "partial"
    return ("contractor", "settled", "unmarked") if mark == "" else ("split", "needs_ruling", "partial")


# -- prove -----------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_proof_leads_from_the_record_to_the_signed_root(log: Log, notes: list[str]) -> None:
    """For every record and every checkpoint that has it."""
    from base64 import b64decode

    for note in notes:
        tree = parse(note)[0]
        for seq in range(tree.size):
            bundle = prove(log, seq, note)
            path = [b64decode(each) for each in bundle["path"]]
            leaf = merkle.leaf_hash(bundle["record"].encode())
            assert merkle.included(seq, tree.size, leaf, path, tree.root)
            assert len(json.dumps(bundle["path"])) < 1000
            named = read(bundle["record"].encode()).get("editions", {})
            assert sorted(read(each["record"].encode())["what"] for each in bundle["editions"]) == sorted(named)
        with pytest.raises(UnknownRecord if tree.size == 44 else BadRequest):
            prove(log, tree.size, note)


def test_nothing_is_proved_from_a_log_that_no_longer_fits(path: Path, notes: list[str]) -> None:
    """A proof that would fail elsewhere is not written here."""
    with broken_into(path) as db:
        db.execute("UPDATE record SET payload = payload || x'20' WHERE at & 255 = 20")
        db.execute("UPDATE record SET nodes = zeroblob(length(nodes)) WHERE at & 255 IN (15, 31)")
    with opened(path) as log:
        for seq in (20, 21, 3):
            with pytest.raises((StoreError, ValueError)):
                prove(log, seq, notes[-1])
    with broken_into(path) as db:  # hashes alone: they follow from the records, and are computed where they do not fit
        db.execute("UPDATE record SET payload = substr(payload, 1, length(payload) - 1) WHERE at & 255 = 20")
    with opened(path) as log:
        assert prove(log, 3, notes[-1])["index"] == 3
        assert prove_consistency(log, notes[1], notes[2])["path"]


def test_one_checkpoint_s_log_is_shown_to_begin_another_s(log: Log, notes: list[str]) -> None:
    """And not the other way round, nor with a stranger's note."""
    from base64 import b64decode

    for i, old in enumerate(notes):
        for new in notes[i:]:
            bundle = prove_consistency(log, old, new)
            first, second = parse(old)[0], parse(new)[0]
            path = [b64decode(each) for each in bundle["path"]]
            assert merkle.consistent(first.size, second.size, first.root, second.root, path)
    with pytest.raises(BadRequest):
        prove_consistency(log, notes[2], notes[0])
    with pytest.raises(NoteError):
        prove_consistency(log, sign(parse(notes[0])[0], new_key(ORIGIN)), notes[2])


# -- exceptions, stats, filters --------------------------------------------------------------------------------------


@pytest.mark.long
def test_every_kind_of_exception_is_listed_and_nothing_else(
    path: Path, table_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock of our own: the days are Japan's, nine hours ahead of the records' times."""
    now = ["2026-11-10T00:00:00.000Z"]
    monkeypatch.setattr("assign.log.group_commit.moment", lambda: now[0])
    ruled = table_desk.rules.data.replace(b"rulings.yaml " + str(len(table_desk.rules.rulings_data)).encode(), b"@@")
    rulings = RULING.encode()
    head, _, _ = ruled.partition(b"@@")
    with closing(Log.make(f"sqlite:///{path}", ORIGIN, table_desk.editions)) as log:
        desk = asking(log, table_desk)

        def say(when: str, on: str, row: str = "nenkin-24", **more: Any) -> int:
            now[0] = when
            return desk.record(row=row, channel="counter", on=on, **more)[0].kept.seq

        say("2026-11-11T01:00:00.000Z", "2026-11-11")  # nothing
        say("2026-11-11T15:30:00.000Z", "2026-11-12")  # nothing: past midnight in Japan
        ahead = say("2026-11-12T14:59:00.000Z", "2026-11-13")
        backdated = say("2026-11-12T15:00:00.000Z", "2026-11-09")
        late = say("2026-11-19T15:00:00.000Z", "2026-11-12")
        say("2026-11-20T00:00:00.000Z", "2026-11-13")  # seven days are not late
        clock = say("2026-11-19T23:59:59.999Z", "2026-11-20")
        say("2026-11-20T00:00:00.000Z", "2026-11-20")
        fix = say("2026-11-20T00:00:01.000Z", "2026-11-20", corrects=late)
        both = say("2026-12-20T00:00:00.000Z", "2026-10-01")
        due = [row for row in table_desk.catalog.tasks if _due(table_desk, row.id)]
        overdue = [say("2027-12-01T00:00:00.000Z", "2027-12-01", row=due[0].id)] if due else []
        found = [(each.code, each.seq) for each in exceptions(log)]
        expected = [
            ("ahead", ahead),
            ("backdated", backdated),
            ("late", late),
            ("clock", clock),
            ("correction", fix),
            ("backdated", both),
            ("late", both),
            *(("review_due", seq) for seq in overdue),
        ]
        assert found == expected
        assert ("late", backdated) in [(each.code, each.seq) for each in exceptions(log, 3)]
        assert all(each.text.ja and each.text.en for each in exceptions(log))
        # A ruling that applies from a day before it came into use.
        now[0] = "2027-12-02T00:00:00.000Z"
        rules = head + f"rulings.yaml {len(rulings)}\n".encode() + rulings
        seqs = [each.seq for each in log.publish(of(table_desk.catalog.data, rules).editions)]
        assert [(each.code, each.seq) for each in exceptions(log)][len(expected) :] == [("ruling_backdated", seqs[0])]


@pytest.mark.long
@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("since: 2026-04-01", "since: 2026-01-01", "2026-04-01 → 2026-01-01"),  # applies from an earlier day
        ("rows: [kokuho-25]", "rows: [kokuho-25, kokuho-53]", "行"),
        ("assignee: contractor", "assignee: city_staff", "受託者 → 市職員"),
        ("It is within the consigned part.", "Because.", "理由"),
        ("  - id: R1", "  - id: R2", None),
        ("", "", ""),
    ],
)
def test_a_ruling_is_compared_by_what_it_says_and_not_by_its_id(
    path: Path, table_desk: Desk, was: str, now: str, said: str | None
) -> None:
    """Published again under its id with an earlier first day, it was in no list. Control: more rules, the same ruling."""
    place = b"rulings.yaml " + str(len(table_desk.rules.rulings_data)).encode()
    head = table_desk.rules.data.partition(place)[0]

    def rules(text: str, more: str = "") -> bytes:
        data = (text + more).encode()
        return head + f"rulings.yaml {len(data)}\n".encode() + data

    with closing(Log.make(f"sqlite:///{path}", ORIGIN, table_desk.editions)) as log:
        for text in (rules(RULING), rules(RULING.replace(was, now) if was else RULING, "# a remark\n")):
            log.publish(of(table_desk.catalog.data, text).editions)
        found = [each for each in exceptions(log) if each.seq > FIRST + 1]
    if said is None:
        assert [each.code for each in found] == ["ruling_backdated", "ruling_withdrawn"]
    elif not said:
        assert found == []
    else:
        assert [each.code for each in found] == ["ruling_changed"]
        assert said in found[0].text.ja
        assert found[0].text.en


@pytest.mark.long
@pytest.mark.parametrize("what", [*EDITIONS])
@pytest.mark.parametrize(
    ("tampering", "code"),
    [
        ("UPDATE edition SET data = replace(CAST(data AS TEXT), 'a', 'b') WHERE sha256 = ?", "edition_altered"),
        ("UPDATE edition SET data = x'' WHERE sha256 = ?", "edition_altered"),
        ("DELETE FROM edition WHERE sha256 = ?", "edition_missing"),
    ],
)
def test_an_edition_is_read_only_where_it_has_its_digest(
    path: Path, table_desk: Desk, what: str, tampering: str, code: str
) -> None:
    """`exceptions` read whatever stood there, and passed over what did not."""
    with closing(Log.make(f"sqlite:///{path}", ORIGIN, table_desk.editions)) as log:
        assert list(exceptions(log)) == []
    digest = sha256(table_desk.editions[what])
    with broken_into(path) as db:
        db.execute(tampering, (digest,))
    with opened(path) as log:
        found = list(exceptions(log))
    assert [(each.code, each.seq) for each in found] == [(code, 1 + [*EDITIONS].index(what))]
    assert digest[:16] in found[0].text.ja


def _due(desk: Desk, row: str) -> bool:
    [answer] = desk.answers(row=row, channel="counter", on="2027-12-01")
    return any(caveat["code"] == "review_due" for caveat in answer["caveats"])


def test_counts_and_filters_agree_with_a_count_by_hand(log: Log) -> None:
    """Any mixture of filters."""
    everything = [read(row.payload) for row in log.rows()]
    decisions = [each for each in everything if each["kind"] == "decision"]
    found = stats(log)
    assert found["records"] == len(everything) == 44
    assert found["kind"] == {"decision": KEPT, "log": 1, "publication": 3}
    for name in ("assignee", "certainty"):
        assert found[name] == dict(sorted(Counter(each["decision"][name] for each in decisions).items()))
    for name in ("division", "channel"):
        assert found[name] == dict(sorted(Counter(each["request"][name] for each in decisions).items()))
    assert found["month"] == {"2026-11": KEPT}
    for division in (None, "nenkin", "kokuho"):
        for assignee in (None, "city_staff", "contractor"):
            for certainty in (None, "settled"):
                chosen = Filter(date(2026, 11, 5), date(2026, 11, 20), division, assignee, certainty, "decision")
                by_hand = [
                    each
                    for each in decisions
                    if "2026-11-05" <= each["on"] <= "2026-11-20"
                    and division in (None, each["request"]["division"])
                    and assignee in (None, each["decision"]["assignee"])
                    and certainty in (None, each["decision"]["certainty"])
                ]
                assert list(records(log, chosen)) == by_hand
    assert list(records(log)) == everything
    assert [each["seq"] for each in records(log, start=40)] == [40, 41, 42, 43]


# -- copies ----------------------------------------------------------------------------------------------------------


def test_a_copy_is_the_same_log_to_the_byte(log: Log, notes: list[str], tmp_path: Path) -> None:
    """Records, hashes, editions, checkpoints; it goes on growing from there."""
    log.rotate(new_key(ORIGIN))
    store = open_store(f"sqlite:///{tmp_path}/copy.db", create=True)
    assert copy(log, store) == 45
    with closing(Log(store, ORIGIN, 1)) as other:
        assert list(other.rows()) == list(log.rows())
        assert other.store.checkpoints(1) == notes
        assert other.keys() == log.keys()
        assert codes(other, *notes) == []
        with pytest.raises(BadRequest):
            copy(log, store)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET payload = replace(payload, 'unstated', 'city_clerk') WHERE at & 255 = 20",
        "UPDATE record SET nodes = zeroblob(length(nodes)) WHERE at & 255 = 20",
        "UPDATE record SET payload = CAST(replace(payload, 'city_staff', 'contractor') AS BLOB) WHERE at & 255 > 3",
        "DELETE FROM record WHERE at & 255 = 20",
    ],
)
def test_a_copy_does_not_launder_what_was_altered(path: Path, notes: list[str], tmp_path: Path, statement: str) -> None:
    """With hashes made anew, an altered record would come out of its backup as sound."""
    with broken_into(path) as db:
        db.execute(statement)
        db.execute("DELETE FROM checkpoint")
    with opened(path) as log:
        with closing(open_store(f"sqlite:///{tmp_path}/copy.db", create=True)) as store:
            copy(log, store)
        with opened(tmp_path / "copy.db") as kept:
            assert [each[:3] for each in kept.rows()] == [each[:3] for each in log.rows()]
            assert codes(kept, notes[-1]) == [each for each in codes(log, notes[-1]) if each[0] != "column_type"] != []


# -- no answer without a record --------------------------------------------------------------------------------------


def test_what_was_typed_is_not_repeated_to_who_records_it(log: Log, table_desk: Desk) -> None:
    """A person's number in the wrong field is refused with the choices, as without a log, but not echoed."""
    desk = asking(log, table_desk)
    number = "123456789018"
    good = {"division": "nenkin", "item": "24", "channel": "counter"}
    for name in ("division", "item", "channel", "act", "on", "section", "row", number):
        asked = {**({} if name == "row" else good), name: number}
        plain = table_desk.decide_many([asked])[0]
        assert isinstance(plain, AssignError)
        with pytest.raises(AssignError) as caught:
            desk.record(**asked)
        assert number not in caught.value.ja + caught.value.en + str(caught.value) + repr(caught.value)
        assert number in plain.en
        assert caught.value.code == plain.code
        assert caught.value.candidates == plain.candidates
    for word in (["24"], 24.0, True, {"x": 1}, object()):
        with pytest.raises(BadRequest):
            desk.record(division="nenkin", item=word, channel="counter")
    assert log.size == 44


def test_public_keys_of_the_log_are_lines_that_travel() -> None:
    """What an auditor is handed can be read back."""
    key = new_key(ORIGIN).public()
    assert public_key(f"{key}\n") == key
