"""The page: whole in two languages, without a script, escaped, under the strict policy, and every link leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.log.keys import held_key
from assign.register import Draft, Register, letter, open_questions
from assign.register.questions import BY_RULING, asked, rows_asked
from assign.web import keys as api_keys
from assign.web.guard import CSP
from assign.web.page.prints import code_of
from assign.words import CERTAINTY_TEXT, Assignee, Certainty, Meaning, date_of_case

from .test_web_api import client
from .ward_lists import folder_of as of_ward

REFUSED = {"/row/nope": 422, "/audit": 403}  # for want of keys
PAGES = [
    "/",
    "/?q=葬祭費&division=kokuho&channel=counter",
    "/?q=死亡",
    "/?q=パスポート",
    "/?q=xyzzy",
    "/results?q=葬祭費",
    "/event/death",
    "/checklist/kokuho-25",
    "/slip/kokuho-25",
    "/slip/kouki-43",
    "/card",
    "/card?check=NENKIN-AAAA-BBBB",
    "/card/kokuho",
    "/matrix",
    "/matrix?division=center&certainty=needs_ruling",
    "/questions",
    "/docs",
    "/sign-in",
    "/audit",
    "/row/nope",
]
ROWS = ["kokuho-25", "kokuho-34", "kokuho-22-1", "kokuho-28", "kouki-30-1", "nenkin-24", "shomu-9", "center-1-1"]
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")


class Reader(HTMLParser):
    """What a test asks of a page: its links, its texts outside of `lang="ja"`, and what a policy would refuse."""

    EMPTY = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.inline: list[str] = []
        self.english: list[str] = []
        self._langs: list[str] = ["en"]
        self._within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name.startswith("on") or name in ("style", "srcdoc")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        self.links += [str(given[name]) for name in ("href", "src", "action") if name in given]
        self._within = tag
        if tag not in self.EMPTY:
            self._langs.append(given.get("lang") or self._langs[-1])

    def handle_endtag(self, tag: str) -> None:
        self._within = ""
        if tag not in self.EMPTY:
            self._langs.pop()

    def handle_data(self, data: str) -> None:
        if self._langs[-1] == "en" and self._within not in ("title", "option"):  # neither can hold an element
            self.english.append(data)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk.open()


@pytest.fixture(scope="module")
def web(desk: Desk) -> TestClient:
    return client(desk)


def with_lang(page: str, lang: str) -> str:
    return page if lang == "ja" else f"{page}{'&' if '?' in page else '?'}lang=en"


# -- every page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("page", [*PAGES, *(f"/row/{row}?channel=backyard" for row in ROWS)])
def test_a_page_stands_in_both_languages_with_nothing_inline(web: TestClient, page: str, lang: str) -> None:
    found = web.get(with_lang(page, lang))
    assert found.status_code == REFUSED.get(page, 200)
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert CSP.startswith("default-src 'none'")
    assert Reader(found.text).inline == []
    if not page.startswith("/results"):
        assert f'<html lang="{lang}">' in found.text


@pytest.mark.parametrize(
    "page", [*PAGES, *(f"/{room}/{row}" for row in ROWS[:4] for room in ("row", "checklist", "slip"))]
)
def test_english_is_whole_and_what_is_japanese_in_it_is_marked(web: TestClient, page: str) -> None:
    """Names of the list and its desks, and words that have no English (業務責任者): a screen reader speaks them as Japanese."""
    text = web.get(with_lang(page, "en")).text
    assert [text for text in Reader(text).english if JAPANESE.search(text)] == []
    if page == "/docs":  # the API says both everywhere
        return
    if page in REFUSED:  # an error stands in both
        text = re.sub(r'<span class="(?:beside|where)" lang="ja">[^<]*</span>', "", text)
    japanese = re.findall(r'lang="ja"[^>]*>([^<]*)', text)
    assert [said for said in japanese if re.search("です|ます|ません|ください", said)] == []  # no sentence of ours


@pytest.mark.parametrize("runs_for", ["city", "contractor"])
def test_every_page_says_who_runs_it(desk: Desk, runs_for: str) -> None:
    from assign.web.app import inner
    from assign.web.measures import Measures
    from assign.web.settings import Settings

    app = TestClient(inner(desk, Settings(runs_for=runs_for), api_keys.Keys(None), Measures()))
    said = {"city": "このシステムは市が動かしています", "contractor": "このシステムは受託者が動かしています"}[runs_for]
    for page in PAGES:
        if not page.startswith("/results"):
            assert said in app.get(page).text
    label = app.get("/row/kokuho-25").text
    assert ("<dt>次に</dt>" in label) == (runs_for == "contractor")  # of the city's hand it would read as an order


def test_no_page_has_an_order_or_a_field_for_one(web: TestClient) -> None:
    """Nobody of the city may instruct the contractor's workers, and no worker is told to ask a clerk (告示37号)."""
    for page in [*PAGES, *(f"/row/{row}" for row in ROWS)]:
        text = web.get(page).text
        assert not re.search(r"指示を(仰|受け|出)|指示してください|職員に(聞|相談)|渡してください|行ってください", text)
        assert "<textarea" not in text
    slip = web.get("/slip/kokuho-25").text
    assert "<input" not in slip
    assert not re.search(r"氏名|お名前|住所|生年月日|指示", slip.partition("<main")[2].partition("</main>")[0])


