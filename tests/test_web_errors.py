"""An error is a page for a person's browser and a problem document for a program; neither says what was typed or where the code broke."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.web import keys as api_keys
from assign.web.guard import CSP

from .test_web_api import client
from .test_web_pages import Reader

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
PROGRAMS: tuple[dict[str, str], ...] = (
    {},
    {"accept": "*/*"},
    {"accept": "application/json"},
    {"accept": "application/json, text/html;q=0.5"},
)
# method, address, status; words of both languages that must stand on the page
ERRORS = [
    ("GET", "/nowhere", 404, ("ここには何もありません", "There is nothing here")),
    ("GET", "/static/nothing.css", 404, ("ここには何もありません", "There is nothing here")),
    ("GET", "/v1/tasks/nope", 422, ("答えはありません", "There is no answer")),
    ("GET", "/v1/search", 422, ("`text`", "There is no answer")),
    ("GET", "/v1/decisions/0", 403, ("この画面は開けません", "a server without keys shows it to nobody")),
    ("DELETE", "/matrix", 405, ("使えないメソッド", "does not have that method")),
    ("GET", "/sign-out", 405, ("使えないメソッド", "does not have that method")),
    ("GET", "/v1/decisions", 405, ("使えないメソッド", "does not have that method")),
]


@pytest.fixture(scope="module")
def web(desk: Desk) -> TestClient:
    return client(desk)


def is_a_page(found: object, status: int) -> str:
    assert found.status_code == status  # type: ignore[attr-defined]
    assert found.headers["content-type"] == "text/html; charset=utf-8"  # type: ignore[attr-defined]
    assert found.headers["content-security-policy"] == CSP  # type: ignore[attr-defined]
    text: str = found.text  # type: ignore[attr-defined]
    assert Reader(text).inline == []
    assert any(urlsplit(link).path == "/" for link in Reader(text).links)  # the counter's screen
    assert "窓口の画面へ" in text
    assert "Traceback" not in text
    return text


@pytest.mark.parametrize(("method", "path", "status", "words"), ERRORS)
def test_a_browser_gets_a_page_in_both_languages_and_a_program_the_problem(
    web: TestClient, method: str, path: str, status: int, words: tuple[str, ...]
) -> None:
    done = web.request(method, path, headers=BROWSER)
    text = is_a_page(done, status)
    assert '<html lang="ja">' in text
    assert 'lang="en"' in text.partition("<main")[2].partition("</main>")[0]
    assert all(word in text for word in words)
    for headers in PROGRAMS:
        program = web.request(method, path, headers=headers)
        assert (program.status_code, program.headers["content-type"]) == (status, "application/problem+json")
        assert program.headers["vary"] == done.headers["vary"] == "Accept"
        assert program.headers.get("allow") == done.headers.get("allow")
    assert (status == 405) is ("allow" in done.headers)


@pytest.mark.parametrize("path", ["/row/nope", "/event/nope", "/card/nope", "/audit"])
def test_an_error_within_the_page_has_both_languages_too(web: TestClient, path: str) -> None:
    for lang in ("ja", "en"):
        text = is_a_page(web.get(f"{path}?lang={lang}"), 403 if path == "/audit" else 422)
        assert f'<html lang="{lang}">' in text
        assert f'lang="{"en" if lang == "ja" else "ja"}"' in text.partition("<main")[2].partition("</main>")[0]


def test_the_wrong_role_and_no_key_are_pages_with_the_form_for_a_key(tmp_path: Path) -> None:
    file = str(tmp_path / "keys")
    key = api_keys.new(file, "counter")
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        guarded = client(desk, api_keys.load(file))
        for path in ("/audit", "/v1/decisions/0", "/metrics"):
            assert 'type="password"' in is_a_page(guarded.get(path, headers={**BROWSER, "x-api-key": key}), 403)
            assert 'type="password"' in is_a_page(guarded.get(path, headers=BROWSER), 401)
            assert key not in guarded.get(path, headers={**BROWSER, "x-api-key": key}).text
        assert guarded.get("/v1/acts").headers["content-type"] == "application/problem+json"


def test_what_is_refused_before_anything_is_asked_is_a_page_too(web: TestClient) -> None:
    """What stands twice, is compressed, too large or no UTF-8: a browser gets a page, a program the problem document."""
    refused: tuple[tuple[str, str, dict[str, str], bytes, int], ...] = (
        ("GET", "/v1/search?text=%FF&lang=en", {}, b"", 400),
        ("GET", "/?q=%FF", {}, b"", 400),
        ("GET", "/", {"content-encoding": "gzip"}, b"", 415),
        ("POST", "/sign-in", {"content-length": str(10**9)}, b"", 413),
        ("POST", "/sign-in", {}, b"x" * 3_000_000, 413),
        ("GET", "/v1/search?text=a&txet=b", {}, b"", 400),
        ("GET", "/matrix?q=a&q=b", {}, b"", 400),
    )
    for method, path, headers, body, status in refused:
        text = is_a_page(web.request(method, path, headers={**BROWSER, **headers}, content=body), status)
        assert ("この依頼は受け取れません" in text) is (status != 400)
        assert ("答えはありません" in text) is (status == 400)
        assert ('<html lang="en">' in text) is path.endswith("lang=en")
        program = web.request(method, path, headers={**headers, "accept": "application/json"}, content=body)
        if not path.startswith(("/matrix", "/?")):  # a page's own address has pages alone
            assert (program.status_code, program.headers["content-type"]) == (status, "application/problem+json")


def test_what_is_near_is_told_once_and_who_may_not_see_is_told_that_alone(web: TestClient) -> None:
    text = web.get("/row/nope").text
    assert text.count("kokuho-1`") == 2  # of the two languages
    assert "<li>kokuho-1" not in text
    forbidden = web.get("/audit").text
    assert "答えはありません" not in forbidden
    assert forbidden.count("assign serve --keys") == 2


def test_a_call_of_the_api_is_answered_as_one_whatever_it_accepts(web: TestClient) -> None:
    for path in ("/v1/decisions", "/v1/decisions/batch", "/access/v1/evaluation"):
        done = web.post(path, content=b"{", headers={**BROWSER, "content-type": "application/json"})
        assert (done.status_code, done.headers["content-type"]) == (400, "application/problem+json")


@pytest.fixture
def failing(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    def fails(*_args: object, **_words: object) -> None:
        raise RuntimeError("yamada-hanako at 0x7f3")

    monkeypatch.setattr(Desk, "found", fails)
    monkeypatch.setattr(Desk, "rows", fails)
    return web


def test_a_fault_of_the_server_is_a_page_that_tells_nothing_of_it(failing: TestClient) -> None:
    for path in ("/v1/search?text=yamada", "/v1/tasks", "/results?q=yamada", "/?q=yamada"):
        text = is_a_page(failing.get(path, headers=BROWSER), 500)
        assert "サーバーの故障です" in text
        assert "The server failed" in text
        main = text.partition("<main")[2].partition("</main>")[0]
        assert not any(word in main for word in ("yamada", "0x7f3", "RuntimeError", ".py"))
        program = failing.get(path)
        assert (program.status_code, program.headers["content-type"]) == (500, "application/problem+json")
        assert "yamada" not in program.text


def test_a_fault_that_breaks_the_page_of_faults_too_is_the_problem_document(
    failing: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assign.web.page import shell

    monkeypatch.setattr(shell.templates, "get_template", lambda _name: 1 / 0)
    found = failing.get("/v1/tasks", headers=BROWSER)
    assert (found.status_code, found.headers["content-type"]) == (500, "application/problem+json")
    assert "ZeroDivision" not in found.text


@pytest.mark.parametrize(
    "path",
    [
        "/<script>alert(1)</script>",
        "/%3Cimg src=x onerror=alert(1)%3E?lang=%22%3E%3Cscript%3E",
        "/v1/tasks/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "/row/%3Cscript%3Ealert(1)%3C%2Fscript%3E?q=%22%3E%3Cimg%20src=x%3E",
        "/nowhere?x=%E2%80%AE",
    ],
)
def test_what_an_address_holds_is_never_html(web: TestClient, path: str) -> None:
    text = web.get(path, headers=BROWSER).text
    assert Reader(text).inline == []
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "\u202e" not in text


def test_no_link_of_an_error_page_leads_to_another_host(web: TestClient) -> None:
    """A browser takes an address that begins with two slashes, or a slash and a backslash, for another host's."""
    for path in ("//evil.example/x", "/\\evil.example", "//evil.example/%2e%2e?to=//evil.example"):
        found = web.get("http://testserver" + path, headers=BROWSER)
        links = Reader(is_a_page(found, 404)).links
        assert links
        assert not any(urlsplit(link).netloc or link.startswith(("//", "/\\")) for link in links), links
