"""
docs/screens/: every page at three widths, side by side, from a server that runs (`assign serve --keys FILE --audit URL`), with the key of an
auditor:  .venv-web/bin/python tools/screens.py http://127.0.0.1:8000 assign_…
"""

import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

WIDTHS: Final = ((1366, 768), (683, 768), (375, 768))  # a municipal PC, the same at 200 %, a telephone
PAGES: Final = {
    "counter": "/?division=kokuho&channel=counter&q=葬祭費",
    "counter-start": "/",
    "counter-event": "/?q=死亡",
    "counter-not-here": "/?q=パスポート",
    "counter-en": "/?q=葬祭費&lang=en",
    "answer": "/row/kokuho-25?channel=counter&q=葬祭費",
    "answer-renamed": "/row/kouki-30-1?channel=counter",
    "answer-act": "/row/nenkin-24?channel=counter&act=decide",
    "answer-en": "/row/kokuho-25?channel=counter&lang=en",
    "event": "/event/death",
    "slip": "/slip/kokuho-25?channel=counter",
    "card": "/card/nenkin",
    "card-check": "/card?check=NENKIN-AAAA-BBBB",
    "matrix": "/matrix?division=kokuho",
    "questions": "/questions",
    "audit": "/audit",
    "docs": "/docs",
}


def main(base: str, key: str, folder: Path) -> None:
    """Write one picture for each page."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, address in PAGES.items():
            shots = []
            for width, height in WIDTHS:
                context = browser.new_context(viewport={"width": width, "height": height}, locale="ja-JP")
                context.add_cookies([{"name": "assign_key", "value": key, "url": base}])
                page = context.new_page()
                page.goto(base + address)
                shots.append(b64encode(page.screenshot()).decode())
                context.close()
            sheet = browser.new_page(viewport={"width": 1240, "height": 404})
            images = "".join(f'<img height="384" src="data:image/png;base64,{shot}">' for shot in shots)
            sheet.set_content(f'<body style="margin:8px;background:#949494;display:flex;gap:8px">{images}</body>')
            sheet.wait_for_timeout(200)
            sheet.screenshot(path=folder / f"{name}.png")
            sheet.close()
        browser.close()
    if pngquant := shutil.which("pngquant"):
        subprocess.run([pngquant, "--force", "--ext", ".png", "32", *sorted(folder.glob("*.png"))], check=True)  # noqa: S603 - our own pictures


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(__file__).parent.parent / "docs" / "screens")
