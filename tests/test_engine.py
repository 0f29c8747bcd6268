"""durable-rules by a recipe that is safe, and a second engine that agrees with it everywhere."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assign import Desk
from assign.__main__ import OurKeyboardInterrupt
from assign.decision.durable import DurableEngine, _compiled
from assign.decision.engine import TableEngine, open_engine
from assign.errors import BadOption, EngineError, EngineMissing
from assign.resources import rules_folder
from assign.rules.entries import every_fact
from assign.rules.loader import load
from assign.rules.model import RuleSet

from .conftest import HAS_DURABLE, needs_durable

RULES = load(rules_folder())
TABLE = TableEngine(RULES)


@needs_durable
def test_both_engines_agree_over_the_whole_domain() -> None:
    """648 combinations, in any order, again and again."""
    durable = DurableEngine(RULES)
    facts = list(every_fact())
    for order in (facts, facts[::-1], facts):
        assert [durable.holds(each) for each in order] == [TABLE.holds(each) for each in order]


def overlapping(tmp_path: Path) -> RuleSet:
    """A rule set in which every fact meets RETAINED's twin too, and × meets nothing else."""
    folder = tmp_path / "rules"
    shutil.copytree(rules_folder(), folder)
    path = folder / "decision_table.yaml"
    text = path.read_text("utf-8")
    text = text.replace(
        "when: {meaning: unreadable, act: [none,",
        "when: {meaning: unreadable, ruling: contractor, act: [none,",
    )
    text = text.replace(
        "when: {meaning: consigned, act: none}",
        "when: {meaning: consigned, act: [none, factual]}",
    )
    path.write_text(text, "utf-8", newline="")
    return load(folder)


@needs_durable
def test_durable_rules_shows_overlaps_and_gaps(tmp_path: Path) -> None:
    """A fact fires all rules that hold; one that meets none is an answer, not an exception."""
    rules = overlapping(tmp_path)
    durable, table = DurableEngine(rules), TableEngine(rules)
    found = [durable.holds(each) for each in every_fact()]
    assert found == [table.holds(each) for each in every_fact()]
    assert {len(each) for each in found} == {0, 1, 2}


@pytest.mark.slow
@needs_durable
def test_a_fact_that_meets_no_rule_crashes_nothing(tmp_path: Path) -> None:
    """First or later, again and again: deleting a state that is not there once ended the process."""
    code = (
        "import sys, random\n"
        "from pathlib import Path\n"
        "from assign.decision import DurableEngine, TableEngine\n"
        "from assign.rules import every_fact, load\n"
        "rules = load(Path(sys.argv[1]))\n"
        "durable, table, facts = DurableEngine(rules), TableEngine(rules), list(every_fact())\n"
        "facts.sort(key=lambda each: len(table.holds(each)))\n"
        "rng = random.Random(1)\n"
        "for each in [*facts, *(rng.choice(facts) for _ in range(20_000))]:\n"
        "    assert durable.holds(each) == table.holds(each)\n"
        "print('ok')\n"
    )
    overlapping(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "rules")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


@needs_durable
def test_no_thread_is_started() -> None:
    """A stock Host starts two that never end."""
    before = threading.active_count()
    durable = DurableEngine(RULES)
    for each in every_fact():
        durable.holds(each)
    assert threading.active_count() == before


@pytest.mark.long
@needs_durable
def test_8_threads_get_their_own_answers_and_memory_stays_flat() -> None:
    """One lock around each evaluation; the state is deleted after it."""
    durable = DurableEngine(RULES)
    facts = list(every_fact())
    expected = {each: TABLE.holds(each) for each in facts}

    def work(offset: int) -> int:
        return sum(
            durable.holds(facts[(i * 7 + offset) % 648]) != expected[facts[(i * 7 + offset) % 648]] for i in range(1500)
        )

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 0
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert sum(pool.map(work, range(8))) == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2_000  # kB


@needs_durable
def test_a_rule_set_is_registered_once() -> None:
    """Registering again and again leaks."""
    DurableEngine(RULES)
    first = _compiled(RULES)
    DurableEngine(load(rules_folder()))
    assert _compiled(load(rules_folder())) is first


@needs_durable
@pytest.mark.parametrize(("raised", "seen"), [(ValueError, EngineError), (OurKeyboardInterrupt, KeyboardInterrupt)])
def test_an_exception_in_an_action_is_no_answer(raised: type[BaseException], seen: type[BaseException]) -> None:
    """durable-rules swallows it into the state; we look there. Ctrl-C stays what it is."""
    compiled = _compiled(RULES)
    facts = next(iter(every_fact()))

    class Broken(list[tuple[str, str]]):
        def append(self, _: tuple[str, str]) -> None:
            if raised is OurKeyboardInterrupt:
                raise OurKeyboardInterrupt  # the line that our handler of signals has, too
            raise raised

    compiled._fired = Broken()
    try:
        with pytest.raises(seen):
            compiled.fire(facts)
    finally:
        compiled._fired = []
    assert compiled.fire(facts) == set(TABLE.holds(facts))


@needs_durable
def test_a_fork_while_another_thread_is_inside_does_not_hang() -> None:
    """The child registers its own rule set, under its own lock."""
    durable = DurableEngine(RULES)
    facts = next(iter(every_fact()))
    lock = _compiled(RULES)._lock
    with lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if durable.holds(facts) == TABLE.holds(facts) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_auto_takes_durable_rules_where_it_is_installed() -> None:
    """And says in its name which engine answers."""
    name = open_engine(RULES).name
    assert name == ("durable-rules 2.0.28" if HAS_DURABLE else "table")


def test_an_engine_asked_for_by_name_is_that_engine_or_an_error() -> None:
    """Never another one in silence."""
    assert open_engine(RULES, "table").name == "table"
    with pytest.raises(BadOption, match="no engine `tabel`"):
        open_engine(RULES, "tabel")
    if not HAS_DURABLE:
        with pytest.raises(EngineMissing):
            Desk.open(engine="durable-rules")


@pytest.mark.long
def test_a_desk_without_durable_rules_gives_the_same_answers_but_for_its_name() -> None:
    """Where it cannot be imported, everything but the cross-check works."""
    code = (
        "import sys\n"
        "sys.modules['durable_rules_engine'] = None\n"
        "from assign import Desk\n"
        "desk = Desk.open()\n"
        "print(desk.engine, desk.decide('nenkin', 24, 'counter').assignee)\n"
        "from assign.check import check\n"
        "report = check(desk)\n"
        "print(report.cross_checked, len(report.findings))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["table", "city_staff", "False", "0"], done.stderr
