"""
The API against its own OpenAPI file, request by request and in chains, as schemathesis makes them up; and 2,000 answers against the
command line's bytes.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from starlette.testclient import TestClient

from assign import Desk
from assign.web import keys
from assign.web.app import application
from assign.web.settings import Settings

from .command_line import inside
from .servers import missing

pytestmark = pytest.mark.web
FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
# Whether a word is one of the list's, and which words go together, no schema says: a request of the right form may be refused for that.
REFUSED = ["2xx", 400, 403, 404, 409, 422]
OPERATIONS = 16


def schema_of(app: Any) -> Any:
    try:
        import schemathesis
    except ImportError:  # an environment of its own: tools/ci.sh web
        missing("schemathesis")
    config = schemathesis.Config.from_dict({"checks": {"positive_data_acceptance": {"expected-statuses": REFUSED}}})
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=config)


@pytest.fixture(params=["open", "with keys and a log"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, dict[str, str]]:
    """An application, and what lets one in who may see everything."""
    if request.param == "open":
        return application(Settings(log_requests=False)), {}
    file = tmp_path / "keys"
    key = keys.new(str(file), "city_manager")
    url = f"sqlite:///{tmp_path}/log.db"
    return application(Settings(log_requests=False, keys=str(file), audit=url)), {"authorization": f"Bearer {key}"}


def test_every_operation_keeps_to_the_openapi_file(served: tuple[Any, dict[str, str]]) -> None:
    from hypothesis import given

    app, headers = served
    schema, tried = schema_of(app), 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @FEW
        @given(case=operation.as_strategy())
        def keeps(case: Any) -> None:
            case.call_and_validate(headers=headers)

        keeps()
        tried += 1
    assert tried == OPERATIONS


def test_chains_of_operations_keep_to_it_too(served: tuple[Any, dict[str, str]]) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    app, headers = served
    schema = schema_of(app)
    assert schema.statistic.transitions.total >= 6

    class Chains(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, _case: Any) -> dict[str, Any]:
            return {"headers": headers}

    run_state_machine_as_test(Chains, settings=settings(FEW, max_examples=25, stateful_step_count=8))


def test_2000_answers_are_the_bytes_of_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk.open()
    monkeypatch.setattr("assign.cli.open_desk", lambda *_args: desk)  # or each command would read the list anew
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
