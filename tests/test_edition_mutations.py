"""Random mistakes in a good edition of a city's own list, from a seed: each is refused, or `check` or `diff` shows it; none passes in silence."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from assign import Desk
from assign.catalog.kept import plain as plain_manifest
from assign.check import proofs
from assign.diff import Report, compare
from assign.errors import AssignError
from assign.rules.precompiled import plain as plain_rules

from .editions import folder_of

Files = dict[str, str]
Mutation = Callable[[random.Random, Files], str]  # changes one file or more, and says what it did
HOW_MANY = 204  # as many of each kind
LOOKALIKES = ("○〇", "○◯", "○O", "○о", "託托", "直置", "共供", "口□", "ー一", "カ力", "ニ二", "工エ", "へヘ", "１1", "1l", "（(", "の之", "・･", "届屈", "受授")  # fmt: skip
CELLS = ("share", "counter", "mail")
pytestmark = pytest.mark.usefixtures("one_engine")  # that two agree is proved elsewhere


def table(files: Files) -> list[list[str]]:
    return list(csv.reader(io.StringIO(files["catalog.csv"].removeprefix("\ufeff"), newline="")))


def put(files: Files, rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    files["catalog.csv"] = "\ufeff" + out.getvalue()


def swapped_marks(chance: random.Random, files: Files) -> str:
    """Of two rows that differ in them; sometimes with the raw text, sometimes with a word that it was judged."""
    rows = table(files)
    at = {name: rows[0].index(name) for name in (*CELLS, "raw", "reading", "repairs")}
    one = chance.choice(rows[1:])
    other = chance.choice([row for row in rows[1:] if [row[at[n]] for n in CELLS] != [one[at[n]] for n in CELLS]])
    how = chance.choice(("cells", "with raw", "judged"))
    for name in (*CELLS, *(("raw",) if how == "with raw" else ())):
        one[at[name]], other[at[name]] = other[at[name]], one[at[name]]
    if how == "judged":
        one[at["reading"]] = other[at["reading"]] = "judged"
    put(files, rows)
    return f"marks of {one[0]} and {other[0]} swapped ({how})"


def dropped_rows(chance: random.Random, files: Files) -> str:
    """From the catalog; sometimes from the rules as well, as whoever tidies up does."""
    rows = table(files)
    gone = chance.sample(rows[1:], chance.choice((1, 1, 2, 5)))
    put(files, [row for row in rows if row not in gone])
    if tidy := chance.random() < 0.7:
        for row in gone:
            for name in ("kinds", "notes", "rulings"):
                files[f"rules/{name}.yaml"] = re.sub(rf"\b{row[0]}\b,? ?", "", files[f"rules/{name}.yaml"])
    return f"{len(gone)} rows dropped{' from the rules, too' if tidy else ''}: {gone[0][0]}"


def duplicated(chance: random.Random, files: Files) -> str:
    """A row twice, an id twice, a number twice, or a second copy that is a little otherwise."""
    rows = table(files)
    at = chance.randrange(1, len(rows))
    how = chance.choice(("row", "id", "number", "otherwise", "renumbered"))
    if how in ("row", "otherwise", "renumbered"):
        again = list(rows[at])
        if how == "otherwise":
            again[rows[0].index("name")] += "（再）"
        if how == "renumbered":
            again[0], again[rows[0].index("number")] = re.sub(r"-.*", "-99", again[0]), "99"
            files["rules/kinds.yaml"] = files["rules/kinds.yaml"].replace(
                f"{rows[at][0]},", f"{rows[at][0]}, {again[0]},"
            )
        rows.insert(at + 1, again)
    else:
        column = 0 if how == "id" else rows[0].index("number")
        rows[at][column] = chance.choice([row for row in rows[1:] if row is not rows[at]])[column]
    put(files, rows)
    return f"{how} twice: {rows[at][0]}"


def shifted(chance: random.Random, files: Files) -> str:
    """Cells of one row, of one column, or of the whole file, one place on; or two columns changed."""
    rows = table(files)
    first, last = rows[0].index("section"), rows[0].index("mail") + 1
    how = chance.choice(("row", "marks", "columns", "column down", "values changed"))
    if how in ("row", "marks"):
        row = chance.choice(rows[1:])
        start = first if how == "row" else rows[0].index("share")
        cells = row[start:last]
        step = chance.choice((1, -1))
        row[start:last] = cells[-step:] + cells[:-step]
        how = f"{how} {row[0]}"
    elif how == "columns":
        one, other = chance.sample(range(len(rows[0])), 2)
        for row in rows:
            row[one], row[other] = row[other], row[one]
    elif how == "values changed":
        here, there = chance.sample(("section", "group", "name", "remark", *CELLS), 2)
        for row in rows[1:]:
            a, b = rows[0].index(here), rows[0].index(there)
            row[a], row[b] = row[b], row[a]
        how = f"{here} and {there} changed"
    else:
        down = rows[0].index(chance.choice(("name", "group", *CELLS, "number", "raw", "line")))
        cells = [row[down] for row in rows[1:]]
        for row, cell in zip(rows[1:], [cells[-1], *cells[:-1]], strict=True):
            row[down] = cell
        how = f"{rows[0][down]} one row down"
    put(files, rows)
    return f"shifted: {how}"


def another_day(chance: random.Random, files: Files) -> str:
    """Any day that stands in the edition."""
    name = chance.choice(
        ("manifest.yaml", "rules/rulings.yaml", "rules/rulings.yaml", "rules/notes.yaml", "rules/acts.yaml")
    )
    days = list(re.finditer(r"20\d\d-\d\d-\d\d", files[name]))
    if not days:
        name = "rules/rulings.yaml"
        days = list(re.finditer(r"20\d\d-\d\d-\d\d", files[name]))
    day = chance.choice(days)
    new = chance.choice(
        (f"{int(day[0][:4]) + 1}{day[0][4:]}", day[0][:8] + "15", day[0][:5] + "13-01", "2026-02-30", "9999-12-31")
    )
    files[name] = files[name][: day.start()] + new + files[name][day.end() :]
    return f"{name}: {day[0]} → {new}"


def a_translation_less(chance: random.Random, files: Files) -> str:
    """English or Japanese gone, empty, or the other language in its place."""
    name = chance.choice(
        (
            "manifest.yaml",
            *(f"rules/{each}.yaml" for each in ("acts", "kinds", "holders", "notes", "rulings", "decision_table")),
        )
    )
    pattern = r',\s*"en": "[^"]*"' if name == "manifest.yaml" else r", en: (?:\"[^\"]*\"|[^,}\"]+)(?=})"
    found = chance.choice(list(re.finditer(pattern, files[name])))
    new = chance.choice(
        (
            "",
            ', "en": ""' if name == "manifest.yaml" else ', en: ""',
            ', "en": "x"' if name == "manifest.yaml" else ", en: x",
        )
    )
    files[name] = files[name][: found.start()] + new + files[name][found.end() :]
    return f"{name}: {found[0][:30]} → {new or 'gone'}"


def a_lookalike(chance: random.Random, files: Files) -> str:
    """One character for another that looks the same, wherever it stands."""
    for _ in range(100):
        name = chance.choice(
            ["catalog.csv"] * 4 + ["manifest.yaml"] * 2 + [each for each in files if each.startswith("rules/")]
        )
        pair = chance.choice(LOOKALIKES)
        old, new = chance.sample(pair, 2)
        places = [
            found.start()
            for found in re.finditer(re.escape(old), files[name])
            if not in_a_comment(name, files[name], found.start())
        ]
        if places:
            break
    at = chance.choice(places)
    files[name] = files[name][:at] + new + files[name][at + 1 :]
    return f"{name}: {old} → {new} in {files[name][max(0, at - 12) : at + 8]!r}"


def in_a_comment(name: str, text: str, at: int) -> bool:
    return name.endswith(".yaml") and "#" in text[text.rfind("\n", 0, at) + 1 : at]


def another_word(chance: random.Random, files: Files) -> str:
    """A meaning, a class, an assignee, a holder, a kind, a channel: for another that there is."""
    edits = (
        ("manifest.yaml", r'"means": "(\w+)"', ("retained", "consigned", "part_open", "outside", "undefined")),
        ("manifest.yaml", r'"kind": "(\w+)"', ("counter", "mail", "phone", "online")),
        ("rules/acts.yaml", r"class: (\w+)", ("factual", "authority", "barred", "shared")),
        ("rules/rulings.yaml", r"assignee: (\w+)", ("contractor", "city_staff", "split")),
        ("rules/rulings.yaml", r"channel: (\w+)", ("counter", "mail")),
        ("rules/rulings.yaml", r"act: (\w+)", ("receive", "identify", "decide", "mail")),
        ("rules/holders.yaml", r"holder: (\w+)", ("city", "minister", "wide_area_union")),
        ("rules/notes.yaml", r"caveat: (\w+)", ("ended", "renamed", "changed", "review_due")),
        ("rules/kinds.yaml", r"act: (\w+)", ("receive", "mail", "print", "decide", "lookup")),
        ("rules/kinds.yaml", r"channel: (\w+)", ("counter", "mail")),
        ("rules/decision_table.yaml", r"assignee: (\w+)", ("contractor", "city_staff", "split")),
        ("rules/decision_table.yaml", r"certainty: (\w+)", ("settled", "needs_ruling")),
    )
    name, pattern, words = chance.choice(edits)
    found = chance.choice(list(re.finditer(pattern, files[name])))
    new = chance.choice([word for word in words if word != found[1]])
    files[name] = files[name][: found.start(1)] + new + files[name][found.end(1) :]
    return f"{name}: {found[0]} → {new}"


def how_it_was_read(chance: random.Random, files: Files) -> str:
    """The line, the raw text, the reading, the repairs; or the document itself."""
    rows = table(files)
    row = chance.choice(rows[1:])
    what = chance.choice(("line", "raw", "reading", "repairs", "document", "source"))
    at = rows[0].index("raw") if what == "source" else rows[0].index(what)
    if what == "source":
        name = next(each for each in files if each.startswith("source/"))
        lines = files[name].split("\n")
        spot = chance.randrange(len(lines))
        lines[spot] += chance.choice(("\t", "○", " ", "注"))
        files[name] = "\n".join(lines)
        return f"document, line {spot + 1}"
    row[at] = {
        "line": str(int(row[at]) + 1) if what == "line" else "",
        "raw": row[at] + "\t○",
        "reading": "as_printed" if row[at] != "as_printed" else "judged",
        "repairs": "cells_shifted",
        "document": "list_d9.txt",
    }[what]
    put(files, rows)
    return f"{what} of {row[0]}"


def in_another_order(chance: random.Random, files: Files) -> str:
    """Rows of the catalog, or lines of any file: two changed, one moved to the end."""
    if chance.random() < 0.4:
        rows = table(files)
        one, other = chance.sample(range(1, len(rows)), 2)
        rows[one], rows[other] = rows[other], rows[one]
        put(files, rows)
        return f"rows {rows[one][0]} and {rows[other][0]} changed places"
    name, lines = a_file(chance, files)
    at = chance.choice([at for at, line in enumerate(lines[:-1]) if worth(line) and line != lines[at + 1]])
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    files[name] = "\n".join(lines)
    return f"{name}: lines {at + 1} and {at + 2} changed places"


def a_line_less_or_more(chance: random.Random, files: Files) -> str:
    """Of any file."""
    name, lines = a_file(chance, files)
    at = chance.choice([at for at, line in enumerate(lines) if worth(line)])
    more = chance.random() < 0.4
    lines[at : at + 1] = [lines[at]] * (2 if more else 0)
    files[name] = "\n".join(lines)
    return f"{name}: line {at + 1} {'twice' if more else 'gone'}"


def another_character(chance: random.Random, files: Files) -> str:
    """Of any file: one changed, gone or more."""
    name, lines = a_file(chance, files)
    at = chance.choice([at for at, line in enumerate(lines) if worth(line)])
    spot = chance.randrange(len(lines[at]))
    new = chance.choice(("", "x", "ノ", "0", "", " "))
    lines[at] = lines[at][:spot] + new + lines[at][spot + 1 :]
    files[name] = "\n".join(lines)
    return f"{name}, line {at + 1}: {lines[at][max(0, spot - 15) : spot + 10]!r}"


def a_file(chance: random.Random, files: Files) -> tuple[str, list[str]]:
    name = chance.choice(sorted(files))
    return name, files[name].split("\n")


def worth(line: str) -> bool:
    """Neither empty nor a comment."""
    return bool(line.strip()) and not line.lstrip().startswith("#")


MUTATIONS: tuple[Mutation, ...] = (
    swapped_marks, dropped_rows, duplicated, shifted, another_day, a_translation_less, a_lookalike, another_word, how_it_was_read,
    in_another_order, a_line_less_or_more, another_character,
)  # fmt: skip


def outcome(good: Desk, folder: Path) -> str:
    """What sees a mistake first: the reader, `diff`, or `check`. `harmless`: everything that was read is as it was."""
    try:
        desk = Desk.open(list=folder, engine="table")
        report = compare(good, desk)
        if shown(report):
            return "diff"
        if proofs.check(desk, list_path=folder).findings:
            return "check"
    except AssignError:
        return "refused"
    return "harmless" if all_of(desk) == all_of(good) else "passed"


def shown(report: Report) -> bool:
    """Whether a reader sees a difference: a change, a decision that moves, what is no change, or what the edition is called."""
    named = [(each.title, each.edition, each.effective, each.rows) for each in (report.old, report.new)]
    return not report.equal or bool(report.no_changes) or named[0] != named[1]


def all_of(desk: Desk) -> object:
    return plain_manifest(desk.catalog.manifest), desk.catalog.tasks, {**plain_rules(desk.rules), "sha256": ""}


@pytest.mark.slow
def test_no_mistake_in_an_edition_passes_in_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two hundred, of each kind as many; what sees them is counted, and what passed is named."""
    folder = folder_of("1", tmp_path / "good")
    good = Desk.open(list=folder, engine="table")
    assert not proofs.check(good, list_path=folder).findings
    original = {
        path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in folder.rglob("*") if path.is_file()
    }
    assert outcome(good, folder) == "harmless"
    chance = random.Random(15)
    counts: dict[str, Counter[str]] = {mutation.__name__: Counter() for mutation in MUTATIONS}
    passed = []
    for at in range(HOW_MANY):
        mutation = MUTATIONS[at % len(MUTATIONS)]
        files = dict(original)
        edit = mutation(chance, files)
        changed = [name for name in files if files[name] != original[name]]
        for name in changed:
            (folder / name).write_bytes(files[name].encode())
        counts[mutation.__name__][how := outcome(good, folder)] += 1
        if how == "passed":
            passed.append(edit)
        for name in changed:
            (folder / name).write_bytes(original[name].encode())
    total = sum(counts.values(), Counter())
    with capsys.disabled():
        print(f"\n{HOW_MANY} mistakes in an edition: {dict(total)}")
        print("\n".join(f"  {name}: {dict(each)}" for name, each in counts.items()))
        print("passed:", "; ".join(passed) or "none")
    assert not passed
    assert total["harmless"] <= HOW_MANY * 0.1  # a mistake that changes nothing proves nothing
