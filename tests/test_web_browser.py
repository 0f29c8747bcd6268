"""
The page in a real browser (Debian's Chromium): ten seconds by keyboard, an input method, no script, no other host, and paper.

Run by `tools/ci.sh web`; the browser and its tools are in an environment of their own.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import web_trees

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.web
PAGES = [
    "/",
    "/?q=葬祭費&division=kokuho&channel=counter",
    "/?q=死亡",
    "/?q=パスポート",
    "/?q=xyzzy",
    "/row/kokuho-25?channel=counter&q=葬祭費",
    "/row/kouki-30-1?channel=counter",
    "/row/kokuho-34?channel=backyard",
    "/row/nenkin-24?act=decide",
    "/row/nope",
    "/event/death",
    "/checklist/kokuho-25",
    "/slip/kokuho-25",
    "/slip/kouki-43",
    "/card",
    "/card?check=NENKIN-AAAA-BBBB",
    "/card/nenkin",
    "/matrix?division=nenkin",
    "/questions",
    "/docs",
    "/sign-in",
]
PT = 72 / 25.4  # of a millimetre


@contextmanager
def served(*options: str, **environment: str) -> Iterator[str]:
    """`assign serve` as a user starts it; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "assign", "serve", "--port", str(port), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}/readyz", timeout=5):  # noqa: S310 - our own address
                    break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a municipal PC: 1366 x 768, Japanese. What goes to another host, or breaks the policy, fails the test."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="ja-JP")
    found = context.new_page()
    strangers: list[str] = []
    complaints: list[str] = []
    found.on(
        "request",
        lambda request: strangers.append(request.url) if not request.url.startswith("http://127.0.0.1:") else None,
    )
    found.on(
        "console",
        lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
    )
    found.on("pageerror", lambda error: complaints.append(str(error)))
    yield found
    context.close()
    assert strangers == []
    assert complaints == []


def in_english(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}lang=en"


def violations(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found: dict[str, Any] = Axe().run(page).response
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]


# -- ten seconds -------------------------------------------------------------------------------------------------------


def test_three_actions_from_typing_to_the_answer_by_keyboard_alone(base: str, page: Page) -> None:
    page.goto(f"{base}/?division=kokuho&channel=counter")
    page.keyboard.type("葬祭費")  # 1: the box has the focus already
    page.keyboard.press("Enter")  # 2: to the first candidate
    page.wait_for_selector("a.candidate:focus")
    page.keyboard.press("Enter")  # 3: open it
    page.wait_for_url("**/row/kokuho-25**")
    assert page.locator(".answer .who").first.inner_text().startswith("◆")
    assert "channel=counter" in page.url
    page.keyboard.press("Tab")  # past the skip link to `back to search`
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?**")
    assert page.input_value("#q") == "葬祭費"
    assert page.evaluate("document.activeElement.id") == "q"


def test_arrows_choose_another_candidate_and_escape_goes_back_to_the_box(base: str, page: Page) -> None:
    page.goto(f"{base}/?channel=counter")
    page.keyboard.type("葬祭費")
    page.wait_for_selector("a.candidate")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("a.candidate:focus[href*='/row/kouki-43']")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("a.candidate:focus")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector("#q:focus")


def test_an_arrow_waits_for_the_candidates_of_what_is_typed(base: str, page: Page) -> None:
    """On a slow line the candidates of an earlier word are still on the screen, and are about to be replaced."""
    page.goto(f"{base}/?channel=counter&q=死亡")
    slow = True
    waiting: list[Any] = []
    page.route("**/results**", lambda route: waiting.append(route) if slow else route.continue_())
    with page.expect_request("**/results**"):
        page.fill("#q", "葬祭費")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement.id") == "q"
    slow = False
    for route in waiting:
        route.continue_()
    page.wait_for_selector("a.candidate:focus[href*='/row/kouki-43']")


def test_words_taken_back_do_not_get_the_candidates_of_the_longer_ones(base: str, page: Page) -> None:
    page.goto(f"{base}/?channel=counter&q=葬祭費")
    waiting: list[Any] = []
    page.route("**/results**", lambda route: waiting.append(route))  # noqa: PLW0108 - playwright refuses a built-in method
    with page.expect_request("**/results**"):
        page.fill("#q", "葬祭費と死亡")
    page.wait_for_timeout(50)
    assert len(waiting) == 1
    page.fill("#q", "葬祭費")
    page.wait_for_timeout(300)
    waiting[0].continue_()
    page.wait_for_timeout(400)
    assert page.locator("a.candidate").count() == 2
    assert "死亡" not in page.url


