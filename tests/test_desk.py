"""The Python interface: typed, frozen, safe in threads and processes, and closed to garbage."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timezone
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from assign import Assignee, AssignError, Decision, Desk, Row
from assign.errors import (
    AmbiguousItem,
    BadDate,
    BadRequest,
    UnknownAct,
    UnknownChannel,
    UnknownDivision,
    UnknownItem,
    UnknownSection,
)

from .built_in import CHANNELS

ON = date(2026, 11, 25)


def test_the_contract_s_example(desk: Desk) -> None:
    """nenkin 24 at the counter is ×: city staff, because line 259 says so."""
    decision = desk.decide(division="nenkin", item="24", channel="counter", act=None, on=None)
    assert isinstance(decision, Decision)
    assert decision.assignee is Assignee.CITY_STAFF
    assert decision.certainty == "settled"
    assert decision.rows[0].source.line == 259
    assert decision.rows[0].source.raw == "\t障害基礎年金\t24 相談、請求の受付\t\t×\t\t".replace("\t\t×", "\t×")
    assert decision.rules == ("RETAINED",)


def test_the_json_has_the_contract_s_fields_in_its_order(desk: Desk) -> None:
    """More may be added, none may be missing."""
    answer = desk.decide("kokuho", 25, "counter", "data_entry", ON).model_dump(mode="json")
    contract = [
        "assignee", "certainty", "division", "item", "channel", "act", "on", "rows", "rules", "reasons", "reserved", "handoff",
        "caveats", "question", "why_not", "would_change", "provenance",
    ]  # fmt: skip
    assert [name for name in answer if name in contract] == contract
    assert answer["act"] == {"key": "data_entry", "label": {"ja": "入力", "en": "data entry"}, "class": "factual"}
    assert answer["on"] == "2026-11-25"
    assert {"id", "section", "group", "number", "name", "mark", "counter", "backyard", "source"} <= set(
        answer["rows"][0]
    )
    assert set(answer["rows"][0]["source"]) == {"document", "line", "raw"}
    assert {"from", "to", "reason_code", "text"} <= set(answer["handoff"])
    assert {"rule", "text", "cites"} == set(answer["reasons"][0])
    assert {"kind", "document", "line", "text"} == set(answer["reasons"][0]["cites"][0])
    assert {"act", "holder"} <= set(answer["reserved"][0])
    assert {"assignee", "rule", "text"} <= set(answer["why_not"][0])
    assert {"change", "assignee"} <= set(answer["would_change"][0])
    assert set(answer["provenance"]) == {
        "list",
        "edition",
        "catalog_sha256",
        "rules_sha256",
        "assign_version",
        "engine",
    }


@pytest.mark.parametrize("item", ["24", 24, "２４", " 24 ", "24\u3000", "24-1", "nenkin-24"])
def test_one_item_may_be_written_in_many_ways(desk: Desk, item: object) -> None:
    """Full width, spaces, a number, a row."""
    assert desk.decide("nenkin", item, "counter", on=ON).rows[0].id == "nenkin-24"


@pytest.mark.parametrize("item", ["22-3", "２２－３", "２２ー３", "22‐3", " 22-3 "])
def test_a_row_of_a_number_may_be_named(desk: Desk, item: str) -> None:
    """Whatever dash the keyboard gives."""
    decision = desk.decide("kokuho", item, "counter", on=ON)
    assert [row.source.line for row in decision.rows] == [32]
    assert decision.item == "22-3"


@pytest.mark.parametrize("word", ["nenkin", "国民年金", "年金", " 年金 ", "ＮＥＮＫＩＮ", "Nenkin"])
def test_a_division_may_be_named_in_japanese(desk: Desk, word: str) -> None:
    """contract.md, 'Words'."""
    assert desk.decide(word, "24", "counter", on=ON).division == "nenkin"


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("kokuho", ["国民健康保険", "国保"]),
        ("kouki", ["後期高齢者医療制度", "後期"]),
        ("shomu", ["庶務経理", "庶務"]),
        ("center", ["国保事務センター", "センター", "ｾﾝﾀｰ", "国保事務ｾﾝﾀｰ"]),
    ],
)
def test_every_japanese_name_of_the_contract_is_known(desk: Desk, key: str, names: list[str]) -> None:
    """And half-width katakana."""
    assert {desk.decide(name, "1", "backyard", on=ON).division for name in [key, *names]} == {key}


@pytest.mark.parametrize(
    ("word", "key"),
    [("窓口", "counter"), ("ﾊﾞｯｸﾔｰﾄﾞ", "backyard"), ("バックヤード", "backyard"), ("counter", "counter")],
)
def test_a_channel_may_be_named_in_japanese(desk: Desk, word: str, key: str) -> None:
    """In full and half width."""
    assert desk.decide("nenkin", "24", word, on=ON).channel == key


@pytest.mark.long
def test_every_act_is_known_by_key_label_and_other_names(desk: Desk) -> None:
    """In Japanese, too."""
    for act in desk.rules.acts.values():
        for word in (act.id, act.title["ja"], act.title["en"], f" {act.id.upper()} ", *act.also):
            found = desk.decide("nenkin", "24", "counter", word, ON).act
            assert found is not None
            assert found.key == act.id


BAD: list[tuple[dict[str, Any], type[AssignError], int]] = [
    *[({"item": item}, UnknownItem, 3) for item in (
        "24.0", "-1", "99", "", " ", "\x00", "9" * 10_000, "\ud800", "²", "①", "024", "0", "+24", "24a", "二十四", "22-0",
        "24-2", 24.0, -1, 0, True, b"24", "1e3", "٢٤", "1_0", 10**40, ".", "24\n25",
    )],
    *[({"division": division}, UnknownDivision, 3) for division in ("nenkn", "", "\x00", "n" * 10_000, "\udfff", 1, True, b"nenkin")],
    *[({"channel": channel}, UnknownChannel, 3) for channel in (None, "desk", "", "カウンタ", 1, "\ud800")],
    *[({"act": act}, UnknownAct, 3) for act in ("recieve", "", "x" * 10_000, 1, "照会", "\ud800")],
    *[({"on": on}, BadDate, 2) for on in ("yesterday", "2026-02-30", "2026-13-01", "4/1/2026", "", 20260401, datetime(2026, 4, 1, tzinfo=timezone.utc), "26-4-1", "²026-04-01")],
    ({"section": "給付金"}, UnknownSection, 3),
    ({"row": "nenkin-24"}, BadRequest, 2),
    ({"division": None}, BadRequest, 2),
    ({"item": None}, BadRequest, 2),
    ({"item": ["24"]}, UnknownItem, 3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "kind", "code"), BAD, ids=lambda value: repr(value)[:40] if isinstance(value, dict) else None
)
def test_what_is_no_word_of_ours_is_one_clear_line(
    desk: Desk, wrong: dict[str, Any], kind: type[AssignError], code: int
) -> None:
    """Never a guess, never another error."""
    with pytest.raises(kind) as caught:
        desk.decide(**{"division": "nenkin", "item": "24", "channel": "counter", "on": ON, **wrong})
    error = caught.value
    assert error.exit_code == code
    for lang in ("ja", "en"):
        message = error.message(lang)
        assert len(message) < 400
        assert message.isprintable()
        message.encode("utf-8")
    json.dumps(error.as_json()).encode("utf-8")
    if code == 3:
        assert error.candidates


def test_the_nearest_choices_are_valid_ones(desk: Desk) -> None:
    """What an error offers can be put in its place."""
    for item in ("99", "240", "22-99", "x"):
        with pytest.raises(UnknownItem) as caught:
            desk.decide("kokuho", item, "counter", on=ON)
        for candidate in caught.value.candidates:
            assert desk.answers(division="kokuho", item=candidate, channel="counter", on=ON)
    with pytest.raises(UnknownItem, match=r"nenkin has no item `99` \(its numbers run from 1 to 41; near: `41`, `9`"):
        desk.decide("nenkin", "99", "counter", on=ON)


def test_an_item_of_several_rows_that_agree_is_one_answer(desk: Desk) -> None:
    """kokuho 22: ten rows, all △ on both channels."""
    decision = desk.decide("kokuho", "22", "counter", on=ON)
    assert [row.source.line for row in decision.rows] == list(range(30, 40))
    assert decision.rules == ("PARTIAL",)
    assert desk.decide("kouki", "29", "counter", on=ON).assignee is Assignee.CONTRACTOR
    assert len(desk.decide("center", "1", "backyard", on=ON).rows) == 3


@pytest.mark.parametrize(
    ("division", "item", "channel", "candidates"),
    [
        ("kouki", "51", "counter", ("51-1", "51-2")),
        ("kouki", "65", "counter", ("65-1", "65-2")),
        ("kouki", "65", "backyard", ("65-1", "65-2")),
        ("center", "4", "backyard", ("4-1", "4-2", "4-3")),
        ("center", "5", "backyard", ("5-1", "5-2", "5-3")),
    ],
)
def test_an_item_of_rows_that_do_not_agree_has_no_answer(
    desk: Desk, division: str, item: str, channel: str, candidates: tuple[str, ...]
) -> None:
    """The candidates are named instead; each of them has an answer."""
    with pytest.raises(AmbiguousItem) as caught:
        desk.decide(division, item, channel, on=ON)
    assert caught.value.exit_code == 4
    assert caught.value.candidates == candidates
    for candidate in candidates:
        assert len(desk.decide(division, candidate, channel, on=ON).rows) == 1


def test_rows_that_differ_but_agree_on_the_act_are_one_answer(desk: Desk) -> None:
    """A decision is city staff's on either row of kouki 51, of which one is △; both rules are named where they differ."""
    assert desk.decide("kouki", "51", "counter", "decide", ON).rules == ("AUTHORITY", "AUTHORITY_READ_ALIKE")
    both = desk.decide("kouki", "65", "counter", "decide", ON)
    assert (both.assignee, both.rules) == (Assignee.CITY_STAFF, ("AUTHORITY", "NOT_LISTED"))
    assert [reason.rule for reason in both.reasons[:2]] == ["AUTHORITY", "NOT_LISTED"]


