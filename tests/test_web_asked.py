"""Nothing that was asked is passed over in silence: words of an address, headers, bodies that are not what they say, HEAD, and keys used twice."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.errors import DataError
from assign.web import keys as api_keys
from assign.web.app import inner
from assign.web.direct import Direct
from assign.web.guard import Guard
from assign.web.head import Head
from assign.web.measures import Measures
from assign.web.settings import Settings

from .command_line import inside

ASKED = {"division": "nenkin", "item": "24", "channel": "counter"}
JSON = {"content-type": "application/json"}
MAY = {
    "subject": {"type": "assignee", "id": "city_staff"},
    "resource": {"type": "row", "id": "nenkin-24", "properties": {"channel": "counter"}},
    "action": {"name": "handle"},
}


def client(desk: Desk, settings: Settings | None = None) -> TestClient:
    app = inner(desk, settings or Settings(), api_keys.Keys(None), Measures())
    return TestClient(Head(Guard(Direct(app), 10)), raise_server_exceptions=False, follow_redirects=False)


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


def problem(done: Any) -> tuple[int, str]:
    """Status and code of an answer that is a problem document."""
    assert done.headers["content-type"] == "application/problem+json", done.text[:200]
    return done.status_code, done.json()["code"]


# -- the words of an address -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/v1/tasks?divison=nenkin", "division"),
        ("/v1/tasks/nenkin-24?act=decide", None),
        ("/v1/search?text=x&chanel=counter", "channel"),
        ("/v1/plan?row=nenkin-24&act=decide", None),
        ("/v1/acts?row=nenkin-24", None),
        ("/v1/kinds?x", None),
        ("/v1/catalog?=", None),
    ],
)
def test_a_word_that_an_address_does_not_take_is_refused(api: TestClient, path: str, near: str | None) -> None:
    done = api.get(path)
    assert problem(done) == (400, "unknown_parameter")
    assert near is None or near in done.json()["candidates"]
    assert api.get("/v1/acts?lang=en").status_code == 200


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/batch", "/access/v1/evaluation"])
def test_the_word_of_a_body_in_the_address_is_refused(api: TestClient, path: str) -> None:
    body = {"/v1/decisions": ASKED, "/v1/decisions/batch": [ASKED], "/access/v1/evaluation": MAY}[path]
    assert problem(api.post(path + "?on=2020-01-01", json=body)) == (400, "unknown_parameter")
    assert api.post(path, json=body).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/tasks?division=nenkin&division=kokuho",
        "/v1/search?text=x&limit=1&limit=2",
        "/v1/plan?row=nenkin-24&on=2026-04-01&on=2020-01-01",
    ],
)
def test_a_word_that_stands_twice_is_refused(api: TestClient, path: str) -> None:
    assert problem(api.get(path)) == (400, "parameter_twice")
    assert api.get("/v1/plan?row=nenkin-24&row=nenkin-25").status_code == 200


@pytest.mark.parametrize(
    "words", ["acts=decide", "act=decide&act=guide", "channel=counter&on=2020-01-01&on=2026-04-01"]
)
@pytest.mark.parametrize("page", ["row", "slip"])
def test_a_page_answers_no_other_question_than_its_address_asks(api: TestClient, page: str, words: str) -> None:
    done = api.get(f"/{page}/nenkin-24?{words}")
    assert (done.status_code, done.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "答えはありません" in done.text


def test_an_address_in_plain_utf8_is_read_as_it_stands(desk: Desk) -> None:
    """`curl '…?text=葬祭費'` writes no percent signs; what it asks was once read as rubbish, of which nothing is found."""
    plain, quoted = (
        raw(desk, "/v1/search", query) for query in ("text=葬祭費".encode(), f"text={quote('葬祭費')}".encode())
    )
    assert plain == quoted
    assert plain[0] == 200
    assert json.loads(plain[1])[0]["id"] == "kokuho-25"


@pytest.mark.parametrize("query", [b"text=%ff", b"text=\xff", b"text=%ed%a0%80", b"%c0%af=1", b"q=%e3%81"])
@pytest.mark.parametrize("path", ["/v1/search", "/", "/row/nenkin-24", "/healthz"])
def test_an_address_that_is_not_utf8_is_refused(desk: Desk, path: str, query: bytes) -> None:
    status, body = raw(desk, path, query)
    assert (status, json.loads(body)["code"]) == (400, "bad_query")


def raw(
    desk: Desk, path: str, query: bytes = b"", method: str = "GET", messages: tuple[dict[str, Any], ...] = ()
) -> tuple[int, bytes]:
    """What an ASGI server may say, and no client library lets one say."""
    app = Guard(Direct(inner(desk, Settings(), api_keys.Keys(None), Measures())), 5)
    waiting = list(messages or ({"type": "http.request", "body": b"", "more_body": False},))
    said: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("x", 80),
        "client": ("x", 1),
        "root_path": "",
    }
    asyncio.run(app(scope, receive, send))
    return said[0]["status"], b"".join(each.get("body", b"") for each in said[1:])


@pytest.mark.parametrize("number", ["1_0", "+1", "%201", "1.0", "01", "-1", "１"])
def test_a_number_is_written_in_digits(tmp_path: Path, number: str) -> None:
    file = str(tmp_path / "keys")
    key = {"x-api-key": api_keys.new(file, "auditor")}
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        api = TestClient(inner(desk, Settings(), api_keys.load(file), Measures()))
        assert problem(api.get(f"/v1/search?text=x&limit={number}", headers=key)) == (422, "bad_parameter")
        assert problem(api.get(f"/v1/decisions/{number}", headers=key)) == (422, "bad_parameter")
        assert api.get("/v1/decisions/0", headers=key).status_code == 200


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/search", "`text` がありません"),
        ("/v1/search?text=x&limit=0", "1 以上"),
        ("/v1/search?text=x&limit=101", "100 以下"),
        ("/v1/search?text=x&limit=a", "整数ではありません"),
        (f"/v1/search?text={'x' * 2001}", "2000 文字まで"),
    ],
)
def test_a_wrong_word_says_what_it_should_be(api: TestClient, path: str, said: str) -> None:
    assert said in api.get(path).json()["detail"]


@pytest.mark.parametrize("path", ["/v1/tasks/", "/v1/decisions/", "/row/nenkin-24/"])
def test_a_slash_too_many_leads_nowhere(api: TestClient, path: str) -> None:
    """It once led to the same path at whatever host the request named."""
    assert problem(api.get(path, headers={"host": "evil.example"})) == (404, "not_found")


# -- headers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["content-type", "idempotency-key", "authorization", "x-api-key"])
def test_a_header_of_one_value_that_stands_twice_is_refused(api: TestClient, name: str) -> None:
    twice = [(name, "application/json"), (name, "application/json")]
    done = api.request("POST", "/v1/decisions", headers=twice, content=json.dumps(ASKED).encode())
    assert problem(done) == (400, "header_twice")


def test_a_compressed_body_is_415_and_says_so(api: TestClient) -> None:
    body = json.dumps(ASKED).encode()
    for name in ("gzip", "br", "GZIP, identity"):
        assert problem(api.post("/v1/decisions", content=body, headers={**JSON, "content-encoding": name})) == (
            415,
            "encoding",
        )
    assert api.post("/v1/decisions", content=body, headers={**JSON, "content-encoding": "identity"}).status_code == 200


@pytest.mark.parametrize(
    "kind", ['application/json; charset="UTF-8"', "application/json;charset=utf-8", "Application/JSON"]
)
def test_utf8_may_be_named_as_the_rfc_writes_it(api: TestClient, kind: str) -> None:
    body = json.dumps(ASKED).encode()
    assert api.post("/v1/decisions", content=body, headers={"content-type": kind}).status_code == 200


def test_who_has_the_edition_has_not_what_is_not_there(api: TestClient) -> None:
    etag = api.get("/v1/tasks").headers["etag"]
    for tag in (etag, "*"):
        assert problem(api.get("/v1/tasks/nenkin-999", headers={"if-none-match": tag}))[0] == 422
        assert problem(api.get("/v1/tasks?division=x", headers={"if-none-match": tag}))[0] == 422


@pytest.mark.parametrize(
    ("tags", "status"),
    [(['"x,*,y"'], 200), (['"x"', "{etag}"], 304), (['"x", W/{etag}'], 304), ([" * "], 304), (['"a"'], 200)],
)
def test_a_list_of_tags_is_read_as_one(api: TestClient, tags: list[str], status: int) -> None:
    etag = api.get("/v1/acts").headers["etag"]
    headers = [("if-none-match", tag.format(etag=etag)) for tag in tags]
    assert api.get("/v1/acts", headers=headers).status_code == status


def test_401_says_what_it_wants(desk: Desk, tmp_path: Path) -> None:
    api_keys.new(str(tmp_path / "keys"), "counter")
    app = inner(desk, Settings(), api_keys.load(str(tmp_path / "keys")), Measures())
    guarded = TestClient(Guard(Direct(app), 10))
    for done in (guarded.get("/v1/tasks"), guarded.post("/v1/decisions", json=ASKED), guarded.get("/")):
        assert (done.status_code, done.headers["www-authenticate"]) == (401, 'Bearer realm="assign"')


def test_what_a_body_is_refused_for_is_said_in_the_clients_language(api: TestClient) -> None:
    english = {**JSON, "accept-language": "en"}
    done = api.post("/v1/decisions", content=b" " * 70_000, headers=english)
    assert (problem(done), done.json()["detail"].isascii()) == ((413, "too_large"), True)
    assert api.post("/v1/decisions", content=b"", headers=JSON).json()["detail"] == "本文が空です"


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/batch", "/access/v1/evaluation"])
def test_a_body_that_breaks_off_is_a_fault_of_the_client(desk: Desk, path: str) -> None:
    """Chunks that are none are told to the application as a client that left; it may be there yet, and was once told 500."""
    status, body = raw(desk, path, method="POST", messages=({"type": "http.request", "body": b"{", "more_body": True},))
    assert (status, json.loads(body)["code"]) == (400, "broken_body")


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/v1/tasks", "/", "/row/nenkin-24", "/static/assign.css", "/docs"]
)
def test_head_says_what_get_says_without_the_body(api: TestClient, path: str) -> None:
    head, get = api.head(path), api.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == get.headers


def test_head_where_there_is_no_get(api: TestClient) -> None:
    assert (api.head("/v1/decisions").status_code, api.head("/v1/decisions").headers["allow"]) == (405, "POST")
    assert api.put("/v1/tasks").headers["allow"] == "GET, HEAD"
    assert api.head("/nowhere").status_code == 404


def test_of_head_nothing_is_recorded(tmp_path: Path) -> None:
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        assert desk.audit is not None
        before = desk.audit.size
        assert client(desk).head("/row/nenkin-24").status_code == 403
        assert desk.audit.size == before
        assert client(desk).get("/row/nenkin-24").status_code == 200
        assert desk.audit.size == before + 1


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_key_with_another_case_is_another_request(logged: TestClient) -> None:
    key, case = {"idempotency-key": str(uuid4())}, str(uuid4())
    first = logged.post("/v1/decisions", json={**ASKED, "case": case}, headers=key)
    for again in (ASKED, {**ASKED, "case": case}):
        assert logged.post("/v1/decisions", json=again, headers=key).content == first.content
    other = logged.post("/v1/decisions", json={**ASKED, "case": str(uuid4())}, headers=key)
    assert problem(other) == (422, "key_reused")


@pytest.mark.parametrize("path", ["/access/v1/evaluation", "/access/v1/search/subject"])
def test_a_key_counts_for_authzen_too(logged: TestClient, api: TestClient, path: str) -> None:
    key = {"idempotency-key": str(uuid4())}
    first, again = (logged.post(path, json=MAY, headers=key) for _ in range(2))
    assert (first.status_code, first.content) == (200, again.content)
    seq = int(logged.post("/v1/decisions", json=ASKED).headers["assign-record"])
    assert seq == int(logged.post("/v1/decisions", json=ASKED).headers["assign-record"]) - 1
    other = {**MAY, "resource": {"type": "row", "id": "nenkin-25", "properties": {"channel": "counter"}}}
    assert problem(logged.post(path, json=other, headers=key)) == (422, "key_reused")
    assert problem(api.post(path, json=MAY, headers=key)) == (400, "no_log")


@pytest.mark.parametrize("path", ["/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/subject"])
def test_a_key_that_is_none_is_refused_whatever_the_answer_would_be(logged: TestClient, path: str) -> None:
    for subject in ("assignee", "user"):  # of a user nothing is recorded, so that no log would look at the key
        asked = {**MAY, "subject": {"type": subject, "id": "contractor"}}
        assert problem(logged.post(path, json=asked, headers={"idempotency-key": "7"})) == (400, "bad_request")


def test_a_key_of_a_batch_is_refused(api: TestClient) -> None:
    done = api.post("/v1/decisions/batch", json=[ASKED], headers={"idempotency-key": str(uuid4())})
    assert problem(done) == (400, "no_log")


def test_a_key_is_of_one_evaluation(logged: TestClient) -> None:
    key = {"idempotency-key": str(uuid4())}
    done = logged.post("/access/v1/evaluations", json={**MAY, "evaluations": [{}, {}]}, headers=key)
    assert problem(done) == (400, "bad_request")
    done = logged.post("/access/v1/evaluations", json={**MAY, "evaluations": [{}] * 1001})
    assert "1000" in done.json()["detail"]


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX")
def test_a_file_of_keys_is_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    api_keys.new(str(file), "counter")
    assert file.stat().st_mode & 0o777 == 0o600
    for mode in (0o622, 0o660, 0o606):
        file.chmod(mode)
        with pytest.raises(DataError, match="chmod 600"):
            api_keys.load(str(file))
    file.chmod(0o644)  # hashes of keys may be read
    assert api_keys.load(str(file)).needed


def test_a_new_key_ends_no_other_file_and_no_half_line(tmp_path: Path) -> None:
    other = tmp_path / "catalog.csv"
    other.write_text("id,name\n")
    with pytest.raises(DataError, match="line 1"):
        api_keys.new(str(other), "counter")
    assert other.read_text() == "id,name\n"
    file = tmp_path / "keys"
    first = api_keys.new(str(file), "counter")
    file.write_text(file.read_text().rstrip("\n"))  # as an editor may leave it
    second = api_keys.new(str(file), "auditor")
    assert [api_keys.load(str(file)).role(key) for key in (first, second)] == ["counter", "auditor"]


# -- the page ----------------------------------------------------------------------------------------------------------


def test_signing_in_where_no_key_is_needed_keeps_nothing(api: TestClient) -> None:
    for key in ("x", "鍵", "\N{GRINNING FACE}", "a\r\nb"):
        done = api.post("/sign-in", data={"key": key})
        assert (done.status_code, "set-cookie" in done.headers) == (303, False)
    assert api.post("/sign-in", content=b"key=%ff").status_code == 400
    assert api.post("/sign-in", content=b"key=a&key=b").status_code == 400


def test_the_address_of_an_answer_is_the_one_that_others_reach(desk: Desk) -> None:
    text = client(desk, Settings(url="https://assign.city.example/")).get("/row/nenkin-24", headers={"host": "x"}).text
    assert "https://assign.city.example/row/nenkin-24?" in text
    assert "http://x/" not in text


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("division=zzz", 422),
        ("kind=zzz", 422),
        ("assignee=zzz", 422),
        ("certainty=zzz", 422),
        ("case=zzz", 400),
        ("from=zzz", 422),
        ("divison=nenkin", 400),
        ("kind=decision&kind=log", 400),
        ("division=&assignee=&certainty=&kind=decision&since=&until=&lang=en", 200),
        ("division=nenkin&from=0", 200),
    ],
)
def test_an_auditor_is_not_told_that_nothing_is_there(tmp_path: Path, words: str, status: int) -> None:
    """A filter that is a slip of the pen once showed an empty log."""
    file = str(tmp_path / "keys")
    key = {"x-api-key": api_keys.new(file, "auditor")}
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        app = inner(desk, Settings(), api_keys.load(file), Measures())
        assert TestClient(app).get(f"/audit?{words}", headers=key).status_code == status


def test_one_reason_stands_once(api: TestClient) -> None:
    assert api.get("/row/nenkin-24?channel=counter").text.count("が改められたときだけです") == 1


# -- words -------------------------------------------------------------------------------------------------------------


def test_a_whole_number_is_the_same_number_however_json_writes_it(api: TestClient, logged: TestClient) -> None:
    """JSON Schema takes `24.0` for the integer 24, and so do clients without integers; as a text it is no number of the list."""
    answers = [
        api.post(
            "/v1/decisions", content=f'{{"division": "nenkin", "item": {item}, "channel": "counter"}}', headers=JSON
        )
        for item in ("24", "24.0", "2.4e1", "240e-1")
    ]
    assert {(each.status_code, each.content) for each in answers} == {(200, answers[0].content)}
    for item in ('"24.0"', "24.5", "1e300", "-24.0"):
        body = f'{{"division": "nenkin", "item": {item}, "channel": "counter"}}'
        assert api.post("/v1/decisions", content=body, headers=JSON).status_code in (400, 422)
    key = {**JSON, "idempotency-key": str(uuid4())}
    kept = [
        logged.post(
            "/v1/decisions", content=f'{{"division": "nenkin", "item": {item}, "channel": "counter"}}', headers=key
        )
        for item in ("24", "24.0")
    ]
    assert kept[0].headers["assign-record"] == kept[1].headers["assign-record"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"division": True, "item": 24}, "`true`"),
        ({"division": "nenkin", "item": {"number": 24}}, '`{"number": 24}`'),
        ({"row": "nenkin-24", "channel": ["counter"]}, '`["counter"]`'),
        ({"row": "nenkin-24", "act": "zzz"}, "`/v1/acts`"),
        ({"row": "259"}, "`/v1/tasks`"),
        ({"division": "nenkin"}, "`/v1/tasks`"),
    ],
)
def test_a_problem_speaks_json_and_names_addresses(api: TestClient, asked: dict[str, Any], said: str) -> None:
    one, many = api.post("/v1/decisions", json=asked), api.post("/v1/decisions/batch", json=[asked])
    for detail in (one.json()["detail"], many.json()[0]["error"]["message"]):
        assert said in detail
        assert not re.search(r"True|None|\['|`assign ", detail)


def test_a_role_that_there_is_not_is_an_unknown_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for lang, near in (("ja", "近いもの: `counter`"), ("en", "near: `counter`")):
        code, out, err = inside(
            capsys, "serve", "--keys", str(tmp_path / "keys"), "--new-key", "countr", "--lang", lang
        )
        assert (code, out, near in err) == (3, "", True)
    assert not (tmp_path / "keys").exists()