def test_the_box_keeps_the_focus_while_results_change(base: str, page: Page) -> None:
    page.goto(base)
    page.evaluate(
        "() => { window.left = 0; document.getElementById('q').addEventListener('blur', () => window.left++); }"
    )
    for letter in "国民年金の免除":
        page.keyboard.type(letter)
        page.wait_for_timeout(180)
        assert page.evaluate("document.activeElement.id") == "q"
    page.wait_for_selector("a.candidate")
    assert page.evaluate("window.left") == 0
    assert page.input_value("#q") == "国民年金の免除"
    assert "q=" in page.url


def test_an_input_method_sends_no_half_words(base: str, page: Page) -> None:
    """Chromium's own composition, as an input method makes it; then the same through DOM events."""
    page.goto(base)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/results" in request.url else None)
    cdp = page.context.new_cdp_session(page)
    for half in ("s", "そ", "そう", "そうさ", "そうさい"):
        cdp.send("Input.imeSetComposition", {"text": half, "selectionStart": len(half), "selectionEnd": len(half)})
        page.wait_for_timeout(200)
    assert page.input_value("#q") == "そうさい"
    assert sent == []
    cdp.send("Input.insertText", {"text": "葬祭費"})
    page.wait_for_selector("a.candidate")
    assert len(sent) == 1
    page.evaluate(
        """() => {
      const box = document.getElementById("q");
      box.dispatchEvent(new CompositionEvent("compositionstart"));
      box.value = "てんにゅ";
      box.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
      box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true }));
      box.form.requestSubmit();
    }"""
    )
    page.wait_for_timeout(400)
    assert len(sent) == 1
    with page.expect_request("**/results**"):
        page.evaluate("document.getElementById('q').dispatchEvent(new CompositionEvent('compositionend'))")
    page.wait_for_timeout(400)
    assert len(sent) == 2


def test_an_answer_that_comes_late_is_dropped(base: str, page: Page) -> None:
    waiting: list[Any] = []
    page.goto(base)
    page.route(re.compile(r"/results\?q=%E6%AD%BB%E4%BA%A1$"), lambda route: waiting.append(route))  # noqa: PLW0108 - playwright refuses a built-in method
    with page.expect_request("**/results**"):
        page.keyboard.insert_text("死亡")
    page.wait_for_timeout(50)
    page.fill("#q", "葬祭費")
    page.wait_for_selector("a.candidate")
    assert len(waiting) == 1
    waiting[0].continue_()
    page.wait_for_timeout(400)
    assert page.locator("a.candidate").count() == 2
    assert "できごと: 死亡" not in page.inner_text("#results")


def test_when_the_server_is_gone_no_earlier_candidates_stay(base: str, page: Page) -> None:
    page.goto(f"{base}/?q=葬祭費")
    page.route("**/results**", lambda route: route.abort())
    page.fill("#q", "死亡")
    page.wait_for_selector("#results [role=alert]")
    assert page.locator("a.candidate").count() == 0


def test_division_and_channel_are_set_once(base: str, page: Page) -> None:
    page.goto(base)
    page.select_option("select[name=division]", "nenkin")
    page.select_option("select[name=channel]", "counter")
    page.fill("#q", "免除")
    page.wait_for_selector("a.candidate")
    assert "division=nenkin" in page.url
    assert "channel=counter" in page.url
    page.locator("a.candidate").first.click()
    page.locator("header a").first.click()
    assert page.input_value("select[name=division]") == "nenkin"
    assert page.input_value("#q") == "免除"