@pytest.mark.slow
def test_every_link_leads_somewhere(web: TestClient) -> None:
    seen: set[str] = set()
    for page in [*PAGES, "/row/kokuho-25", "/row/kokuho-2?act=receive_notice&q=死亡", "/row/kouki-30-1?lang=en"]:
        for link in Reader(web.get(page).text).links:
            parts = urlsplit(link)
            assert parts.netloc in ("", "testserver"), link
            address = f"{parts.path or page}{'?' + parts.query if parts.query else ''}"
            words = f"{parts.path}|{'|'.join(sorted(parse_qs(parts.query)))}"
            if link.startswith("#"):
                assert f'id="{link[1:]}"' in web.get(page).text, link
            elif words not in seen and parts.path != "/sign-out":
                seen.add(words)
                assert web.get(address).status_code == {"/audit": 403, "/row/nope": 422}.get(parts.path, 200), link
    assert len(seen) > 60


# -- the counter's screen ----------------------------------------------------------------------------------------------


def test_candidates_stand_by_division_the_own_one_first(web: TestClient) -> None:
    text = web.get("/?q=葬祭費&division=kouki&channel=counter").text
    assert text.index("<h2>後期高齢者医療制度</h2>") < text.index("<h2>国民健康保険</h2>")
    assert text.count('class="candidate"') == 2
    assert text.count("autofocus") == 1  # without a script: Enter on the first
    assert 'value="葬祭費"' in text
    links = [link for link in Reader(text).links if link.startswith("/row/")]
    assert all("channel=counter" in link and "q=" in link and "division=kouki" in link for link in links)


def test_who_has_a_word_and_a_mark_on_every_candidate(web: TestClient, desk: Desk) -> None:
    for text in ["葬祭費", "滞納", "死亡", "保険証"]:
        page = web.get("/results", params={"q": text}).text
        shown = page.count('class="mark" aria-hidden="true"')
        assert shown == sum(len(row["handled"]) for row in desk.found(text, limit=12)["rows"]) > 0


def test_what_is_not_in_the_list_names_where_it_belongs(web: TestClient, desk: Desk) -> None:
    found = desk.found("パスポート")["elsewhere"]
    assert found["belongs"]["ja"] in web.get("/?q=パスポート").text
    text = web.get("/?q=xyzzy").text
    assert "この一覧に見つかりません" in text
    assert all(division.desk["ja"] in text for division in desk.catalog.manifest.divisions.values())


def test_a_life_event_shows_its_checklist(web: TestClient) -> None:
    assert 'href="/event/death?q=' in web.get("/?q=死亡").text
    assert web.get("/event/death").text.count("□") > 10


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'; --", "\u202e反対", "{{7*7}}"]
)
def test_what_was_typed_is_never_html(web: TestClient, text: str) -> None:
    for path in ("/", "/results"):
        found = web.get(path, params={"q": text, "division": "kokuho"})
        assert found.status_code == 200
        assert Reader(found.text).inline == []
        assert "<img" not in found.text
        assert "\u202e" not in found.text
        assert "49" not in re.findall(r'value="([^"]*)"', found.text)


@pytest.mark.parametrize("words", ["division=nope", "channel=nope", "q=x&division=nope"])
def test_a_wrong_word_is_a_page_with_what_is_near(web: TestClient, words: str) -> None:
    found = web.get(f"/?{words}")
    assert found.status_code == 422
    assert "答えはありません" in found.text


