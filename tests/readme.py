"""
Write the parts of the READMEs anew that the program itself says: `make readme`.

    <!-- answer -->     what `assign decide` prints of the case that the page opens with
    <!-- commands -->   the commands, as `assign --help` lists them

The day of the case is fixed, so that the pages change when the answer does and not each day.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = {"README.md": "en", "README.ja.md": "ja"}
CASE: Final = ("decide", "--division", "nenkin", "--item", "24", "--channel", "counter")
ON: Final = "2026-11-25"
HEADINGS: Final = {"ja": ("コマンド", "答えるもの"), "en": ("command", "gives")}


def printed(*words: str) -> str:
    """What a command prints into 80 columns."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ASSIGN_")} | {"COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-m", "assign", *words], capture_output=True, text=True, encoding="utf-8", check=True, env=env
    )
    return done.stdout


def answer(lang: str) -> str:
    """The opening case, as somebody types it and reads it."""
    typed = [*CASE, "--lang", "en"] if lang == "en" else CASE
    return f"```\n$ assign {' '.join(typed)}\n{printed(*CASE, '--on', ON, '--lang', lang)}```\n"


def commands(lang: str) -> str:
    """A table of the commands."""
    listed = re.split(r"^(?:Commands|コマンド):\n", printed("--help", "--lang", lang), flags=re.MULTILINE)[1]
    rows = re.findall(r"^ {2}(\w+) +(.+(?:\n {5,}.+)*)", listed.split("\n\n")[0], re.MULTILINE)
    first, second = HEADINGS[lang]
    gap = " " if lang == "en" else ""
    lines = [f"| `assign {name}` | {gap.join(map(str.strip, text.splitlines()))} |" for name, text in rows]
    return "\n".join([f"| {first} | {second} |", "|---|---|", *lines, ""])


def filled(text: str, lang: str) -> str:
    """A page with its parts as the program says them now."""
    for name, said in (("answer", answer(lang)), ("commands", commands(lang))):
        head, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, tail = rest.partition(f"<!-- /{name} -->")
        assert end, name
        text = head + begin + said + end + tail
    return text


if __name__ == "__main__":
    for page, lang in PAGES.items():
        path = ROOT / page
        path.write_text(filled(path.read_text("utf-8"), lang), "utf-8")
