"""
DNS rebinding: a stranger's page whose name was given this machine's address reads nothing of a server without keys, since its browser still
sends the stranger's name.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assign.web import keys as api_keys
from assign.web.app import application
from assign.web.settings import Settings

from .web_servers import serving

OWN = ("localhost", "127.0.0.1", "[::1]", "localhost:8000", "127.0.0.1:9000", "[::1]:8000", "LOCALHOST")
FOREIGN = (
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "",
    "localhost:",
)
ODD = ("localhost@evil.example", "[::1", "localhost:8000:1", "localhost/", "[evil", "127.0.0.1#", "localhost localhost")
PATHS = ("/", "/v1/acts", "/openapi.json", "/metrics", "/static/assign.css", "/nowhere", "/row/nenkin-24")
BROWSER = {"accept": "text/html"}


def statuses(web: TestClient, hosts: tuple[str, ...], path: str = "/v1/acts") -> set[int]:
    return {web.get(path, headers={"host": host}).status_code for host in hosts}


def test_a_server_without_keys_answers_under_this_machines_names_alone() -> None:
    web = TestClient(application(Settings(host="127.0.0.1", log_requests=False)))
    assert statuses(web, OWN) == {200}
    for path in PATHS:
        assert statuses(web, FOREIGN + ODD, path) == {421}
    done = web.post("/v1/decisions", json={"row": "nenkin-24"}, headers={"host": "evil.example"})
    assert (done.status_code, done.json()["code"]) == (421, "other_host")
    assert "`evil.example`" in done.json()["detail"]
    assert statuses(web, FOREIGN, "/healthz") == statuses(web, FOREIGN, "/readyz") == {200}


def test_a_person_who_opens_it_under_another_name_is_told_what_to_do() -> None:
    web = TestClient(application(Settings(host="127.0.0.1", log_requests=False)))
    for host in ("evil.example", "[evil", '"><script>alert(1)</script>'):
        done = web.get("/?lang=en", headers={**BROWSER, "host": host})
        assert (done.status_code, done.headers["content-type"]) == (421, "text/html; charset=utf-8")
        assert '<html lang="en">' in done.text
        assert "ASSIGN_URL" in done.text
        assert "<script>alert" not in done.text


def test_the_name_that_it_was_given_is_one_of_them(tmp_path: Path) -> None:
    file = str(tmp_path / "keys")
    key = {"x-api-key": api_keys.new(file, "counter")}
    url = "https://Desk.city.example:8443/assign"
    for settings in (Settings(host="127.0.0.1", url=url), Settings(host="192.0.2.1", keys=file, url=url)):
        web = TestClient(application(settings.model_copy(update={"log_requests": False})), headers=key)
        assert statuses(web, (*OWN, "desk.city.example", "desk.city.example:8443", str(settings.host))) == {200}
        assert statuses(web, FOREIGN) == {421}


def test_where_a_key_is_needed_and_no_name_was_given_any_name_will_do(tmp_path: Path) -> None:
    """No stranger's page has a key, and a cookie is of the name that set it."""
    file = str(tmp_path / "keys")
    key = {"x-api-key": api_keys.new(file, "counter")}
    web = TestClient(application(Settings(host="0.0.0.0", keys=file, log_requests=False)), headers=key)  # noqa: S104
    assert statuses(web, ("desk.city.example", "192.0.2.7:8000")) == {200}


def test_a_real_server_knows_where_it_listens(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        for host, status in (("localhost", 200), (f"127.0.0.1:{served.port}", 200), ("evil.example", 421)):
            done = served.ask(f"GET /v1/acts HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            assert done.status == status
        twice = b"GET /v1/acts HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
        assert served.ask(twice).status == 400
        assert json.loads(done.body)["candidates"] == ["127.0.0.1", "[::1]", "localhost"]


@pytest.mark.parametrize("host", ["::1", "127.0.0.1", "localhost"])
def test_where_it_listens_is_a_name_of_its_own(host: str) -> None:
    web = TestClient(application(Settings(host=host, log_requests=False)))
    assert statuses(web, OWN) == {200}
