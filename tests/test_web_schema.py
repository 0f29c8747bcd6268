"""
The API against its own OpenAPI file, as schemathesis makes requests up, over a real server: what the file calls valid is answered with 2xx,
what it does not is refused, in chains too; and 2,000 answers against the command line's bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.web import keys
from assign.web.app import application
from assign.web.settings import Settings
from assign.web.vocabulary import RANDOM_ID

from .command_line import inside, run
from .servers import missing
from .web_servers import serving

pytestmark = pytest.mark.web


class Known(NamedTuple):
    """What a request of the right form may be refused for, or one of the wrong form not be: why no schema says it, and when it is so."""

    why: str
    holds: Callable[[Any, Any], bool]  # the request (a schemathesis case) and the body of its answer


def several_words(case: Any, _answer: Any) -> bool:
    """A plan is of rows, or of an event, or of a division's item; of nothing else, and of no two."""
    asked = {name for name in ("row", "event", "division", "item") if (case.query or {}).get(name) not in (None, [])}
    return asked not in ({"row"}, {"event"}) and asked != {"division", "item"}


def odd_key(case: Any) -> bool:
    """A key for more than one record, or one that is none by the pattern."""
    key = (case.headers or {}).get("Idempotency-Key")
    return key is not None and (case.body.get("channel") is None or re.fullmatch(RANDOM_ID["pattern"], key) is None)


def keyed(case: Any, _answer: Any) -> bool:
    """With a record's key."""
    return "Idempotency-Key" in (case.headers or {})


def in_its_place(case: Any, answer: Any) -> bool:
    """As many answers as requests, and an error among them."""
    return (
        isinstance(case.body, list)
        and len(answer) == len(case.body)
        and any("error" in each for each in answer if isinstance(each, dict))
    )


KEYED: Final = ("/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/subject")
# By operation, check and the problem's code. Whatever else is refused or let in is a fault.
EXCEPTIONS: Final = {
    ("GET /v1/plan", "valid refused", "bad_request"): Known(
        "OpenAPI cannot say which parameters go together (the description does)", several_words
    ),
    ("GET /v1/plan", "valid refused", "unknown_item"): Known(
        "nor which number stands in which division", lambda case, _: "item" in case.query
    ),
    ("POST /v1/decisions", "valid refused", "unknown_section"): Known(
        "which heading stands over which number would be a schema for each number",
        lambda case, _: case.body.get("section") is not None,
    ),
    ("POST /v1/decisions", "valid refused", "ambiguous_item"): Known(
        "a number that stands on several rows is a fine question; where they do not agree the answer is to choose",
        lambda case, answer: "item" in case.body and len(answer["candidates"]) > 1,
    ),
    ("POST /v1/decisions", "valid refused", "bad_request"): Known(
        "a key is of one record, so that it needs a channel: a header and a body know nothing of each other; which records are decisions"
        " changes with each answer; and schemathesis takes `0` for a valid key where it has no example of its pattern",
        lambda case, _: case.body.get("corrects") is not None or odd_key(case),
    ),
    ("POST /v1/decisions", "valid refused", "unknown_record"): Known(
        "which records there are changes with each answer", lambda case, _: case.body.get("corrects") is not None
    ),
    **dict.fromkeys(
        [(f"POST {path}", "valid refused", "key_reused") for path in ("/v1/decisions", *KEYED)],
        Known("which keys were used changes with each answer", keyed),
    ),
    **dict.fromkeys(
        [(f"POST {path}", "valid refused", "bad_request") for path in KEYED],
        Known("schemathesis takes `0` for a valid key; and a key is of one evaluation: see above", keyed),
    ),
    ("POST /v1/decisions/batch", "invalid let in", ""): Known(
        "a request among many that is none has its error in its place, and the others their answers", in_its_place
    ),
    **dict.fromkeys(
        [(f"GET /v1/decisions/{{seq}}{proof}", "valid refused", "unknown_record") for proof in ("", "/proof")],
        Known("which records there are changes with each answer", lambda _case, _answer: True),
    ),
    **dict.fromkeys(
        [(f"GET /v1/decisions/{{seq}}{proof}", "valid refused", "bad_parameter") for proof in ("", "/proof")],
        Known(
            "without a channel `Assign-Record` names one record for each, and a link cannot take the first of them",
            lambda case, _: ", " in unquote(str(case.path_parameters["seq"])),
        ),
    ),
    ("GET /v1/decisions/{seq}/proof", "valid refused", "not_signed"): Known(
        "who signs a checkpoint, and when, is the city's", lambda _case, _answer: True
    ),
    **dict.fromkeys(
        [
            (f"POST /access/v1/search/{what}", "valid refused", "bad_token")
            for what in ("subject", "resource", "action")
        ],
        Known("a token is of one search, as AuthZEN has it", lambda case, _: bool(case.body["page"]["token"])),
    ),
}
CHECKS: Final = {"positive_data_acceptance": "valid refused", "negative_data_rejection": "invalid let in"}


def schema_of(url: str, key: str | None, examples: int, phases: tuple[str, ...]) -> Any:
    try:
        import schemathesis
    except ImportError:  # an environment of its own: tools/ci.sh web
        missing("schemathesis")
    config = schemathesis.Config.from_dict(
        {
            "base-url": url,
            "workers": 1,
            "continue-on-failure": True,  # all of them, not the first of each operation
            "headers": {"Authorization": f"Bearer {key}"} if key else {},
            "generation": {
                "mode": "all",
                "deterministic": True,
                "max-examples": examples,
                "no-shrink": True,
                "database": "none",
            },
            "phases": {each: {"enabled": each.upper() in phases} for each in ("coverage", "stateful")},
            "checks": {
                "enabled": True,
                "positive_data_acceptance": {"expected-statuses": ["2xx"]},
                "negative_data_rejection": {"expected-statuses": ["4xx"]},
                "not_a_server_error": {"expected-statuses": ["2xx", "4xx"]},
            },
        }
    )
    return schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)


