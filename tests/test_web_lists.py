"""The page over lists of another shape: three channels or one, no numbers, other marks, columns that are acts or parties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from assign import Desk

from . import test_lists, test_lists_of_other_shapes
from .test_web_api import client
from .test_web_pages import JAPANESE, Reader

pytestmark = pytest.mark.long
OURS = re.compile(
    "国保|国民健康保険|葬祭|転入|保険証|バックヤード|委託不可|△|国民年金|後期高齢|back yard|kokuho|nenkin|kouki|Health Insurance"
)


@pytest.fixture(scope="module", params=["three", "acts", "b", "d"])
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param in test_lists.KINDS:
        yield test_lists.opened(request.param, folder, "table")
    else:
        file = {"b": "b/truth.jsonl", "d": "d/truth_d1.jsonl"}[request.param]
        rows = test_lists_of_other_shapes.truth(file)
        yield test_lists_of_other_shapes.opened(folder, request.param, rows, "table")


@pytest.fixture
def web(desk: Desk) -> TestClient:
    return client(desk)


def pages(desk: Desk) -> list[str]:
    """Every kind of page; the answer of every row."""
    row, division = desk.catalog.tasks[0].id, next(iter(desk.catalog.manifest.divisions))
    found = ["/", "/?q=xyzzy", "/card", "/matrix", "/questions", "/docs", "/sign-in", f"/results?division={division}"]
    found += [f"/?{urlencode({'q': desk.catalog.tasks[0].name})}", f"/row/{row}?act=decide"]
    found += [f"/card/{key}" for key in desk.catalog.manifest.divisions]
    found += [f"/{room}/{task.id}" for task in desk.catalog.tasks[::5] for room in ("checklist", "slip")]
    return found + [f"/row/{task.id}" for task in desk.catalog.tasks]


class Tables(HTMLParser):
    """The rows of each table: the text of every cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._in = False
        self.feed(html)

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in = True

    def handle_endtag(self, tag: str) -> None:
        self._in = self._in and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in:
            self.tables[-1][-1][-1] += data.strip()


def test_every_page_answers_in_both_languages_and_names_nothing_of_ours(web: TestClient, desk: Desk) -> None:
    """Of our list: a statute that a rule quotes names its own subject, and the other list may have words of ours, too."""
    printed = desk.catalog.manifest.data.decode() + "".join(f"{task}" for task in desk.catalog.tasks)
    for page in pages(desk):
        for lang in ("ja", "en"):
            found = web.get(f"{page}{'&' if '?' in page else '?'}lang={lang}")
            assert found.status_code == 200, page
            assert Reader(found.text).inline == [], page
            if lang == "en":
                assert [text for text in Reader(found.text).english if JAPANESE.search(text)] == [], page
            if "act=" not in page:
                said = {word for word in OURS.findall(found.text) if word not in printed}
                assert said == set(), page


def test_no_heading_stands_over_nothing(web: TestClient, desk: Desk) -> None:
    """A list without headings or numbers has no column for them; its printed columns stand as printed, even where a sheet is blank."""
    printed = len(desk.catalog.manifest.cells)
    for page in ["/matrix", *(f"/card/{key}" for key in desk.catalog.manifest.divisions)]:
        for lang in ("ja", "en"):
            tables = Tables(web.get(f"{page}?lang={lang}").text).tables
            heads = [next(row for row in table if len(row) > 1) for table in tables]
            columns = len(heads[0])
            rows = [row for table in tables for row in table if len(row) > 1 and row not in heads]
            assert {len(row) for row in rows} == {columns}
            blank = [at for at in range(columns) if not any(row[at] for row in rows)]
            allowed = printed if page == "/matrix" else 0
            assert len(blank) <= allowed
            assert all(columns - len(desk.catalog.manifest.channels) - printed <= at for at in blank)
            assert all(cell for head in heads for cell in head)
            assert all(row[0] for table in tables for row in table if len(row) == 1)


def test_a_column_of_any_shape_is_a_filter(web: TestClient, desk: Desk) -> None:
    """Per row, per channel, per act; and every choice that is offered finds a row."""
    text = web.get("/matrix").text
    offered = re.findall(r'<select name="([^"]+)">(.*?)</select>', text, re.DOTALL)
    choices = [(name, each) for name, options in offered for each in re.findall(r'<option value="([^"]+)"', options)]
    named = {name for name, _ in choices}
    assert {
        f"cell.{cell}" for cell in desk.catalog.manifest.cells if len({t.cells[cell] for t in desk.catalog.tasks}) > 1
    } <= named
    answers = [each for task in desk.catalog.tasks for each in desk.answers(row=task.id)]
    assert {name for name in ("meaning", "assignee") if len({each[name] for each in answers}) > 1} <= named
    for name, choice in choices:
        found = web.get("/matrix", params={name: choice}).text
        rows = re.findall(r'<th scope="row" lang="ja"><a href="/row/([^?"]+)', found)
        assert rows, (name, choice)
        if name.startswith("cell."):
            cell = name.removeprefix("cell.")
            wanted = [t.id for t in desk.catalog.tasks if (t.cells[cell] or "blank") == choice]
            assert sorted(rows) == sorted(wanted)


def test_the_search_box_names_words_that_find_something(web: TestClient, desk: Desk) -> None:
    """`保険証なくした` helps nobody at the counter of the parks."""
    hint = re.search(r'<p id="hint">.*?<span lang="ja">(.*?)</span>', web.get("/").text, re.DOTALL)
    assert hint
    for word in hint[1].split("、"):
        assert desk.found(word)["rows"], word


def test_one_channel_is_no_choice(web: TestClient, desk: Desk) -> None:
    several = len(desk.catalog.manifest.channels) > 1
    assert ('<select name="channel">' in web.get("/").text) == several
    row = web.get(f"/row/{desk.catalog.tasks[0].id}").text
    assert ('class="channels"' in row) == several


def test_a_column_of_an_act_is_named_in_words(tmp_path: Path) -> None:
    """`step.receive` is a key of ours; a person reads what the step is."""
    desk = test_lists.opened("acts", tmp_path, "table")
    web = client(desk)
    assert "担当（申請書の受領）" in web.get("/matrix").text
    for lang in ("ja", "en"):
        for page in ("/matrix", "/row/money-9の2"):
            seen = re.sub(r"<[^>]*>", " ", web.get(f"{page}?lang={lang}").text)
            assert not re.search(r"step\.receive|・receive|担当 receive", seen)
