"""The Python interface: typed, frozen, safe in threads and processes, and closed to garbage."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import random
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timezone
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
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
    assert set(answer["provenance"]) == {"catalog_sha256", "rules_sha256", "assign_version", "engine"}


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


def test_decisions_and_errors_cross_process_borders(desk: Desk) -> None:
    """Pickled and back, they are the same."""
    decision = desk.decide("nenkin", "23", "counter", on=ON)
    assert pickle.loads(pickle.dumps(decision)) == decision  # noqa: S301 - our own bytes
    error = desk.decide_many([{"division": "nenkin", "item": "99", "channel": "counter"}])[0]
    assert isinstance(error, AssignError)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(again), str(again), again.candidates, again.ja) == (
        type(error),
        str(error),
        error.candidates,
        error.ja,
    )


def _decided_in_child(_: int) -> str:
    return DESK.decide("nenkin", "24", "counter", on=ON).model_dump_json()


DESK = Desk.open()


@pytest.mark.long
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_desk_answers_in_other_processes(method: str) -> None:
    """Forked and spawned."""
    expected = DESK.decide("nenkin", "24", "counter", on=ON).model_dump_json()
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert set(pool.map(_decided_in_child, range(8))) == {expected}


def test_importing_assign_loads_and_starts_nothing() -> None:
    """Neither typer nor pydantic, neither durable-rules nor a YAML parser, and no thread."""
    code = (
        "import sys, threading\n"
        "from assign import Desk\n"
        "print([m for m in ('typer', 'pydantic', 'durable', 'yaml', 'rich', 'wcwidth') if m in sys.modules], threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("]")[0] == "["
    assert done.stdout.strip().endswith("1")


@pytest.mark.slow
def test_equal_requests_give_equal_bytes_across_processes_hash_seeds_and_locales() -> None:
    """No clock, no random id, no order of a set in a decision."""
    code = (
        "import hashlib, json\n"
        "from assign import Desk\n"
        "desk, digest = Desk.open(), hashlib.sha256()\n"
        "for task in desk.catalog.tasks:\n"
        "    for channel in ('counter', 'backyard'):\n"
        "        for act in (None, 'receive', 'decide', 'seal', 'refund', 'undetermined'):\n"
        "            [answer] = desk.answers(row=task.id, channel=channel, act=act, on='2026-11-25')\n"
        "            digest.update(json.dumps(answer, ensure_ascii=False).encode())\n"
        "print(digest.hexdigest())\n"
    )
    found = set()
    for seed, zone, lang in (("0", "UTC", "C"), ("1", "Asia/Tokyo", "C.UTF-8"), ("12345", "America/Lima", "POSIX")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": lang}
        found.add(
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
        )
    assert len(found) == 1


@pytest.mark.long
def test_python_and_plain_answers_are_one(desk: Desk) -> None:
    """The model is the contract's object, nothing more and nothing less."""
    for task, channel in product(desk.catalog.tasks, CHANNELS):
        for act in (None, "receive", "decide", "refund"):
            asked: dict[str, Any] = {"row": task.id, "channel": channel, "act": act, "on": ON}
            assert [desk.decide(**asked).model_dump(mode="json")] == desk.answers(**asked)


WORDS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.binary(max_size=5),
    st.sampled_from(
        [
            "nenkin",
            "24",
            "counter",
            "decide",
            "2026-04-01",
            "kouki",
            "51",
            "22-3",
            "２４",
            "窓口",
            "\ud800",
            "\x00",
            "x" * 10_000,
            "nenkin-24",
        ]
    ),
    st.lists(st.integers(), max_size=2),
    st.dates(),
)


class Hostile(str):  # noqa: SLOT000 - hostile
    """A string whose methods lie: it equals everything, and hashes like anything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1

    def __getitem__(self, _key: object) -> str:
        raise RuntimeError


class Broken:
    """An object that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError

    def __hash__(self) -> int:
        raise RuntimeError


class BrokenMapping(dict[str, object]):
    def __iter__(self) -> Any:
        raise RuntimeError


def test_a_string_that_lies_poisons_no_memory(desk: Desk) -> None:
    """What is compared is the text, never somebody's methods."""
    assert desk.decide(Hostile("nenkin"), "24", "counter", on=ON).division == "nenkin"
    assert desk.decide(Hostile("kokuho"), "24", "counter", on=ON).division == "kokuho"


