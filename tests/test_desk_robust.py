"""A desk in other processes, after forks and under many threads; and nothing that it is asked, however hostile, brings it down."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import resource
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assign import AssignError, Decision, Desk

from .built_in import CHANNELS

ON = date(2026, 11, 25)


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


def runs_without_hanging(code: str, times: int) -> None:
    """A program that prints how its child ended, one process after the other: beside others such a race is hardly ever met."""
    for _ in range(times):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=600, check=False
        )
        assert done.stdout == "0\n", done.stderr


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
    runs_without_hanging(code, 5)


@pytest.mark.long
@pytest.mark.slow
def test_a_fork_while_another_thread_first_writes_a_decision_does_not_hang() -> None:
    """pydantic's core fills in at first use what it needs, and a child forked meanwhile waited for that for ever, once in six."""
    code = (
        "import os, threading\n"
        "from assign import Desk\n"
        "found = Desk.open().decide('kokuho', 25, 'counter', 'data_entry')\n"
        "thread = threading.Thread(target=found.model_dump)\n"
        "thread.start()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    found.model_dump()\n"
        "    os._exit(0)\n"
        "thread.join()\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    runs_without_hanging(code, 16)


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