def test_a_section_chooses_among_rows(desk: Desk) -> None:
    """大分類 or 中分類, however its spaces were printed."""
    both = "国保（給 付）／ 高額介護合算療養費"  # as the choices are printed
    for section in ("国保（給付）", "国保（給 付）", "国保(給付)", "高額介護合算療養費", both):
        assert desk.decide("center", "4", "backyard", section=section, on=ON).rows[0].source.line == 330
    assert desk.decide("center", "4", "backyard", section="はり・きゅう施術補助", on=ON).assignee is Assignee.CITY_STAFF


def test_today_is_japan_s_day(desk: Desk) -> None:
    """A server keeps UTC; the city does not."""
    from zoneinfo import ZoneInfo

    before = datetime.now(ZoneInfo("Asia/Tokyo")).date()
    decided = desk.decide("nenkin", "24", "counter").on
    assert decided in (before, datetime.now(ZoneInfo("Asia/Tokyo")).date())


def test_decide_many_keeps_order_and_loses_nothing(desk: Desk) -> None:
    """A bad request is an error value in its place."""
    requests: list[Any] = [
        {"division": "nenkin", "item": "24", "channel": "counter"},
        {"division": "nenkin", "item": "99", "channel": "counter"},
        {"division": "nenkin", "item": "24", "channel": "counter", "color": "red"},
        "nenkin 24",
        {"row": "nenkin-23", "channel": "counter", "on": ON},
    ]
    found = desk.decide_many(requests)
    assert [type(each).__name__ for each in found] == [
        "Decision",
        "UnknownItem",
        "BadRequest",
        "BadRequest",
        "Decision",
    ]