def test_the_same_task_without_a_script(base: str, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{base}/?division=kokuho&channel=counter")
    page.keyboard.type("葬祭費")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    page.wait_for_selector("a.candidate")
    page.keyboard.press("Enter")  # the first candidate has the focus
    page.wait_for_url("**/row/kokuho-25**")
    assert page.locator(".answer .who").first.inner_text().startswith("◆")
    context.close()


# -- seen --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (683, 384)])
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_who_next_and_row_are_seen_without_scrolling(base: str, page: Page, width: int, height: int, lang: str) -> None:
    """At 1366 x 768, and at 200 % (683 x 384): of every row the longest texts among them."""
    page.set_viewport_size({"width": width, "height": height})
    for row in ("kokuho-25", "kouki-30-1", "kouki-29-1", "kokuho-34", "nenkin-24", "center-1-1", "kokuho-11"):
        page.goto(f"{base}/row/{row}?channel=counter&lang={lang}")
        box = page.locator(".answer").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height, row
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1366, 683, 320])
def test_no_page_scrolls_sideways(base: str, page: Page, width: int) -> None:
    """At 320 CSS pixels, which is 400 % of a PC's screen (WCAG 1.4.10); tables scroll within themselves."""
    page.set_viewport_size({"width": width, "height": 600})
    for address in [*PAGES, *map(in_english, PAGES)]:
        page.goto(base + address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("colours", ["none", "active"])
def test_axe_finds_nothing(base: str, page: Page, lang: str, colours: Any) -> None:
    page.emulate_media(forced_colors=colours)
    for address in PAGES:
        page.goto(base + (address if lang == "ja" else in_english(address)))
        assert violations(page) == [], address


def test_the_auditors_page_in_a_browser(page: Page, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    made = subprocess.run(
        [sys.executable, "-m", "assign", "serve", "--keys", str(keys), "--new-key", "auditor"],
        capture_output=True,
        text=True,
        check=True,
    )
    log = f"sqlite:///{tmp_path}/log.db"
    with served("--keys", str(keys), "--audit", log) as address:
        page.goto(f"{address}/audit")
        assert violations(page) == []
        page.fill("input[type=password]", made.stdout.strip())
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="判定の記録").wait_for()
        page.goto(f"{address}/row/kokuho-25")
        assert "記録番号" in page.inner_text("main")
        subprocess.run(
            [sys.executable, "-m", "assign", "audit", "checkpoint", "--audit", log, "--to", str(tmp_path / "note")],
            check=True,
            capture_output=True,
        )
        page.goto(f"{address}/audit")
        page.set_input_files("input[type=file]", str(tmp_path / "note"))
        page.get_by_role("button", name="検証する").click()
        page.wait_for_selector(".verdict")
        assert "異常なし" in page.inner_text(".verdict")
        assert violations(page) == []
        with page.expect_download() as taken:
            page.locator("a[download]").last.click()
        assert taken.value.suggested_filename.startswith("proof-")
        for lang in ("ja", "en"):
            page.goto(f"{address}/audit?lang={lang}")
            assert violations(page) == []
            page.goto(f"{address}/audit/4?lang={lang}")
            assert violations(page) == []


def test_what_a_screen_reader_is_told_is_as_it_was_read(chromium: Browser) -> None:
    """Every page in both languages; a change shows as a diff: `make golden-page`, and read it."""
    kept = {path.name: path.read_text("utf-8") for path in web_trees.FOLDER.iterdir()}
    found = web_trees.files(chromium)
    assert found.keys() == kept.keys()
    for name, text in found.items():
        assert text == kept[name], name


def test_headings_go_down_by_one_and_every_page_has_its_landmarks() -> None:
    """Of every page that was read: one heading of level 1, no level left out, and what is not content is within a landmark."""
    for path in web_trees.FOLDER.glob("*.txt"):
        if path.stem in ("footer", "results"):
            continue
        for told in path.read_text("utf-8").split("\n== "):
            levels = [int(level) for level in re.findall(r"heading .*\[level=(\d)\]", told)]
            assert levels.count(1) == 1, path.name
            assert levels[0] == 1, path.name
            assert all(b <= a + 1 for a, b in pairwise(levels)), path.name
            assert "\n- banner:" in told
            assert "\n- main" in told


def test_the_count_is_told_by_a_live_region_that_was_there_before(base: str, page: Page) -> None:
    """A region that comes with its words is told by few screen readers; the element must stay and its words change."""
    page.goto(base)
    page.evaluate("() => { window.before = document.querySelector('[role=status]'); }")
    assert page.evaluate("window.before.textContent") == ""
    page.keyboard.insert_text("葬祭費")
    page.wait_for_selector("a.candidate")
    assert page.evaluate("document.querySelector('[role=status]') === window.before")
    assert page.evaluate("window.before.textContent") == "候補 2 件"
    page.fill("#q", "xyzzy")
    page.wait_for_selector(".ask")
    assert page.evaluate("window.before.textContent") == "この一覧に見つかりません"


def test_arrows_reach_what_may_be_meant_and_enter_does_not(base: str, page: Page) -> None:
    """What the list does not have is never answered by its neighbour: two keys that are pressed without looking open nothing."""
    page.goto(f"{base}/?division=kokuho&channel=counter")
    page.keyboard.insert_text("差押え")
    page.keyboard.press("Enter")
    page.wait_for_selector("a.near")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("ArrowDown")
    assert "/row/kokuho-64" in str(page.evaluate("document.activeElement.getAttribute('href')"))
    assert page.evaluate("document.activeElement.innerText").startswith("国民健康保険 64 ")


# -- paper -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "width", "height", "most"),
    [
        ("/event/death", 210, 297, 1),
        ("/event/age_75?lang=en", 210, 297, 1),
        ("/event/move_within_city", 210, 297, 1),  # these four fill most
        ("/event/move_between_wards", 210, 297, 1),
        ("/event/employment", 210, 297, 1),
        ("/event/age_65", 210, 297, 1),
        ("/row/kokuho-25?channel=counter", 210, 297, 3),
        ("/matrix?division=nenkin", 210, 297, 4),
        ("/checklist/kokuho-25", 210, 297, 1),
        ("/slip/kokuho-25?channel=counter", 105, 148, 1),
        ("/slip/kouki-22?channel=counter&act=certify&lang=en", 105, 148, 1),
        ("/card/nenkin", 210, 297, 2),
        ("/card/kokuho", 210, 297, 2),
        ("/card/kokuho?lang=en", 210, 297, 2),
    ],
)
def test_paper_has_its_size(
    base: str, page: Page, tmp_path: Path, address: str, width: int, height: int, most: int
) -> None:
    page.goto(base + address)
    file = tmp_path / "page.pdf"
    page.pdf(path=str(file), prefer_css_page_size=True, print_background=False)
    told = subprocess.run(["pdfinfo", str(file)], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Page size:\s+([\d.]+) x ([\d.]+) pts", told)
    assert found
    assert abs(float(found[1]) - width * PT) < 1
    assert abs(float(found[2]) - height * PT) < 1
    pages = re.search(r"Pages:\s+(\d+)", told)
    assert pages
    assert int(pages[1]) <= most


def test_every_sheet_of_a_card_bears_its_code(base: str, page: Page, tmp_path: Path) -> None:
    """The second sheet of a card lies alone on a desk; whether it is stale must be found out from it alone."""
    page.goto(f"{base}/card/kokuho")
    code = page.locator("h1 .code").inner_text()
    file = tmp_path / "card.pdf"
    page.pdf(path=str(file), prefer_css_page_size=True)
    sheets = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, text=True, check=True).stdout.split(
        "\f"
    )[:-1]
    assert len(sheets) == 2
    assert all(code in sheet for sheet in sheets)
    assert f"{base}/card?check={code}" in sheets[-1]


@pytest.mark.parametrize("width", [1366, 683, 375])
def test_the_slip_is_one_key_from_the_answer_and_covers_nothing(base: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    for lang in ("ja", "en"):
        page.goto(f"{base}/row/kokuho-25?channel=counter&act=certify&lang={lang}")
        page.locator("#main").focus()
        page.keyboard.press("Tab")
        assert "/slip/kokuho-25?" in str(page.evaluate("document.activeElement.getAttribute('href')"))
        link = page.locator(".slip-link").bounding_box()
        assert link
        for other in page.locator(".answer .who, .answer .where, .answer dd").all():
            box = other.bounding_box()
            assert box
            apart = box["x"] + box["width"] <= link["x"] or box["y"] + box["height"] <= link["y"]
            assert apart or link["x"] + link["width"] <= box["x"] or link["y"] + link["height"] <= box["y"]
    page.keyboard.press("Enter")
    page.wait_for_url("**/slip/kokuho-25**")
    page.locator("main a").last.click()
    page.wait_for_url("**/row/kokuho-25?**act=certify**")
