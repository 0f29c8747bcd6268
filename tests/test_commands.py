"""Commands that are printed: run as they stand, in the same folder, each is accepted and about the list that was asked."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from openpyxl import Workbook

from assign import Desk, cli, commands
from assign.columns import width, wrap
from assign.plan.sheet import shown
from assign.words import date_of_case

from .command_line import run

ROWS = (
    ["(1)", "葬祭費の申請", "△", ""],
    ["①", "資格の届", "△", ""],
    ["1-3-ア", "証の交付", "○", ""],
    ["ア", "口座の届", "△", "令和9年1月1日から市職員"],
    ["２", "高額療養費の申請", "●", ""],
)
LEGEND = ("○：受託者が行う", "●：市職員が行う", "△：一部を受託者が行う")
LIST = "市の 一覧 (新)"
PRINTED = re.compile(r"`(assign [^`]*)`|^\s*(assign .*)$", re.MULTILINE)
MISTYPED = 2


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a list of its own, whose name a shell takes for three words, and with two editions of it."""
    folder = tmp_path_factory.mktemp("commands")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "国保係"
    for row in (["番号", "業務", "窓口", "備考"], *ROWS, *([text] for text in LEGEND)):
        sheet.append(row)
    book.save(folder / "一覧 1.xlsx")
    assert run("import", "一覧 1.xlsx", "--write-mapping", "案.yaml", cwd=folder).returncode == 0
    mapping = folder / "案.yaml"
    text = mapping.read_text("utf-8").replace("confirmed: false", "confirmed: true").replace("part1", "kokuho")
    mapping.write_text(text, "utf-8")
    done = run("import", "一覧 1.xlsx", "--mapping", "案.yaml", "--out", LIST, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "版").mkdir()
    for name, days in (("r7", "{since: 2025-04-01, until: 2026-03-31}"), ("r8", "{since: 2026-04-01}")):
        dated = re.sub(r"(?m)^(edition: ).*$", rf"\g<1>{name}\neffective: {days}", text)
        mapping.write_text(dated, "utf-8")
        done = run("import", "一覧 1.xlsx", "--mapping", "案.yaml", "--out", f"版/{name}", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    mapping.write_text(text, "utf-8")
    (folder / "in.csv").write_text(
        "区分,番号,業務の場,行為\n国保係,99,窓口,\n国保係,ア,窓口,ない行為\n,,窓口,\n", "utf-8"
    )
    return folder


OWN = ("--list", LIST)
BESIDE = ("--list", "版")
RULED = ("--assignee", "受託者", "--document", "回答", "--role", "課長")
ASKED: tuple[tuple[str, ...], ...] = (
    ("search", "高額", *OWN),
    ("search", "葬祭", *OWN, "--lang", "en"),
    ("search", "葬祭", *BESIDE, "--on", "2026-03-31"),
    ("plan", "--row", "kokuho-(1)", *OWN),
    ("plan", "--row", "kokuho-ア", *BESIDE, "--on", "令和7年10月1日", "--lang", "en"),
    ("plan", "--row", "kokuho-(1)", "--row", "kokuho-①", *OWN),
    ("decide", "--row", "kokuho-9", *OWN),
    ("decide", "--row", "kokuho-(1)", "-a", "ない行為", *OWN),
    ("decide", "--row", "kokuho-(1)", "-a", "ない行為", *OWN, "--json"),
    ("decide", "kokuho-2", *OWN),
    ("decide", "-d", "国保", *OWN),
    ("decide", "国保", "ア", *OWN),
    ("decide", "--row", "7", *OWN),
    ("acts", "--row", "kokuho-9", *OWN),
    ("tasks", "国保", *OWN),
    ("questions", *OWN),
    ("questions", *BESIDE, "--by", "act", "--lang", "en"),
    ("questions", "--letter", *OWN),
    ("rule", "add", *OWN, "--row", "kokuho-(1)", "-a", "ない行為", "--since", "2026-04-01", *RULED),
    ("rule", "add", *OWN, "--row", "kokuho-(1)", "-a", "reconcile", "--since", "2026-04-01", *RULED),
    ("rule", "add", *BESIDE, "--row", "kokuho-(1)", "-a", "reconcile", "--since", "2025-05-01", *RULED),
    ("rule", "add", *OWN, "--from", "in.csv", "--since", "2026-04-01", "--document", "回答", "--role", "課長"),
    ("rule", "check", *OWN),
    ("check", *OWN),
    ("check", *OWN, "--due", "2027-03-31"),
    ("check", *BESIDE, "--due", "2027-03-31", "--on", "2026-01-01"),
    ("diff", "版"),
    ("import", "一覧 1.xlsx"),
    ("import", "一覧 1.xlsx", "--write-mapping", "案 2.yaml"),
    ("import", "一覧 1.xlsx", "--mapping", "案.yaml"),
    ("import", "一覧 1.xlsx", "--mapping", "案.yaml", "--out", "別の (もの)"),
    ("init", "ひな形 2"),
    ("batch", "in.csv", "-", "--format", "csv", *OWN),
    ("export", "dmn", *OWN),
)


def printed(text: str) -> list[str]:
    """Every command of a text, in backticks or on a line of its own."""
    return [one or other for one, other in PRINTED.findall(text)]


@pytest.mark.slow
def test_every_printed_command_is_accepted_and_about_the_same_list(place: Path) -> None:
    """`assign search --list k` printed `assign decide --row kokuho-2`, which answered from the list that ships."""
    found: dict[str, tuple[str, ...]] = {}
    for words in ASKED:
        done = run(*words, cwd=place)
        for command in printed(done.stdout + done.stderr):
            found.setdefault(command, words)
    names = {command.split()[1] for command in found}
    assert names >= {"decide", "acts", "tasks", "questions", "check", "diff", "import"}
    for command, words in found.items():
        parts = shlex.split(command)
        if command.endswith("--help") or "FILE" in parts:
            continue
        again = subprocess.run(
            ["bash", "-c", command.replace("assign", f"{sys.executable} -m assign", 1)],
            capture_output=True,
            text=True,
            check=False,
            cwd=place,
        )
        assert again.returncode not in (1, MISTYPED), (words, command, again.stderr)
        if "--list" in words and "--list" not in parts:
            assert parts[1] == "diff", (words, command)
        for option in ("--list", "--on"):
            if option in words and option in parts and "--due" not in words:
                day = date_of_case if option == "--on" else str
                assert day(parts[parts.index(option) + 1]) == day(words[words.index(option) + 1]), (words, command)


def test_without_a_list_of_one_s_own_nothing_is_added(tmp_path: Path) -> None:
    done = run("search", "葬祭", cwd=tmp_path)
    assert re.search(r"`assign decide --row [a-z]+-\d+`", done.stdout)


def test_a_command_of_the_log_is_about_the_log_that_was_named(tmp_path: Path) -> None:
    """What the environment says is there for the next command, too, and is not said again."""
    url, home = "sqlite:///市の 記録.db", {"XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)}
    assert run("audit", "init", "--audit", url, "--origin", "example.city/log", cwd=tmp_path, env=home).returncode == 0
    asked = ("audit", "export", "1", "--format", "html")
    named = printed(run(*asked, "--audit", url, cwd=tmp_path, env=home).stderr)
    assert named == ["assign audit show 1 --audit 'sqlite:///市の 記録.db'"]
    again = subprocess.run(
        ["bash", "-c", named[0].replace("assign", f"{sys.executable} -m assign", 1)],
        cwd=tmp_path,
        env={**os.environ, **home},
        check=False,
    )
    assert again.returncode == 0
    assert printed(run(*asked, cwd=tmp_path, env={**home, "ASSIGN_AUDIT": url}).stderr) == ["assign audit show 1"]


def test_a_script_for_a_database_names_the_list(place: Path) -> None:
    done = run("export", "sql", *OWN, cwd=place)
    assert "`assign acts --list ''市の 一覧 (新)''`" in done.stdout


def test_the_table_of_options_is_that_of_the_command_line() -> None:
    """What is said again a command takes, and what it takes is said again."""

    def walk(group: Any, path: str = "") -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, each in group.commands.items():
            if hasattr(each, "commands"):
                found |= walk(each, f"{name} ")
            else:
                found[path + name] = {word.removeprefix("--") for param in each.params for word in param.opts}
        return found

    cli._join_groups()
    root = typer.main.get_command(cli.app)
    with_another_sense = {("diff", "volumes"), ("check", "on"), ("batch", "on"), ("rule add", "on")}
    with_another_sense |= {(name, option) for name in ("decide", "batch", "serve") for option in ("audit", "origin")}
    for name, options in walk(root).items():
        for option in commands.OPTIONS:
            if commands.takes(name, option):
                assert option in options, (name, option)
            elif option in options:
                assert (name, option) in with_another_sense, (name, option)


def test_a_command_is_never_broken_over_two_lines() -> None:
    """Half a command is another command."""
    command = "`assign decide --row 'kokuho-(1)' -a receive --list '市の 一覧 (新)'`"
    for columns in (10, 20, 40, 60, 80):
        lines = wrap(f"契約の境目を越えません。理由は {command}。くわしくは説明の紙を見てください。", columns)
        assert any(command in line for line in lines), columns
        assert all(width(line) <= columns for line in lines if command not in line)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_plan_names_a_command_on_one_line_in_any_terminal(lang: str) -> None:
    """理由は / `assign decide …` stood on two lines, and half of it was copied."""
    found = Desk.open(engine="table").planned(row="kokuho-25", on="2026-11-01")
    for columns in range(20, 120, 7):
        lines = shown(found, lang, columns)
        assert any("`assign decide --row kokuho-25 -a guide --on 2026-11-01`" in line for line in lines), columns


@pytest.mark.parametrize(
    "word",
    [
        "国保",
        "kokuho-(1)",
        "it's",
        "a b",
        "新　版",
        "a\nb",
        "a`b`",
        "$HOME",
        "-x",
        "",
        "~",
        "\u202e'\\",
        "\x85a",
        "\x07f",
    ],
)
def test_a_quoted_word_is_the_word(word: str) -> None:
    """As bash takes it, on one line and without a backtick."""
    quoted = commands.quoted(word)
    assert "\n" not in quoted
    assert "`" not in quoted
    done = subprocess.run(
        ["bash", "-c", f"printf %s {quoted}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert done.stdout.decode() == word


def test_no_password_is_said_again() -> None:
    """A place of the log may hold one, and a screen is read by others."""
    for url, says in (
        ("postgresql://me:secret@host/db", "postgresql://me@host/db"),
        ("postgresql://me:p@ss:@word@host/db", "postgresql://me@host/db"),
        ("postgresql://host/db?user=me&password=secret", "'postgresql://host/db?user=me&'"),
        ("sqlite:///our log.db", "'sqlite:///our log.db'"),
    ):
        with commands.given({"audit": url}):
            assert commands.command("audit verify") == f"assign audit verify --audit {says}"