# -- the answer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("channel", ["counter", "backyard"])
def test_the_answer_is_the_desks(web: TestClient, desk: Desk, row: str, channel: str) -> None:
    answer = desk.answers(row=row, channel=channel, on="2026-11-01")[0]
    text = web.get(f"/row/{row}?channel={channel}&on=2026-11-01").text
    top = text.partition('<div class="answer')[2].partition("</div>\n</div>")[0] or text
    assert f'class="who {answer["assignee"]}"' in top
    waits = CERTAINTY_TEXT[Certainty.NEEDS_RULING]["ja"] in text.partition("<h1>")[2].partition("</h1>")[0]
    assert waits == (answer["certainty"] == "needs_ruling")
    from html import escape

    for said in [
        answer["next"]["text"]["ja"],
        *(each["text"]["ja"] for each in answer["reasons"] + answer["caveats"] + answer["why_not"]),
    ]:
        assert escape(said) in text
    for act in answer["reserved"]:
        assert escape(act["label"]["ja"]) in text


def test_the_address_of_an_answer_gives_it_again_and_another_edition_is_said(web: TestClient, desk: Desk) -> None:
    text = web.get("/row/kokuho-25?act=receive&on=2026-11-01&q=葬祭").text
    address = next(link for link in Reader(text).links if "rules=" in link)
    words = {name: each[0] for name, each in parse_qs(urlsplit(address).query).items()}
    assert words["list"] == desk.provenance["catalog_sha256"][:16]
    assert "q" not in words
    same = web.get(address).text
    assert "いまと違う版" not in same
    told, again = (
        re.sub("<a class=.*?</a>", "", page.partition("<h1>")[2].partition("<section")[0]) for page in (text, same)
    )
    assert told == again  # but for the link to the slip, which carries the words that were searched
    other = web.get("/row/kokuho-25?" + urlencode({**words, "rules": "0" * 16})).text
    assert "いまと違う版" in other


def test_back_to_search_keeps_what_was_typed(web: TestClient) -> None:
    links = Reader(web.get("/row/kokuho-25?channel=counter&division=kokuho&q=葬祭費").text).links
    assert "/?" + urlencode({"division": "kokuho", "channel": "counter", "q": "葬祭費"}) in links


# -- print -------------------------------------------------------------------------------------------------------------


def test_a_card_tells_whether_it_is_stale(web: TestClient, desk: Desk) -> None:
    today = date_of_case(None)
    code = code_of(desk, "nenkin", today)
    assert code in web.get("/card/nenkin").text
    assert "いまのものです" in web.get(f"/card?check={code.lower().replace('-', '')}").text
    other = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert "いまのものではありません" in web.get(f"/card?check={other}").text
    assert len({code_of(desk, key, today) for key in desk.catalog.manifest.divisions}) == len(
        desk.catalog.manifest.divisions
    )


def test_what_is_printed_bears_source_date_and_hashes(web: TestClient, desk: Desk) -> None:
    for page in ("/card/kokuho", "/event/death", "/matrix", "/questions"):
        text = web.get(page).text
        assert desk.provenance["catalog_sha256"] in text
        assert desk.provenance["rules_sha256"] in text
        assert desk.provenance["edition"] in text
    assert desk.provenance["catalog_sha256"][:16] in web.get("/slip/kokuho-25").text


# -- the whole list ----------------------------------------------------------------------------------------------------


def test_the_matrix_has_every_row_as_printed(web: TestClient, desk: Desk) -> None:
    text = web.get("/matrix").text
    assert "215 行のうち 215 行" in text
    body = text.partition("<h2")[2]
    assert all(f'href="/row/{task.id}"' in body for task in desk.catalog.tasks)
    retained = web.get("/matrix?cell.mark=×").text
    count = sum(task.cells["mark"] == "×" for task in desk.catalog.tasks)
    assert f"215 行のうち {count} 行" in retained
    assert Assignee.CONTRACTOR.value not in re.findall(r'<td><span class="who (\w+)"', retained)


