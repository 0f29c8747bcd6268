"""What all tests share: a desk of each engine, the document's lines, and the rule that CI skips nothing."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings

from assign import Desk
from assign.catalog import loader as lists
from assign.catalog.loader import write_kept
from assign.check import proofs
from assign.desk import approval
from assign.errors import EngineMissing
from assign.resources import data_folder, document_file, kept, rules_folder
from assign.rules.build import write
from assign.rules.loader import load
from assign.rules.precompiled import kept_rules

from .servers import Server, private_server

HAS_DURABLE = find_spec("durable_rules_engine") is not None
needs_durable = pytest.mark.skipif(not HAS_DURABLE, reason="durable-rules is not installed in this Python")

# `nohup make test`: what is ignored here would be ignored by every program that a test starts, and it waited for ever.
for each in ("SIGHUP", "SIGINT"):
    if (number := getattr(signal, each, None)) is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL if each == "SIGHUP" else signal.default_int_handler)

settings.register_profile("assign", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("quick", settings.get_profile("assign"), max_examples=10)  # make quick
settings.load_profile("assign")


@pytest.fixture(scope="session")
def desk() -> Desk:
    """The built-in list and rules, with whichever engine this Python has."""
    return Desk.open()


@pytest.fixture(scope="session")
def table_desk() -> Desk:
    """The same, answered by the table engine."""
    return Desk.open(engine="table")


@pytest.fixture
def one_engine() -> Iterator[None]:
    """`check` proves with the table engine alone: half the time, where it is not the point that two engines agree."""
    with mock.patch.object(proofs, "DurableEngine", side_effect=EngineMissing("なし", "none")):
        yield


@pytest.fixture(scope="session")
def document() -> list[str]:
    """The document's lines; line 1 is `document[0]`."""
    return document_file().read_text("utf-8").removesuffix("\n").split("\n")


@pytest.fixture(scope="session")
def durable_server() -> Iterator[Server]:
    """A PostgreSQL server that keeps what it has acknowledged."""
    with private_server() as running:
        yield running


def pytest_configure(config: pytest.Config) -> None:
    ships = {"list": lists.load(data_folder()).data, "rules": (rules := load(rules_folder(), kept=False)).data}
    stale = kept("checked.json").get("seen") != approval.seen({**ships, "rulings": rules.rulings_data})
    if not hasattr(config, "workerinput") and (stale or kept_rules(rules.data) is None or not kept("catalog.json")):
        write_kept(data_folder())
        write()
        approval.write_kept()  # a list, rules, or code that reads them, were edited since `make setup`; tests begin as a command does after it
    config.addinivalue_line(
        "markers", "web: a browser, engines, servers under load (an environment of its own: tools/ci.sh web)"
    )
    config.addinivalue_line("markers", "spark: runs on Spark (an environment of its own: tools/test.sh)")
    config.addinivalue_line("markers", "soak: runs for minutes (`make soak`); its short form is in the suite")
    config.addinivalue_line("markers", "long: takes more than a fifth of a second (left out by `make quick`)")
    config.addinivalue_line(
        "markers", "slow: takes more than a few seconds (left out by `make test`; `make ci` runs them)"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A soak test takes minutes: it runs where it is asked for (`make soak`), whatever else `-m` leaves out."""
    if "soak" not in config.getoption("-m"):
        soak = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=soak)
        items[:] = [item for item in items if not item.get_closest_marker("soak")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which engine the suite ran with."""
    terminalreporter.write_line(f"engine under test: {'durable-rules and table' if HAS_DURABLE else 'table alone'}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skipped test is a failure, but where the environment is declared to lack a part."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker of xdist; its parent sees what it skipped
        return
    skipped = reporter.stats.get("skipped", [])
    if place := os.environ.get("ASSIGN_LEFT_OUT"):
        reasons = Counter(str(report.longrepr[2] if isinstance(report.longrepr, tuple) else "?") for report in skipped)
        lines = (f"  {number} tests: {reason.removeprefix('Skipped: ')}\n" for reason, number in reasons.items())
        Path(place).write_text("".join(lines), "utf-8")
    without = os.environ.get("ASSIGN_TEST_WITHOUT", "")
    if without == "root":  # tools/ordinary.sh: nothing else may be left out
        skipped = [report for report in skipped if "only root" not in str(report.longrepr)]
        without = ""
    if os.environ.get("CI") == "true" and skipped and not without and exitstatus == 0:
        reporter.write_line(f"CI: {len(skipped)} tests were skipped, and nothing may be left out", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