class Tried(NamedTuple):
    """What became of all requests: faults, the exceptions that were met, how many requests there were and how many had an answer."""

    faults: list[str]
    met: set[tuple[str, str, str]]
    requests: int
    accepted: int
    phases: dict[str, str]
    operations: int
    links: int


def tried(schema: Any) -> Tried:
    """Every phase of schemathesis with every check of it: the examples, the edges, made-up requests, chains."""
    from schemathesis.engine import events, from_schema

    found = Tried([], set(), 0, 0, {}, schema.statistic.operations.total, schema.statistic.transitions.total)
    met = found.met

    def filter_failure(_context: Any, failure: Any, case: Any, response: Any) -> bool:
        check = next((CHECKS[each] for each in failure.checks if each in CHECKS), None)
        if check is None:
            return True
        answer = json.loads(response.content)
        name = (case.operation.label, check, answer["code"] if check == "valid refused" else "")
        known = EXCEPTIONS.get(name)
        if known is None or not known.holds(case, answer):
            return True
        met.add(name)
        return False

    schema.hook(filter_failure)
    requests = accepted = 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            requests += len(event.recorder.cases)
            accepted += sum(
                each.response is not None and each.response.status_code == 200
                for each in event.recorder.interactions.values()
            )
            for checks in event.recorder.checks.values():
                found.faults.extend(
                    f"{event.recorder.label}: {each.name}: {each.failure_info.failure.message}\n{each.failure_info.code_sample}"
                    for each in checks
                    if each.failure_info is not None
                )
        elif isinstance(event, events.PhaseFinished):
            found.phases[event.phase.name.name] = event.status.name
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.faults.append(repr(event))
    return found._replace(requests=requests, accepted=accepted)


@contextmanager
def server_of(kind: str, folder: Path) -> Iterator[tuple[str, str | None]]:
    """A server of this kind, and the key of one who may see everything."""
    words: list[str] = []
    key = None
    if kind == "with keys and a log":
        key = keys.new(str(folder / "keys"), "city_manager")
        words = ["--keys", str(folder / "keys"), "--audit", f"sqlite:///{folder}/log.db"]
    elif kind == "of another list":
        assert run("init", str(folder / "city")).returncode == 0
        words = ["--list", str(folder / "city")]
    with serving(folder, *words) as served:
        yield f"http://127.0.0.1:{served.port}", key


class Kind(NamedTuple):
    """A server of a kind: its operations, made-up requests for each, and exceptions that are none unless they are met."""

    operations: int
    examples: int
    met: frozenset[str]
    phases: tuple[str, ...]


PHASES: Final = ("EXAMPLES", "FUZZING", "COVERAGE", "STATEFUL")
KINDS: Final = {
    "open": Kind(14, 12, frozenset({"ambiguous_item", "unknown_section"}), PHASES),
    "with keys and a log": Kind(15, 10, frozenset({"not_signed"}), PHASES),
    "of another list": Kind(14, 10, frozenset(), PHASES[:2]),  # its words are others, the edges of them are the same
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_keeps_to_its_openapi_file_in_chains_too(tmp_path: Path, kind: str) -> None:
    """What its file calls valid has an answer, what it does not is refused, and every answer is of the form that it says."""
    operations, examples, met, phases = KINDS[kind]
    with server_of(kind, tmp_path) as (url, key):
        found = tried(schema_of(url, key, examples, phases))
    assert found.faults == [], "\n\n".join(found.faults[:10])
    passed = {name.removesuffix("_TESTING") for name, status in found.phases.items() if status == "SUCCESS"}
    assert set(phases) <= passed
    assert found.operations == operations
    assert found.links >= 4
    assert met <= {code for _, _, code in found.met}
    assert found.accepted > 5 * operations  # or hardly anything was tried


def test_2000_answers_are_the_bytes_of_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk.open()
    monkeypatch.setattr(
        "assign.cli.open_desk", lambda *_args, **_named: desk
    )  # or each command would read the list anew
    api = TestClient(application(Settings(log_requests=False)))
    chosen = Random(13)
    rows = [task.id for task in desk.catalog.tasks]
    acts = [None, *desk.rules.acts]
    codes: set[int] = set()
    for number in range(2000):
        task = desk.catalog.by_id[chosen.choice(rows)]
        asked: dict[str, str | None] = (
            {"row": task.id}
            if number % 2
            else {"division": task.division, "item": chosen.choice((task.item, "99", "1"))}
        )
        asked["channel"] = chosen.choice((*desk.catalog.manifest.channels, "窓口", None))
        asked["act"] = chosen.choice((None, *acts))
        asked["on"] = chosen.choice((None, "2026-04-01", "令和8年10月1日"))
        done = api.post("/v1/decisions", json=asked)
        words = [word for name, value in asked.items() if value is not None for word in (f"--{name}", value)]
        code, out, err = inside(capsys, "decide", *words, "--json")
        codes.add(code)
        if code == 0:
            assert (done.status_code, done.text) == (200, out), asked
        else:
            assert (out, done.json()["code"] in err, done.json()["detail"] in err) == ("", True, True), (asked, err)
    assert codes == {0, 3, 4}