def test_tasks_are_all_rows_in_document_order(desk: Desk) -> None:
    """215, and those of one division."""
    assert all(isinstance(task, Row) for task in desk.tasks())
    assert [task.source.line for task in desk.tasks()] == sorted(task.source.line for task in desk.tasks())
    assert len(desk.tasks()) == 215
    assert len(desk.tasks("年金")) == 41
    with pytest.raises(UnknownDivision):
        desk.tasks("x")


def test_a_decision_cannot_be_changed(desk: Desk) -> None:
    """It is shared between all who asked the same."""
    decision = desk.decide("nenkin", "23", "counter", on=ON)
    with pytest.raises(ValidationError):
        setattr(decision, "assignee", Assignee.SPLIT)  # noqa: B010 - mypy would refuse the plain assignment, too
    changes: list[Callable[[], object]] = [
        lambda: decision.would_change[0].change.update(act="x"),
        decision.why_not[0].unmet.clear,
        lambda: decision.would_change[0].change.__setitem__("act", "x"),
    ]
    for change in changes:
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    assert decision == desk.decide("nenkin", "23", "counter", on=ON)


@pytest.mark.long
def test_python_and_plain_answers_are_one(desk: Desk) -> None:
    """The model is the contract's object, nothing more and nothing less."""
    for task, channel in product(desk.catalog.tasks, CHANNELS):
        for act in (None, "receive", "decide", "refund"):
            asked: dict[str, Any] = {"row": task.id, "channel": channel, "act": act, "on": ON}
            assert [desk.decide(**asked).model_dump(mode="json")] == desk.answers(**asked)


def test_plain_answers_belong_to_their_receiver() -> None:
    """Changing them changes no later answer."""
    desk = Desk.open()
    asked: dict[str, Any] = {"row": "nenkin-23", "channel": "counter", "on": ON}
    before = json.dumps(desk.answers(**asked))
    for answer in (desk.answers(**asked)[0], {"rows": desk.rows()}):
        for part in ("rows", "reserved", "shared", "why_not", "would_change"):
            for entry in answer.get(part, []):
                entry.clear()
        answer.get("provenance", {}).clear()
    assert json.dumps(desk.answers(**asked)) == before
    with pytest.raises(TypeError):
        desk.provenance["engine"] = "x"  # type: ignore[index]  # that is the point


def test_a_misspelt_field_is_never_dropped_in_silence(desk: Desk) -> None:
    """`acts="decide"` left out would make the contractor of city staff."""
    with pytest.raises(BadRequest, match="no field `acts`"):
        desk.brief(row="nenkin-23", channel="counter", acts="decide")
