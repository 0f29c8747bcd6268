"""
The words of the page's addresses: one that a page does not take, or a value that there is not, is refused with the nearest; nobody reads an
empty table as an answer. `?on=` is the day of the case wherever answers stand.
"""

from __future__ import annotations

from datetime import date
from html import unescape
from pathlib import Path
from re import findall

import pytest
from starlette.testclient import TestClient

from assign import Desk, resources
from assign.web.page.prints import code_of

from .command_line import run
from .test_web_api import client
from .test_web_pages import Reader

PAGES = (
    "/",
    "/results",
    "/matrix",
    "/questions",
    "/card",
    "/card/nenkin",
    "/row/nenkin-24",
    "/slip/nenkin-24",
    "/checklist/nenkin-24",
    "/event/death",
    "/docs",
    "/sign-in",
)
DATED = (
    "/matrix",
    "/questions",
    "/card/nenkin",
    "/row/nenkin-24",
    "/slip/nenkin-24",
    "/checklist/nenkin-24",
    "/event/death",
)
# a word and its value, and what is near
UNKNOWN = (
    ("/matrix", "division=nenkn", "nenkin"),
    ("/matrix", "division=zzz", "kokuho"),
    ("/matrix", "channel=desk", "counter"),
    ("/matrix", "assignee=contracter", "contractor"),
    ("/matrix", "certainty=sure", "settled"),
    ("/matrix", "meaning=consignd", "consigned"),
    ("/matrix", "kind=zzz", "`kind`"),
    ("/matrix", "cell.mark=zzz", "blank"),
    ("/matrix", "lang=fr", "ja"),
    ("/", "channel=zzz", "counter"),
    ("/questions", "division=zzz", "kokuho"),
    ("/event/deth", "", "death"),
    ("/card/nenkn", "", "nenkin"),
    ("/row/nenkin-99", "", "nenkin-9"),
    ("/row/nenkin-24", "act=zzz", "receive"),
)


@pytest.fixture(scope="module")
def web(desk: Desk) -> TestClient:
    return client(desk)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk.open()


@pytest.mark.parametrize(("path", "words", "near"), UNKNOWN)
def test_a_value_that_there_is_not_is_refused_with_the_nearest(
    web: TestClient, path: str, words: str, near: str
) -> None:
    done = web.get(f"{path}?{words}")
    main = done.text.partition("<main")[2].partition("</main>")[0]
    assert done.status_code == 422
    assert "答えはありません" in main
    assert near in main
    assert "<table" not in main
    links = [link for link in Reader(done.text).links if link.startswith(("/matrix", "/questions", "/card?", "/?"))]
    links = [link for link in links if "lang=en" not in link]  # the same page in the other language
    assert {web.get(link).status_code for link in links} == {200}  # the wrong word is not carried on


@pytest.mark.parametrize("path", PAGES)
def test_a_word_that_a_page_does_not_take_is_refused_with_the_nearest(web: TestClient, path: str) -> None:
    for word in ("chanel=counter", "mark=x", "utm_source=mail", "On=2026-11-25"):
        assert web.get(f"{path}?{word}").status_code == 400
    assert "channel" in web.get(f"{path}?chanel=counter").text.partition("<main")[2].partition("</main>")[0]
    assert web.get(f"{path}?q=x&q=y").status_code == 400
    assert web.get(f"{path}?q=x&division=kokuho&channel=counter&lang=en").status_code == 200
    assert web.get(f"{path}?on=2026-11-25").status_code == (200 if path in DATED else 400)
    assert web.get(f"{path}?on=yesterday").status_code == 400


def test_each_choice_that_the_whole_list_offers_shows_rows(web: TestClient) -> None:

    text = web.get("/matrix").text
    chosen = 0
    for name, options in findall(r'<select name="([^"]+)">(.*?)</select>', text):
        for value in findall(r'<option value="([^"]+)"', options):
            done = web.get("/matrix", params={name: unescape(value)})
            assert done.status_code == 200
            assert "<table" in done.text
            chosen += 1
    assert chosen > 20


def test_a_day_of_the_case_is_that_of_every_answer_on_the_page(web: TestClient, desk: Desk) -> None:
    """The counter in a ward handed this over by 2026-07-27: until then the row has no warning, afterwards it has."""
    for path in ("/matrix", "/questions", "/card/nenkin"):
        text = web.get(f"{path}?on=令和8年4月1日").text
        assert "2026-04-01" in text
        links = [link for link in Reader(text).links if link.startswith("/row/")]
        assert links
        assert all("on=" in link for link in links)
    assert code_of(desk, "nenkin", date(2026, 4, 1)) in web.get("/card/nenkin?on=2026-04-01").text
    form = web.get("/matrix?on=2026-04-01").text
    assert '<input type="hidden" name="on" value="2026-04-01">' in form
    first, other = (web.get(f"/card/nenkin?on={day}") for day in ("2026-04-01", "2026-04-02"))
    assert first.headers["etag"] != other.headers["etag"]


def test_a_server_with_a_wrong_lexicon_names_the_file_and_no_folder(tmp_path: Path) -> None:
    """Whoever asks over HTTP is not at the machine that the folder is of."""
    assert run("init", str(tmp_path / "our-city")).returncode == 0
    (tmp_path / "our-city" / "lexicon").mkdir(exist_ok=True)
    lexicon = (resources.data_folder() / "lexicon" / "benefits.yaml").read_bytes()
    (tmp_path / "our-city" / "lexicon" / "benefits.yaml").write_bytes(lexicon)
    with client(Desk.open(list=tmp_path / "our-city")) as web:
        said = [web.get(path).text for path in ("/v1/search?text=葬祭費", "/?q=葬祭費", "/results?q=葬祭費")]
    assert ["benefits.yaml" in text for text in said] == [True, True, True]
    assert not [text for text in said if "our-city" in text or str(tmp_path) in text]
