"""The examples of connecting, each run for real: what is not settled never reaches the contractor's queue, whatever fails."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import URLError

import pytest

from assign import Desk

from .servers import missing

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
QUEUES = {"contractor": "contractor", "city_staff": "city_staff", "split": "both"}
Case = dict[str, str]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def serving(port: int) -> Iterator[str]:
    """`assign serve` on a port, until the end of the block."""
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", "assign", "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{url}/readyz", timeout=5).close()  # noqa: S310 - our own
                    break
                except URLError:
                    assert process.poll() is None
                    time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(60)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serving(free_port()) as url:
        yield url


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node example, its packages installed as its lock says."""
    if shutil.which("npm") is None:
        missing("npm")
    folder = tmp_path_factory.mktemp("node") / "bpmn-engine"
    shutil.copytree(EXAMPLES / "bpmn-engine", folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def generated(server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated client, from a real server's file; anything that the generator warns of is a fault of ours."""
    if not (ROOT / ".venv-tools/bin/openapi-python-client").exists():
        missing("openapi-python-client", "is not there (sh tools/env.sh .venv-tools locks/tools.txt tools)")
    folder = tmp_path_factory.mktemp("client")
    shutil.copy(EXAMPLES / "openapi-client/run.py", folder)
    tools = ROOT / ".venv-tools/bin"
    words = ["generate", "--url", f"{server}/openapi.json", "--meta", "none", "--output-path", "assign_client"]
    done = subprocess.run(
        [tools / "openapi-python-client", *words, "--fail-on-warning"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def shown(command: str, folder: Path, url: str, stdin: str | None = None) -> str:
    """What an example prints; `python` is the one with its packages."""
    python = ROOT / ".venv-tools/bin/python" if (folder / "assign_client").exists() else sys.executable
    words = [str(python) if word == "python" else word for word in command.split()]
    done = subprocess.run(
        words,
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "ASSIGN_URL": url},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def promised(name: str) -> list[tuple[str, str]]:
    """The commands of an example's README, each with what it says that they print."""
    text = (EXAMPLES / name / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```\n(\$ .*?)^```", text, re.MULTILINE | re.DOTALL)
    return [
        (command, said)
        for block in blocks
        for command, said in re.findall(r"^\$ (.+)\n((?:[^$].*\n)+)", block, re.MULTILINE)
    ]


def cases(desk: Desk) -> tuple[list[Case], list[str]]:
    """Every row on every channel, alone and with an act of each class; and the queue that each belongs in."""
    found, queues = [], []
    for task in desk.catalog.tasks:
        for channel in desk.catalog.manifest.channels:
            for act in (None, "receive", "decide", "complaint"):
                case = {"row": task.id, "channel": channel, **({"act": act} if act else {})}
                answer = desk.answers(**case, provenance=False)[0]
                found.append(case)
                queues.append(QUEUES[answer["assignee"]] if answer["certainty"] == "settled" else "question")
    return found, queues


def routed(printed: str) -> list[str]:
    return [json.loads(line)["queue"] for line in printed.splitlines()]


def test_every_picture_is_what_its_diagram_draws() -> None:
    """`make diagrams`."""
    diagram = module(ROOT / "tools/diagram.py")
    paths = sorted(EXAMPLES.glob("*/*.bpmn"))
    assert len(paths) == 4
    for path in paths:
        assert path.with_suffix(".svg").read_text("utf-8") == diagram.drawn(path), path
        assert f"]({path.stem}.svg)" in (path.parent / "README.md").read_text("utf-8")


def test_both_diagrams_ask_for_certainty_before_they_let_anybody_have_a_case() -> None:
    """Read in the diagrams themselves: each flow out of the gateway but the default wants `settled`."""
    for name in ("spiffworkflow", "bpmn-engine"):
        text = (EXAMPLES / name / "consigned_work.bpmn").read_text("utf-8")
        conditions = re.findall(r"<bpmn:conditionExpression.*?</bpmn:conditionExpression>", text)
        assert len(conditions) == 3
        assert all('"settled"' in each for each in conditions)
        assert 'default="to_question"' in text


def module(path: Path) -> ModuleType:
    """A program as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = found
    spec.loader.exec_module(found)
    return found


@pytest.mark.web
@pytest.mark.parametrize("name", ["spiffworkflow", "bpmn-engine", "temporal", "openapi-client"])
def test_an_example_prints_what_its_readme_shows(name: str, server: str, request: pytest.FixtureRequest) -> None:
    """A stranger who types the commands sees these very lines."""
    own = {"bpmn-engine": "node", "openapi-client": "generated"}.get(name)
    folder = request.getfixturevalue(own) if own else EXAMPLES / name
    commands = promised(name)
    assert commands
    for command, said in commands:
        assert shown(command, folder, server) == said, command


@pytest.mark.web
def test_spiffworkflow_routes_every_row_as_the_desk_decides(desk: Desk) -> None:
    asked, queues = cases(desk)
    assert {*queues} == {"contractor", "city_staff", "both", "question"}
    printed = shown("python run.py", EXAMPLES / "spiffworkflow", "", "\n".join(map(json.dumps, asked)))
    assert routed(printed) == queues


@pytest.mark.web
def test_bpmn_engine_routes_every_row_as_the_desk_decides(desk: Desk, server: str, node: Path) -> None:
    """Of eight cases of a row one or two, of every channel and act: the engine reads the diagram anew for each (40 ms)."""
    asked, queues = cases(desk)
    asked, queues = asked[::7], queues[::7]
    assert {*queues} == {"contractor", "city_staff", "both", "question"}
    assert {case["row"] for case in asked} == {task.id for task in desk.catalog.tasks}
    assert routed(shown("node run.mjs", node, server, "\n".join(map(json.dumps, asked)))) == queues


@pytest.mark.web
@pytest.mark.parametrize("folder", ["spiffworkflow", "node"])
def test_what_cannot_be_answered_is_to_be_asked_about(folder: str, server: str, request: pytest.FixtureRequest) -> None:
    """A row, a channel, an act that is not there, and fields that nobody knows."""
    wrong = [
        {"row": "nope", "channel": "counter"},
        {"row": "nenkin-24", "channel": "nope"},
        {"row": "nenkin-24", "channel": "counter", "act": "nope"},
        {"row": "", "channel": ""},
    ]
    name = request.getfixturevalue("node") if folder == "node" else EXAMPLES / folder
    command = "node run.mjs" if folder == "node" else "python run.py"
    assert routed(shown(command, name, server, "\n".join(map(json.dumps, wrong)))) == ["question"] * len(wrong)


@pytest.mark.web
def test_without_a_server_a_case_is_to_be_asked_about(node: Path) -> None:
    """Also for the row that the contractor has."""
    printed = shown("node run.mjs nenkin-1 counter", node, f"http://127.0.0.1:{free_port()}")
    assert routed(printed) == ["question"]
    assert "ECONNREFUSED" in printed


@pytest.mark.web
def test_the_generated_client_has_names_and_types(generated: Path, server: str) -> None:
    """`decide.sync`, a `Problem`, what a request may hold: what a programmer types, not what a framework made up."""
    code = (
        "import inspect, sys\n"
        "from assign_client import Client\n"
        "from assign_client.api.decisions import decide, decide_batch\n"
        "from assign_client.api.list_ import acts, catalog, kinds, task, tasks\n"
        "from assign_client.api.search import plan, search\n"
        "from assign_client.models import AskedByRow, Decision, Problem, Row\n"
        "client = Client(base_url=sys.argv[1])\n"
        "both = decide.sync(client=client, body=AskedByRow.from_dict({'row': 'nenkin-24'}))\n"
        "assert [each.channel for each in both] == ['counter', 'backyard']\n"
        "assert all(isinstance(each, Decision) for each in both)\n"
        "refused = decide.sync(client=client, body=AskedByRow.from_dict({'row': 'nope'}))\n"
        "assert isinstance(refused, Problem) and refused.candidates, refused\n"
        "assert 'idempotency_key' not in inspect.signature(decide.sync).parameters  # this server keeps no log\n"
        "assert len(tasks.sync(client=client)) == 215 and isinstance(task.sync('nenkin-24', client=client), Row)\n"
        "assert [each.id for each in search.sync(client=client, text='葬祭', limit=1)] == ['kokuho-25']\n"
    )
    done = subprocess.run(
        [ROOT / ".venv-tools/bin/python", "-c", code, server],
        cwd=generated,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.web
def test_temporal_loses_no_case_while_the_desk_is_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases come while no server runs; it starts, and each is where the desk says. What is not settled is asked again after the answer."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "temporal"))
    asked, queues = cases(desk)
    chosen = {queue: asked[queues.index(queue)] for queue in {*queues}}
    port = free_port()
    monkeypatch.setenv("ASSIGN_URL", f"http://127.0.0.1:{port}")
    asyncio.run(asyncio.wait_for(_away(chosen, port), 240))


async def _away(chosen: dict[str, Case], port: int) -> None:
    program: Any = module(EXAMPLES / "temporal/run.py")
    work: Any = program.Routed
    async with await program.server() as environment:
        client = environment.client
        with ThreadPoolExecutor(4) as threads:
            async with program.worker(client, threads):
                started = {
                    queue: await client.start_workflow(
                        work.run, program.Case(**case), id=queue, task_queue=program.QUEUE
                    )
                    for queue, case in chosen.items()
                }
                await asyncio.sleep(2)  # at least one try of each has failed
                assert [await handle.query(work.where) for handle in started.values()] == [None] * len(started)
                with serving(port):
                    for queue, handle in started.items():
                        assert (await handle.execute_update(work.asked)).queue == queue
                    tries = [await _asked(handle) for handle in started.values()]
                    assert all(number == 1 for number in tries)  # retries are one activity
                    await started["question"].signal(work.answered)
                    while await _asked(started["question"]) < 2:  # noqa: ASYNC110 - in another process
                        await asyncio.sleep(0.1)
                    assert (await started["question"].query(work.where)).queue == "question"
                    for queue in {*started} - {"question"}:
                        await started[queue].signal(work.done)
                        assert await started[queue].result() == queue
                    await started["question"].terminate("the test ends")


async def _asked(handle: Any) -> int:
    """How often a workflow has asked the desk and got an answer."""
    history = await handle.fetch_history()
    return sum(event.HasField("activity_task_completed_event_attributes") for event in history.events)