@pytest.mark.long
def test_every_printed_column_is_a_filter_and_what_it_means_is_another(web: TestClient, desk: Desk) -> None:
    """○ in one column is 'consigned', in another no mark of the legend; blank is this or that."""

    def rows(**words: str) -> set[str]:
        found = web.get("/matrix", params={name.replace("__", "."): word for name, word in words.items()})
        assert found.status_code == 200
        return set(re.findall(r'<th scope="row" lang="ja"><a href="/row/([^?"]+)', found.text))

    tasks = desk.catalog.tasks
    for cell in desk.catalog.manifest.cells:
        for glyph in {task.cells[cell] for task in tasks}:
            wanted = {task.id for task in tasks if task.cells[cell] == glyph}
            assert rows(**{f"cell.{cell}": glyph or "blank"}) == wanted
    for meaning in Meaning:
        said = {
            task.id
            for task in tasks
            for key in desk.catalog.manifest.channels
            if desk.catalog.says(task, key).meaning is meaning
        }
        assert rows(meaning=meaning.value) == said
    both = rows(meaning="outside", certainty="settled", division="国保")
    assert both
    assert all(row.startswith("kokuho-") for row in both)
    assert (
        rows(meaning="outside", assignee="contractor") == set()
    )  # of one channel, not this of one and that of another
    wrong = web.get("/matrix", params={"cell.nope": "x"})
    assert wrong.status_code == 400
    assert "cell.mark" in wrong.text


def test_a_row_that_is_wholly_the_citys_names_no_part_of_the_contractors(web: TestClient, desk: Desk) -> None:
    """`What remains`, or what is divided, would say that the rest of a × row is the contractor's."""
    for row, channel in (("kokuho-19", "counter"), ("kokuho-34", "counter"), ("shomu-9", "counter")):
        assert desk.brief(row=row, channel=channel).assignee == "city_staff"
        text = web.get(f"/row/{row}?channel={channel}").text
        assert "この行で市に残る行為" not in text
        assert "分けて行う行為" not in text
    assert "この行で市に残る行為" in web.get("/row/kouki-43?channel=counter").text
    assert (
        "受託者に渡るのは事務の部分だけ" in web.get("/row/kokuho-25?channel=counter").text
    )  # △: and that only by a ruling


def test_every_open_question_stands_in_a_letter(web: TestClient, desk: Desk) -> None:
    text = web.get("/questions").text
    waiting = {
        task.id
        for task in desk.catalog.tasks
        for channel in desk.catalog.manifest.channels
        if desk.brief(row=task.id, channel=channel).certainty == "needs_ruling"
    }
    assert waiting
    assert all(f"/row/{row}?" in text for row in waiting)


def questions_on(text: str) -> list[str]:
    """The questions of the page, each with its number."""
    return [unescape(each) for each in re.findall(r"<h2>(\d+\. .*?)</h2>", text)]


def test_the_page_asks_what_the_command_asks(web: TestClient, desk: Desk) -> None:
    """The same questions by the same code: grouped, worded and numbered alike, each with what stands below it in the letter."""
    asked_for = open_questions(desk, date_of_case("2026-11-25"))
    for lang in ("ja", "en"):
        text = web.get(f"/questions?on=2026-11-25&lang={lang}").text
        wanted = [f"{at}. {asked(desk, each)[lang]}" for at, each in enumerate(asked_for, 1)]
        plain = re.sub(r'<span lang="ja">(.*?)</span>', r"\1", text)
        assert questions_on(plain) == wanted
        shown = unescape(re.sub(r"<[^>]+>", "", text))
        for name, value in letter.head(desk, date_of_case("2026-11-25"), lang):
            assert f"{name}: {value}" in shown
        for name in rows_asked(desk, asked_for[0], lang):
            assert name in shown


def test_what_is_ruled_is_asked_no_more(tmp_path: Path) -> None:
    """Once every act of the △ rows is ruled, what is left is what the list must say; asked as a whole those rows stay split for ever."""
    folder = of_ward(tmp_path)
    register = Register.open(list=folder)
    part = [each for each in open_questions(register.desk, date_of_case("2026-09-01")) if each.by == BY_RULING]
    assert part
    register.add([
        Draft(tuple(each.rows), tuple(each.acts), tuple(each.channels), Assignee.CITY_STAFF, date_of_case("2026-04-01"),
              None, "回答 第1号", "契約担当課長", {"ja": "", "en": ""}, some=True)
        for each in part
    ])  # fmt: skip
    desk = Desk.open(list=folder, engine="table")
    text = client(desk).get("/questions?on=2026-09-01").text
    left = questions_on(text)
    assert len(left) == len(open_questions(desk, date_of_case("2026-09-01"))) == 3
    assert not any("委託する一部" in each for each in left)


