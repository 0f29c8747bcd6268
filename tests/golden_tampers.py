"""
Record 'who believes what' anew: `make golden-tampers`, then read the diff.

The whole table is `golden/who_believes_what.csv`; its short form goes into docs/audit.md. With the names of kinds, only these are
made anew: `python -m tests.golden_tampers "payload edited"`.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

from assign import Desk

from .believers import COMMANDS, READERS, Sound, judged, swift
from .golden import FOLDER
from .servers import Server, private_server
from .tampered import World
from .tampers import KINDS

FILE: Final = FOLDER / "who_believes_what.csv"
DOCS: Final = Path(__file__).parents[1] / "docs" / "audit.md"
Table = dict[tuple[str, str], dict[str, str]]
HEAD: Final = ("database", "kind", "group", "ja", "en", *COMMANDS)
GROUPS: Final = {
    "rows": "記録の行 / rows of records",
    "types": "列の型 / types of columns",
    "publications": "使用開始の表 / publications",
    "editions": "版 / editions",
    "checkpoints": "記録のそばのチェックポイント / checkpoints beside",
    "logs": "記録の名前 / names of logs",
    "keys": "鍵 / keys",
    "schema": "表・トリガー・索引など / tables, triggers, indexes …",
    "files": "ファイル / files",
    "batches": "一括処理の記録 / records of batches",
    "lawful": "書ける人が書いたもの / written by who may write",
}
SHORT: Final = {
    "`verify` 外のチェックポイントで / with the one outside": ("verify, outside",),
    "`verify` だけ / without": ("verify, alone",),
    "読む / read": ("show", *READERS),
    "証明 / prove": ("prove", "prove row", "growth", "replay batch"),
    "写す / copy": ("backup", "restore"),
    "署名 / sign": ("checkpoint",),
    "記録 / record": ("decide",),
}
WORDS: Final = {
    "6": "6",
    "nothing, as documented": "何もない / nothing",
    "sound": "正しい / sound",
    "says so": "そう言う / says so",
    "named": "名指す / named",
    "made, named": "写して名指す / made and named",
    "refused": "断る / refused",
    "as written": "書いてあるまま / as written",
    "signed": "署名 / signed",
    "recorded": "記録 / recorded",
}


def kept() -> Table:
    """The table that was agreed to."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {
            (each["database"], each["kind"]): {name: each[name] for name in COMMANDS} for each in csv.DictReader(file)
        }


def written(table: Table) -> str:
    """The whole table."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for (database, name), cells in table.items():
        kind = KINDS[name]
        writer.writerow([database, name, kind.group, kind.ja, kind.en, *cells.values()])
    return out.getvalue()


def short(table: Table) -> str:
    """For the page: what each kind of command says to each group, with how many times."""
    lines = [f"| | 種類 / kinds | {' | '.join(SHORT)} |", "|---" * (len(SHORT) + 2) + "|"]
    for group, label in GROUPS.items():
        rows = [cells for (_, name), cells in table.items() if KINDS[name].group == group]
        kinds = len({name for _, name in table if KINDS[name].group == group})
        said = [" ・ ".join(_counted([cells[name] for cells in rows for name in names])) for names in SHORT.values()]
        lines.append(f"| {label} | {kinds} | {' | '.join(said)} |")
    return "\n".join(lines)


def _counted(cells: list[str]) -> list[str]:
    found: dict[str, int] = {}
    for each in cells:
        word = "6" if each.startswith("6") else each
        found[word] = found.get(word, 0) + 1
    found.pop("-", None)
    order = list(WORDS)
    words = sorted(found, key=lambda word: order.index(word) if word in order else len(order))
    return [f"{WORDS.get(word, word)} {found[word]}" if len(found) > 1 else WORDS.get(word, word) for word in words]


def made(database: str, server: Server | None, only: set[str], folder: Path) -> Table:
    """Every kind's cells."""
    world = World(folder / f"{database}-log", Desk.open(engine="table"), server)
    sound = Sound(world, folder / "sound")
    found: Table = {}
    for kind in KINDS.values():
        if kind.on in ("both", database) and (not only or kind.name in only):
            found[database, kind.name], strange = judged(world, sound, kind, folder)
            for each in strange:
                sys.exit(f"{kind.name}: the same steps without the tampering: {each}")
    return found


def main(only: set[str]) -> None:
    """Make the table anew, and write it."""
    with swift(), tempfile.TemporaryDirectory() as place, private_server() as server:
        found = {**made("sqlite", None, only, Path(place)), **made("postgresql", server, only, Path(place))}
    table = {**kept(), **found} if only else found
    FILE.write_text(written(table), "utf-8", newline="")
    text = DOCS.read_text("utf-8")
    pattern = re.compile(r"\| \| 種類 / kinds \|.*?(?=\n\n)", re.DOTALL)
    assert pattern.search(text), "docs/audit.md has no place for the table"
    DOCS.write_text(pattern.sub(lambda _: short(table), text), "utf-8", newline="")


if __name__ == "__main__":
    main(set(sys.argv[1:]))
