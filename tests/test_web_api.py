"""The HTTP API: the bytes of the command line, problems that say what to do, and nothing that a hostile body can break."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.errors import DataError, UnknownWord
from assign.web import keys as api_keys
from assign.web import strict
from assign.web.app import inner
from assign.web.direct import Direct
from assign.web.guard import CSP, Guard
from assign.web.keys import ROLES, Power
from assign.web.measures import Measures
from assign.web.settings import Settings

from .command_line import run

ASKED = {"division": "nenkin", "item": "24", "channel": "counter"}
JSON = {"content-type": "application/json"}


def client(desk: Desk, known: api_keys.Keys | None = None, seconds: float = 10) -> TestClient:
    app = inner(desk, Settings(), known or api_keys.Keys(None), Measures())
    return TestClient(Guard(Direct(app), seconds), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk.open()


@pytest.fixture(scope="module")
def api(desk: Desk) -> TestClient:
    return client(desk)


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[TestClient]:
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        yield client(desk)


# -- the same bytes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        ASKED,
        {"division": "kokuho", "item": "25"},
        {"row": "kokuho-25", "channel": "窓口", "act": "receive"},
        {"division": "国民年金", "item": "２４", "channel": "backyard", "act": "decide", "on": "令和8年4月1日"},
    ],
)
def test_a_decision_is_the_bytes_of_the_command_line(api: TestClient, asked: dict[str, str]) -> None:
    words = [word for name, value in asked.items() for word in (f"--{name}", value)]
    assert api.post("/v1/decisions", json=asked).text == run("decide", *words, "--json").stdout


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("tasks", ["tasks"]),
        ("tasks?division=nenkin", ["tasks", "--division", "nenkin"]),
        ("acts", ["acts"]),
        ("kinds", ["kinds"]),
        ("plan?row=kokuho-25", ["plan", "--row", "kokuho-25"]),
        ("plan?event=death&on=2026-10-01", ["plan", "--event", "death", "--on", "2026-10-01"]),
        ("search?text=葬祭", ["search", "葬祭"]),
        (
            "search?text=口振&division=nenkin&channel=counter&limit=3",
            ["search", "口振", "-d", "nenkin", "-c", "counter", "-n", "3"],
        ),
    ],
)
def test_a_list_is_the_bytes_of_the_command_line(api: TestClient, path: str, words: list[str]) -> None:
    assert api.get(f"/v1/{path}").text == run(*words, "--json").stdout


@pytest.mark.parametrize(
    "body",
    [
        b'{"division": "nenkin", "item": "24", "channel": "counter"}',
        b'{"division": "nenkin", "item": "99"}',
        b'{"row": "kokuho-25", "act": "receive", "on": "2026-04-01"}',
        b"{",
        b'{"a": 1}',
        b'{"item": [1]}',
    ],
)
@pytest.mark.parametrize(
    "headers", [JSON, {**JSON, "accept-language": "en"}, {}, {**JSON, "accept": "application/cloudevents+json"}]
)
def test_the_short_way_and_the_framework_answer_the_same(desk: Desk, body: bytes, headers: dict[str, str]) -> None:
    """The most frequent request does not pass through the framework; nobody can tell."""
    app = inner(desk, Settings(), api_keys.Keys(None), Measures())
    short, whole = (TestClient(each, raise_server_exceptions=False) for each in (Direct(app), app))
    for method in ("POST", "GET", "PUT"):
        a, b = (each.request(method, "/v1/decisions", content=body, headers=headers) for each in (short, whole))
        assert (a.status_code, a.content, dict(a.headers)) == (b.status_code, b.content, dict(b.headers))


def test_a_batch_gives_each_its_answer_or_its_error_in_order(api: TestClient) -> None:
    found = api.post("/v1/decisions/batch", json=[ASKED, {"division": "nenkin", "item": "99"}, 7, ASKED]).json()
    assert found[0] == found[3] == api.post("/v1/decisions", json=ASKED).json()
    assert found[1]["error"]["code"] == "unknown_item"
    assert found[2]["error"]["code"] == "bad_request"


# -- editions ----------------------------------------------------------------------------------------------------------


def test_what_the_edition_decides_is_304_for_whoever_has_it(api: TestClient) -> None:
    for path in ("/v1/tasks", "/v1/acts", "/v1/kinds", "/v1/catalog", "/v1/tasks/kokuho-25"):
        first = api.get(path)
        again = api.get(path, headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


# -- problems ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "code", "candidate"),
    [
        ({"division": "nenkin", "item": "99"}, 422, "unknown_item", "9"),
        ({"division": "nenkn", "item": "24"}, 422, "unknown_division", "nenkin"),
        ({"division": "kouki", "item": "51", "channel": "counter"}, 409, "ambiguous_item", "51-1"),
        ({"divison": "nenkin"}, 400, "bad_request", "division"),
        ({**ASKED, "on": "きのう"}, 400, "bad_date", None),
        ({**ASKED, "case": str(uuid4())}, 400, "no_log", None),
    ],
)
def test_a_problem_has_its_type_and_the_nearest_choices(
    api: TestClient, asked: dict[str, str], status: int, code: str, candidate: str | None
) -> None:
    done = api.post("/v1/decisions", json=asked)
    problem = done.json()
    assert (done.status_code, done.headers["content-type"]) == (status, "application/problem+json")
    assert (problem["type"], problem["code"], problem["status"]) == (f"urn:assign:problem:{code}", code, status)
    assert candidate is None or candidate in problem["candidates"]
    english = api.post("/v1/decisions", json=asked, headers={"accept-language": "en"}).json()
    assert english["detail"].isascii() or "`" in english["detail"]
    assert english["detail"] != problem["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"division":"nenkin","division":"kokuho"}', 400),
        (b'{"division":"\\ud800"}', 400),
        (b'{"\\udfff":1}', 400),
        (b'{"item":NaN}', 400),
        (b'{"item":Infinity}', 400),
        (b'{"item":1e999}', 400),
        (b'{"item":' + b"9" * 5000 + b"}", 400),
        (b'{"item":-' + b"9" * 5000 + b"}", 400),
        (b"[" * 30_000, 400),
        (b'{"a":' * 10_000, 400),
        (b'{"division":"\xff"}', 400),
        (b"\xef\xbb\xbf{}", 400),
        (b'{"item":[1]}', 400),
        (b'{"item":{"a":1}}', 400),
        (b'{"item":true,"division":"nenkin"}', 422),
        (b"null", 400),
        (b'"x"', 400),
        (b'{"division":"' + b"a" * 70_000 + b'"}', 413),
    ],
)
def test_a_hostile_body_is_refused_as_the_clients_fault(api: TestClient, body: bytes, status: int) -> None:
    done = api.post("/v1/decisions", content=body, headers=JSON)
    assert (done.status_code, done.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/json; charset=shift_jis", ""])
def test_another_content_type_is_415(api: TestClient, kind: str) -> None:
    assert api.post("/v1/decisions", content=b"{}", headers={"content-type": kind}).status_code == 415


def test_100_000_brackets_of_a_batch_are_refused(api: TestClient) -> None:
    assert api.post("/v1/decisions/batch", content=b"[" * 100_000, headers=JSON).status_code == 400


def test_brackets_in_a_text_are_no_nesting() -> None:
    assert strict.parsed(b'{"a":"' + b"[" * 100 + b'\\"]"}', "application/json") == {"a": "[" * 100 + '"]'}


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v2", 404), ("GET", "/v1/decisions", 405), ("GET", "/v1/search", 422)]
)
def test_an_address_that_is_none_is_a_problem_too(api: TestClient, method: str, path: str, status: int) -> None:
    done = api.request(method, path)
    assert (done.status_code, done.headers["content-type"]) == (status, "application/problem+json")


def test_every_answer_has_the_strict_headers(api: TestClient) -> None:
    for path in ("/v1/acts", "/healthz", "/nowhere", "/metrics"):
        assert api.get(path).headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert CSP.startswith("default-src 'none'")


def test_metrics_count_addresses_and_never_what_was_asked() -> None:
    measures = Measures()
    measures.served("GET", "/v1/tasks/{row}", 200, 0.001)
    assert 'route="/v1/tasks/{row}"' in measures.text().decode()


# -- keys and roles ----------------------------------------------------------------------------------------------------

ENDPOINTS = {
    ("POST", "/v1/decisions"): Power.ASK,
    ("POST", "/v1/decisions/batch"): Power.ASK,
    ("GET", "/v1/tasks"): Power.ASK,
    ("GET", "/v1/tasks/kokuho-25"): Power.ASK,
    ("GET", "/v1/search?text=x"): Power.ASK,
    ("GET", "/v1/acts"): Power.ASK,
    ("GET", "/v1/kinds"): Power.ASK,
    ("GET", "/v1/catalog"): Power.ASK,
    ("GET", "/v1/plan?row=kokuho-25"): Power.ASK,
    ("POST", "/access/v1/evaluation"): Power.ASK,
    ("POST", "/access/v1/evaluations"): Power.ASK,
    ("POST", "/access/v1/search/subject"): Power.ASK,
    ("POST", "/access/v1/search/resource"): Power.ASK,
    ("POST", "/access/v1/search/action"): Power.ASK,
    ("GET", "/v1/decisions/0"): Power.READ_LOG,
    ("GET", "/v1/decisions/0/proof"): Power.READ_LOG,
    ("GET", "/metrics"): Power.MEASURE,
}


def test_every_endpoint_lets_in_the_roles_that_may_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    words = {role: api_keys.new(str(file), role) for role in ROLES}
    guarded = client(Desk.open(), api_keys.load(str(file)))
    for ((method, path), power), (role, key) in product(ENDPOINTS.items(), words.items()):
        done = guarded.request(
            method,
            path,
            headers={"authorization": f"Bearer {key}", **JSON},
            content=b"{}" if method == "POST" else None,
        )
        assert (done.status_code == 403) is (power not in ROLES[role]), (path, role, done.status_code)
    for method, path in ENDPOINTS:
        assert guarded.request(method, path, headers={"x-api-key": "assign_guess"}).status_code == 401
        assert guarded.request(method, path).status_code == 401
    assert guarded.get("/healthz").status_code == 200


def test_a_file_of_keys_holds_no_key_and_a_wrong_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    key = api_keys.new(str(file), "auditor")
    assert key not in file.read_text()
    file.write_text(file.read_text() + '{"sha256": "x", "role": "auditor"}\n')
    with pytest.raises(DataError, match="line 2"):
        api_keys.load(str(file))
    with pytest.raises(UnknownWord, match="auditor"):
        api_keys.new(str(file), "auditr")


def test_without_keys_nobody_reads_a_log(logged: TestClient) -> None:
    assert logged.get("/v1/decisions/0").status_code == 403


# -- the log -----------------------------------------------------------------------------------------------------------


def test_an_answer_is_recorded_first_and_its_key_gives_it_again(logged: TestClient) -> None:
    key = {"idempotency-key": str(uuid4())}
    first = logged.post("/v1/decisions", json=ASKED, headers=key)
    again = logged.post("/v1/decisions", json=ASKED, headers=key)
    assert (first.status_code, first.content) == (200, again.content)
    assert first.headers["assign-record"] == again.headers["assign-record"]
    other = logged.post("/v1/decisions", json={**ASKED, "item": "23"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_the_role_of_the_key_is_what_the_record_keeps(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    counter, auditor = (api_keys.new(str(file), role) for role in ("counter", "auditor"))
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        api = client(desk, api_keys.load(str(file)))
        done = api.post("/v1/decisions", json=ASKED, headers={"x-api-key": counter})
        seq = done.headers["assign-record"]
        record = api.get(f"/v1/decisions/{seq}", headers={"x-api-key": auditor}).json()
        assert record["record"]["role"] == "contractor_clerk"
        assert record["answer"]["assignee"] == done.json()["assignee"]
        assert api.get("/v1/decisions/999", headers={"x-api-key": auditor}).status_code == 404
        assert api.get(f"/v1/decisions/{seq}/proof", headers={"x-api-key": auditor}).status_code == 409


def test_without_a_durable_record_there_is_no_answer(logged: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from assign.log.errors import not_recorded
    from assign.log.log import Log

    def fails(*_args: object, **_names: object) -> None:
        raise not_recorded("disk full")

    monkeypatch.setattr(Log, "append", fails)
    done = logged.post("/v1/decisions", json=ASKED)
    assert (done.status_code, done.headers["retry-after"]) == (503, "5")
    assert "assignee" not in done.text


# -- the OpenAPI file --------------------------------------------------------------------------------------------------


def test_every_operation_is_described_with_its_problems_and_a_real_example(api: TestClient) -> None:
    openapi = api.get("/openapi.json").json()
    assert openapi["openapi"].startswith("3.1")
    for path, methods in openapi["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            assert len(operation["responses"]) > 1 or path in ("/v1/acts", "/v1/kinds", "/v1/catalog"), path
    decide = openapi["paths"]["/v1/decisions"]["post"]
    asked = {
        name: each["value"] for name, each in decide["requestBody"]["content"]["application/json"]["examples"].items()
    }
    answer = decide["responses"]["200"]["content"]["application/json"]["example"]
    assert answer == api.post("/v1/decisions", json=asked["a row"]).json()
    assert api.post("/v1/decisions", json=asked["one act"]).json()["act"]


def test_the_openapi_file_says_how_a_key_is_sent_and_which_roles_an_operation_lets_in(tmp_path: Path) -> None:
    """Each scheme of it opens each operation for the roles that it names, and for no other."""
    file = tmp_path / "keys"
    words = {role: api_keys.new(str(file), role) for role in ROLES}
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        guarded = client(desk, api_keys.load(str(file)))
        openapi = guarded.get("/openapi.json").json()
        schemes = openapi["components"]["securitySchemes"]
        assert set(schemes) == {"bearer", "header"}
        assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")
        sent = {
            "bearer": lambda key: {"authorization": f"Bearer {key}"},
            "header": lambda key: {schemes["header"]["name"]: key},
        }
        for path, methods in openapi["paths"].items():
            for method, operation in methods.items():
                assert operation["security"] == [{"bearer": []}, {"header": []}]
                assert {"401", "403"} <= set(operation["responses"])
                said = operation["description"].rpartition("roles that may: ")[2]
                for (role, key), way in product(words.items(), sent.values()):
                    address = path.replace("{seq}", "0").replace("{row}", "kokuho-25")
                    done = guarded.request(method, address, headers={**way(key), **JSON}, content=b"{}")
                    assert (done.status_code == 403) is (f"`{role}`" not in said), (path, role)
                    assert done.status_code != 401


def test_the_openapi_file_of_a_server_without_keys_says_nothing_of_them(api: TestClient) -> None:
    openapi = api.get("/openapi.json").json()
    assert "securitySchemes" not in openapi["components"]
    for methods in openapi["paths"].values():
        for operation in methods.values():
            assert "security" not in operation
            assert not {"401", "403"} & set(operation["responses"])


def test_the_openapi_file_has_what_this_server_answers_and_says_what_it_has_not(
    api: TestClient, logged: TestClient, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    key = {"x-api-key": api_keys.new(str(file), "city_manager")}
    with Desk.open(audit=f"sqlite:///{tmp_path}/own.db") as desk:
        whole = client(desk, api_keys.load(str(file)))
        found = [each.get("/openapi.json").json() for each in (api, logged, whole)]
        assert whole.get("/v1/decisions/0", headers=key).status_code == 200
    for openapi, batch, seqs in zip(found, (True, False, False), (False, False, True), strict=True):
        assert ("/v1/decisions/batch" in openapi["paths"]) is batch
        assert ("/v1/decisions/{seq}" in openapi["paths"]) is seqs
        for path in ("v1/decisions", "access/v1/evaluation", "access/v1/evaluations", "access/v1/search/subject"):
            sent = openapi["paths"][f"/{path}"]["post"].get("parameters", [])
            assert [each["name"] for each in sent] == ([] if batch else ["Idempotency-Key"])
        assert ("case" in openapi["components"]["schemas"]["AskedByRow"]["properties"]) is not batch
        assert "このサーバー" in openapi["info"]["description"]
    assert logged.post("/v1/decisions/batch", json=[ASKED]).status_code == 409


def test_every_word_of_the_list_in_the_openapi_file_is_answered(api: TestClient, desk: Desk) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["DivisionKey"]["enum"] == list(desk.catalog.manifest.divisions)
    assert schemas["ChannelKey"]["enum"] == list(desk.catalog.manifest.channels)
    assert schemas["ActKey"]["enum"] == list(desk.rules.acts)
    assert schemas["EventKey"]["enum"] == [event.key for event in desk.events()]
    for task in desk.catalog.tasks:
        assert re.search(schemas["RowId"]["pattern"], task.id)
        item = schemas[f"AskedIn{task.division.title()}"]["properties"]["item"]["anyOf"][0]["pattern"]
        assert re.search(item, task.item)
        assert re.search(item, task.number)
    assert not re.search(schemas["RowId"]["pattern"], "kokuho-999")
    for event in schemas["EventKey"]["enum"]:
        assert api.get("/v1/plan", params={"event": event}).status_code == 200


def test_the_openapi_file_of_another_list_has_examples_of_its_own(tmp_path: Path) -> None:
    run("init", str(tmp_path / "city"))
    other = client(Desk.open(list=tmp_path / "city"))
    openapi = other.get("/openapi.json").json()
    examples = openapi["paths"]["/v1/decisions"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        assert other.post("/v1/decisions", json=example["value"]).status_code == 200
    assert "<" not in json.dumps([example["value"] for example in examples.values()])


def test_decide_imports_nothing_of_the_web() -> None:
    code = (
        "import sys; from assign.__main__ import main; sys.argv = ['assign', 'decide', '--division', 'nenkin', '--item', '24'];"
        "\ntry: main()\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m.partition('.')[0] in ('fastapi', 'starlette', 'granian', 'jinja2') or m.startswith('assign.web')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_address_that_others_reach_needs_keys() -> None:
    done = run("serve", "--host", "192.0.2.1")
    assert done.returncode == 2
    assert "--keys" in done.stderr


def test_json_is_written_as_the_command_line_writes_it(api: TestClient) -> None:
    assert json.loads(api.get("/v1/catalog").text)["rows"] == 215
