"""
Record anew what a screen reader is told of every page: `make golden-page`, then read the diff as somebody who cannot see would.

`golden/page/NAME.txt` holds the accessibility tree of one address in Japanese and in English, as Chromium builds it. What is the same on every
page (the footer) stands in `footer.txt` alone; hashes, versions, addresses and the day are named, not shown.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assign.web import keys as api_keys
from assign.web.page.shell import COOKIE

from .web_servers import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER: Final = Path(__file__).parent / "golden" / "page"
ON: Final = "2026-11-25"
# Name → address. Of what is long (the whole list, all letters, the API) a part that has every kind of thing in it.
PAGES: Final = {
    "counter-start": "/",
    "counter-found": "/?q=葬祭費&division=kokuho&channel=counter",
    "counter-event": "/?q=死亡",
    "counter-elsewhere": "/?q=パスポート",
    "counter-nothing": "/?q=xyzzy",
    "results": "/results?q=葬祭費",
    "answer-both": f"/row/kokuho-25?channel=counter&q=葬祭費&on={ON}",
    "answer-contractor": f"/row/nenkin-24?channel=counter&on={ON}",
    "answer-city": f"/row/kokuho-19?channel=counter&on={ON}",
    "answer-act": f"/row/nenkin-24?channel=counter&act=decide&on={ON}",
    "answer-other-edition": f"/row/kouki-30-1?channel=counter&on={ON}&rules=0000",
    "answer-unreadable": f"/row/kokuho-34?channel=backyard&on={ON}",
    "error": "/row/nope",
    "event": f"/event/death?on={ON}",
    "checklist": f"/checklist/kokuho-25?on={ON}",
    "slip": f"/slip/kokuho-25?channel=counter&on={ON}",
    "slip-none": f"/slip/kouki-43?channel=counter&on={ON}",
    "card": f"/card/shomu?on={ON}",
    "card-check": "/card",
    "card-stale": "/card?check=NENKIN-AAAA-BBBB",
    "matrix": f"/matrix?division=shomu&on={ON}",
    "matrix-none": f"/matrix?division=shomu&cell.mark=△&on={ON}",
    "questions": f"/questions?on={ON}",
    "docs": "/docs",
    "sign-in": "/sign-in",
    "audit-forbidden": "/audit",
}
KEPT: Final = {  # of a server that keeps a log, as an auditor reads it
    "answer-recorded": f"/row/nenkin-24?channel=counter&on={ON}",
    "audit": "/audit",
    "audit-record": "/audit/4",
}
_FOOTER: Final = "- contentinfo:"
_NAMED: Final = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "SERVER"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "SHA256"),
    (re.compile(r"(list|rules)(=| )[0-9a-f]{16}\b"), r"\1\2SHA"),
    (re.compile(r"(一覧|規則)( )[0-9a-f]{16}\b"), r"\1\2SHA"),
    (re.compile(r"assign \d+\.\d+\S*"), "assign VERSION"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b"), "UUID"),
    (re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^ \"]*"), "TIME"),
    (re.compile(r"assign log [^\n\"]*|\bassign-[0-9a-f]+\b"), "LOG"),
    (re.compile(r"\b(?!2026-11-25)20\d\d-\d\d-\d\d\b"), "DAY"),
    (re.compile(r"\b[A-Z]+-[A-Z2-7]{4}-[A-Z2-7]{4}\b"), "CODE"),
)


def tree(page: Page) -> tuple[str, str]:
    """What a screen reader is told of the page that is open, and of its footer."""
    for kind, rest in (("docs", ""), ("questions", ":not(:last-of-type)")):  # the last question is of another kind
        page.locator(f"body.{kind} section:nth-of-type(n + 3){rest}").evaluate_all(
            "found => found.forEach(each => each.remove())"
        )
    told = "\n".join(_short(page.locator("body").aria_snapshot().split("\n")))
    for pattern, name in _NAMED:
        told = pattern.sub(name, told)
    body, _, footer = told.partition(_FOOTER)
    return f"title: {page.title()}\n{body.rstrip()}\n", f"{_FOOTER}{footer}".rstrip() + "\n"


def _short(lines: list[str]) -> list[str]:
    """Without addresses; a cell is in its row's name, a label in its field's; the choices of a field stand in one line."""
    found: list[str] = []
    for at, line in enumerate(lines):
        told = line.strip()
        label = told.removeprefix("- text: ")
        after = lines[at + 1].strip() if at + 1 < len(lines) else ""
        if told.startswith(("- /url:", "- cell", "- 'cell", "- columnheader", "- rowheader", "- 'rowheader")):
            continue
        if told.startswith("- text: ") and re.match(rf'- \w+ "{re.escape(label)}"', after):
            continue
        if told.startswith("- option "):
            found[-1] += told.removeprefix("- option").replace('"', "")
            continue
        found.append(line.removesuffix(":") if after.startswith("- /url:") else line)
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def files(browser: Browser) -> dict[str, str]:
    """Every file: name → text. Starts a server as one starts it on one PC, and one that has keys and a log."""
    with tempfile.TemporaryDirectory() as folder:
        keys, log = f"{folder}/keys", f"sqlite:///{folder}/log.db"
        key = api_keys.new(keys, "auditor")
        with serving(Path(folder)) as open_to_all:
            found, footers = _trees(browser, f"http://127.0.0.1:{open_to_all.port}", PAGES)
        with serving(Path(folder), "--keys", keys, "--audit", log) as kept:
            more, others = _trees(browser, f"http://127.0.0.1:{kept.port}", KEPT, key)
    told: dict[str, list[str]] = {}
    for footer, names in (*footers.items(), *others.items()):
        told.setdefault(footer, []).extend(names)
    # What most pages have comes first; the others are named.
    most, *rest = sorted(told, key=lambda footer: -len(told[footer]))
    of_others = [f"== {', '.join(told[footer])}\n{footer}" for footer in rest]
    return {**found, **more, "footer.txt": "\n".join([f"== every other page\n{most}", *of_others])}


def _trees(
    browser: Browser, base: str, pages: dict[str, str], key: str = ""
) -> tuple[dict[str, str], dict[str, list[str]]]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="ja-JP")
    if key:
        context.add_cookies([{"name": COOKIE, "value": key, "url": base}])
    page = context.new_page()
    found: dict[str, str] = {}
    footers: dict[str, list[str]] = {}
    for name, address in pages.items():
        told, ends = [], []
        for lang in ("ja", "en"):
            page.goto(f"{base}{address}{'&' if '?' in address else '?'}lang={lang}")
            body, footer = tree(page)
            told.append(f"== {lang}\n{body}")
            ends.append(footer)
        found[f"{name}.txt"] = "\n".join(told)
        if all(_FOOTER in end and end.count("\n") > 1 for end in ends):
            footers.setdefault("".join(ends), []).append(name)
    context.close()
    return found, footers


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with browsing() as chromium:
        for file, text in files(chromium).items():
            (FOLDER / file).write_text(text, "utf-8", newline="")