def test_the_manual_has_every_operation(web: TestClient) -> None:
    text = web.get("/docs").text
    for path, methods in web.get("/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in text


# -- keys and the log --------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[TestClient, dict[str, str], Desk]]:
    file = str(tmp_path / "keys.jsonl")
    made = {role: api_keys.new(file, role) for role in ("counter", "auditor")}
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        yield client(desk, api_keys.load(file)), made, desk


def signed_in(web: TestClient, key: str, to: str = "/") -> TestClient:
    found = web.post("/sign-in", data={"key": key, "to": to}, follow_redirects=False)
    assert found.status_code == 303
    cookie = found.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    return web


def test_without_a_key_a_page_is_a_form_for_one(guarded: tuple[TestClient, dict[str, str], Desk]) -> None:
    web, made, _desk = guarded
    for page in ("/", "/row/kokuho-25", "/matrix", "/audit", "/results?q=x"):
        found = web.get(page)
        assert found.status_code == 401
        assert 'type="password"' in found.text
    assert web.post("/sign-in", data={"key": "assign_no"}).status_code == 401
    assert signed_in(web, made["counter"]).get("/").status_code == 200
    assert web.get("/audit").status_code == 403
    assert made["counter"] not in web.get("/").text
    web.post("/sign-out")
    assert web.get("/").status_code == 401


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(guarded: tuple[TestClient, dict[str, str], Desk], to: str) -> None:
    web, made, _desk = guarded
    found = web.post("/sign-in", data={"key": made["auditor"], "to": to}, follow_redirects=False)
    assert found.headers["location"] == "/"


def test_an_answer_on_the_page_is_recorded_once_with_its_role(guarded: tuple[TestClient, dict[str, str], Desk]) -> None:
    web, made, desk = guarded
    assert desk.audit is not None
    signed_in(web, made["counter"])
    before = desk.audit.size
    text = web.get("/row/kokuho-25?channel=counter").text
    assert desk.audit.size == before + 1
    assert "記録番号" in text
    slip = next(link for link in Reader(text).links if link.startswith("/slip/"))
    assert web.get(slip).status_code == 200
    for page in ("/", "/?q=葬祭費", "/matrix", "/questions", "/card/kokuho", "/docs", "/openapi.json", "/event/death"):
        web.get(page)
    for hand in ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, {"sec-purpose": "prefetch;prerender"}):
        assert web.get("/row/kokuho-25", headers=hand).status_code == 403  # nobody asked
    assert desk.audit.size == before + 1  # the slip is the same answer; tables and candidates answer no case


def test_an_auditor_reads_the_log_verifies_it_and_takes_a_proof(
    guarded: tuple[TestClient, dict[str, str], Desk],
) -> None:
    web, made, desk = guarded
    log = desk.audit
    assert log is not None
    signed_in(web, made["auditor"])
    web.get("/row/kokuho-25?channel=counter")
    key = held_key(log.origin)
    last = log.size - 1
    note = log.checkpoint(key)
    page = web.get("/audit").text
    assert f'href="/audit/{last}"' in page
    assert f'href="/audit/{last}"' not in web.get("/audit?division=nenkin").text
    assert f'href="/audit/{last}"' in web.get("/audit?division=kokuho&kind=decision").text
    assert "両者" in web.get(f"/audit/{last}").text
    assert web.get(f"/v1/decisions/{last}/proof").status_code == 200
    checked = web.post("/audit/verify", files={"checkpoint": ("note.txt", note)})
    assert "異常なし" in checked.text
    assert f"{log.size} 件を裏づけました" in checked.text
    wrong = web.post("/audit/verify", files={"checkpoint": ("note.txt", note.replace(f"\n{log.size}\n", "\n9\n"))})
    assert "異常なし" not in wrong.text
    for rubbish in (b"", b"\xff\xfe", b"hello"):
        assert web.post("/audit/verify", files={"checkpoint": ("note.txt", rubbish)}).status_code == 400
    assert web.get("/audit/99999").status_code == 404


def test_a_checklist_names_an_optional_step_once(web: TestClient) -> None:
    """Without their conditions, three ways of handing a card over read as one thing done three times."""
    for page in ("/event/move_within_city", "/event/age_75", "/checklist/kokuho-13", "/checklist/kouki-28"):
        for item in re.findall(r"<li>.*?</li>", web.get(page).text):
            optional = re.findall("〔[^〔〕<]+〕", item)
            assert len(optional) == len(set(optional)), item