@pytest.mark.parametrize(
    "value",
    [Broken(), [[[]]], {"a": Broken()}, object(), float("nan"), 10**5000],
    ids=lambda value: type(value).__name__,
)
def test_an_object_that_cannot_be_shown_is_refused_like_any_other(desk: Desk, value: object) -> None:
    """And loses no other row of a batch."""
    for name in ("division", "item", "channel", "act", "on", "section", "row"):
        with pytest.raises(AssignError):
            desk.decide(**{"division": "nenkin", "item": "24", "channel": "counter", name: value})
    good = {"row": "nenkin-24", "channel": "counter"}
    found = desk.decide_many([good, {"division": value, "item": value, "channel": value}, BrokenMapping(a=1), good])
    assert [isinstance(each, Decision) for each in found] == [True, False, False, True]


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


@pytest.mark.long
def test_a_fork_during_the_first_decision_of_another_thread_does_not_hang() -> None:
    """Late imports and properties hold no lock that a child would inherit."""
    code = (
        "import os, threading\n"
        "from assign import Desk\n"
        "desk = Desk.open()\n"
        "thread = threading.Thread(target=desk.decide, args=('nenkin', 24, 'counter'))\n"
        "thread.start()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    Desk.open().decide('nenkin', 23, 'counter')\n"
        "    os._exit(0)\n"
        "thread.join()\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=600, check=False
        )
        assert done.stdout == "0\n", done.stderr


@pytest.mark.long
@given(division=WORDS, item=WORDS, channel=WORDS, act=WORDS, on=WORDS, section=WORDS, row=WORDS)
def test_any_request_is_a_decision_or_an_assign_error(
    division: Any, item: Any, channel: Any, act: Any, on: Any, section: Any, row: Any
) -> None:
    """Nothing else ever comes out."""
    try:
        decision = DESK.decide(division, item, channel, act, on, section, row=row)
    except AssignError as error:
        assert error.exit_code in (1, 2, 3, 4)  # noqa: PT017 - either way out is fine
        assert error.message("ja").isprintable()  # noqa: PT017
    else:
        assert decision.rows


GARBAGE: list[Any] = [
    "nenkin",
    "kokuho",
    "",
    "24",
    "99",
    "²",
    "①",
    "-1",
    "24.0",
    "022",
    "\x00",
    "\ud800",
    "counter",
    "窓口",
    "decide",
    None,
    24,
    True,
    1.5,
    b"x",
    "x" * 10_000,
    "2026-04-01",
    "\u202e24",
    "カ゛",
    "22-3",
]


@pytest.mark.slow
def test_100_000_random_requests_never_crash(desk: Desk) -> None:
    """A decision, or an error with its own exit code; the right answers among the garbage stay right."""
    rng = random.Random(20261125)
    counts: dict[str | int, int] = {"decided": 0, 1: 0, 2: 0, 3: 0, 4: 0}
    request: dict[str, Any]
    for _ in range(100_000):
        if rng.random() < 0.2:
            row = rng.choice(desk.catalog.tasks)
            request = {"division": row.division, "item": row.item, "channel": rng.choice(["counter", "backyard"])}
        else:
            request = {
                name: rng.choice(GARBAGE)
                for name in ("division", "item", "channel", "act", "on", "section")
                if rng.random() < 0.8
            }
            if rng.random() < 0.3:
                request["item"] = "".join(chr(rng.randrange(0x20, 0x3100)) for _ in range(rng.randrange(6)))
        try:
            desk.decide(**request)
            counts["decided"] += 1
        except AssignError as error:
            counts[error.exit_code] += 1
    assert sum(counts.values()) == 100_000
    assert counts[1] == 0
    assert counts["decided"] > 15_000


@pytest.mark.slow
def test_8_threads_of_20_000_decisions_are_all_right_and_memory_stays_flat(desk: Desk) -> None:
    """160,000 mixed requests on one desk, against the answers of the other engine."""
    acts = [None, "receive", "decide", "seal", "refund", "undetermined"]
    asked = [(task.id, channel, act) for task in desk.catalog.tasks for channel in CHANNELS for act in acts]
    other = Desk.open(engine="table")
    expected = {key: other.decider.decide(other.catalog.by_id[key[0]], key[1], key[2], ON)[1:] for key in asked}
    shared = Desk.open()

    def work(seed: int) -> int:
        rng, wrong = random.Random(seed), 0
        for _ in range(20_000):
            row, channel, act = key = rng.choice(asked)
            decision = shared.decide(row=row, channel=channel, act=act, on=ON)
            wrong += (decision.assignee, decision.certainty) != expected[key] or decision.rows[0].id != row
        return wrong

    threads = threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 0
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert sum(pool.map(work, range(8, 16))) == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB
    assert threading.active_count() == threads
