"""The command line: options, exit codes, JSON, width, consoles, files, completion."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest

from assign import Desk, __version__
from assign.columns import width
from assign.resources import rules_folder

from .built_in import CHANNELS

ASSIGN = [sys.executable, "-m", "assign"]
ASKED = ["decide", "--division", "nenkin", "--item", "24", "--channel", "counter"]


def run(
    *words: str | bytes, env: dict[str, str] | None = None, stdin: int | None = subprocess.DEVNULL
) -> subprocess.CompletedProcess[bytes]:
    whole = {key: value for key, value in os.environ.items() if key not in ("PYTHONIOENCODING", "NO_COLOR", "COLUMNS")}
    return subprocess.run(
        [*ASSIGN, *words], capture_output=True, check=False, env={**whole, **(env or {})}, stdin=stdin
    )


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stdout.decode("utf-8")


def error(done: subprocess.CompletedProcess[bytes]) -> str:
    text = done.stderr.decode("utf-8")
    assert "Traceback" not in text
    return text


def test_the_example_says_city_staff_because_line_259_is_retained() -> None:
    """The first line of the README."""
    done = run(*ASKED)
    assert done.returncode == 0
    lines = said(done).split("\n")
    assert lines[0].split() == ["担当", "市職員（確定）【窓口】"]
    text = "".join(line.strip() for line in lines)
    assert "一覧259行目" in text
    assert "「×：業務を委託しない」" in text


def test_in_english_it_says_the_same() -> None:
    """--lang en."""
    assert said(run(*ASKED, "--lang", "en")).startswith("Who   City staff (settled), counter\n")


def test_json_is_the_contract_s_object(desk: Desk) -> None:
    """One object with a channel, a list of two without."""
    one = json.loads(run(*ASKED, "--on", "2026-11-25", "--json").stdout)
    assert one == desk.decide("nenkin", "24", "counter", on="2026-11-25").model_dump(mode="json")
    two = json.loads(run("decide", "--division", "nenkin", "--item", "24", "--on", "2026-11-25", "--json").stdout)
    assert [each["channel"] for each in two] == ["counter", "backyard"]
    assert two[0] == one


def test_without_a_channel_both_are_answered() -> None:
    """Two blocks."""
    text = said(run("decide", "-d", "nenkin", "-i", "23"))
    assert text.count("担当") >= 2
    assert "【窓口】" in text
    assert "【バックヤード】" in text


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["decide", "-d", "nenkin", "-i", "24", "-c", "counter"], 0, ""),
        (["decide", "-d", "nenkn", "-i", "24"], 3, "`nenkin`"),
        (["decide", "-d", "nenkin", "-i", "99"], 3, "`41`"),
        (["decide", "-d", "nenkin", "-i", "24.0"], 3, "1 から 41"),
        (["decide", "-d", "nenkin", "-i", "-1"], 3, "1 から 41"),
        (["decide", "-d", "nenkin", "-i", ""], 2, "`--item` の値が空です"),
        (["decide", "-d", "nenkin", "-i", "9" * 10_000], 3, "1 から 41"),
        (["decide", "-d", "nenkin", "-i", b"\xff\xfe"], 3, "1 から 41"),
        (["decide", "-d", "kokuho", "-i", "葬祭費"], 3, "`25`"),
        (["decide", "-d", "nenkin", "-i", "24", "-c", "desk"], 3, "`counter`"),
        (["decide", "-d", "nenkin", "-i", "24", "-a", "recieve"], 3, "`receive`（申請書の受領）"),
        (["decide", "-d", "nenkin", "-i", "24", "-a", "受付"], 3, "`receive_notice`"),
        (["decide", "-d", "nenkin", "-i", "24", "--section", "x"], 3, "給付"),
        (["decide", "--row", "nenkin-99"], 3, "nenkin-9"),
        (["decide", "-d", "kouki", "-i", "51", "-c", "counter"], 4, "51-2  賦課"),
        (["decide", "-d", "kouki", "-i", "51"], 4, "51-1"),
        (["decide", "-d", "kokuho", "-i", "34", "-c", "counter", "--strict"], 5, ""),
        (["decide", "-d", "kokuho", "-i", "34", "-c", "counter"], 0, ""),
        (["decide", "-d", "nenkin", "-i", "24", "--strict"], 0, ""),
        (["decide", "-d", "nenkin", "-i", "24", "--on", "2026-02-30"], 2, "`2026-04-01`"),
        (["decide", "-d", "nenkin"], 2, "item"),
        (["decide", "-i", "24"], 2, "`kokuho`"),
        (["decide", "-d", "nenkin", "-i", "24", "--row", "nenkin-24"], 2, "row"),
        (["decide", "--chanel", "counter"], 2, "`--channel`"),
        (["decide", "-d"], 2, "`-d`"),
        (["decid"], 2, "decide"),
        (["decide", "--lang", "fr"], 2, "ja"),
        (["decide", "x"], 2, "x"),
        (["tasks", "-d", "nenkn"], 3, "`nenkin`"),
        (["tasks", "--rules", "/nowhere"], 1, "/nowhere"),
        (["tasks", "--list", "/nowhere.csv"], 1, "/nowhere.csv"),
        (["decide", "-d", "nenkin", "-i", "24", "--engine", "clips"], 2, "`durable-rules`"),
        (["check"], 0, ""),
    ],
)
def test_every_way_out_has_its_exit_code_and_one_clear_line(words: list[str | bytes], code: int, says: str) -> None:
    """contract.md, 'Exit codes'. Errors go to stderr, answers to stdout."""
    done = run(*words)
    text = error(done)
    assert done.returncode == code, text
    assert says in text
    if code in (1, 2, 3):
        assert done.stdout == b""
        assert text.count("\n") == 1
        assert len(text) < 500


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (["decide", "-d", "nenkn", "-i", "24"], 3, "unknown_division"),
        (["decide", "-d", "nenkin", "-i", "\x01"], 3, "unknown_item"),
        (["decide", "-d", "nenkin", "-i", b"\xff"], 3, "unknown_item"),
        (["decide", "-d", "kouki", "-i", "51"], 4, "ambiguous_item"),
        (["decide", "--itm", "51"], 2, "usage"),
        (["decide", "-d", "nenkin", "-i", "24", "--on", "x"], 2, "bad_date"),
        (["tasks", "--rules", "/nowhere"], 1, "data"),
    ],
)
def test_with_json_an_error_is_one_json_object(words: list[str | bytes], code: int, name: str) -> None:
    """On stderr: code, message, candidates."""
    done = run(*words, "--json")
    assert done.returncode == code
    assert done.stdout == b""
    body = json.loads(done.stderr)["error"]
    assert set(body) == {"code", "message", "candidates"}
    assert body["code"] == name
    assert body["message"]
    if code in (3, 4):
        assert body["candidates"]


@pytest.mark.long
def test_help_and_version_answer() -> None:
    """In Japanese first; bare `assign` shows the help, too."""
    assert said(run("--version")) == f"assign {__version__}\n"
    for words in (["--help"], ["-h"], []):
        done = run(*words)
        assert done.returncode == 0
        assert "委託業務一覧" in said(done)
    for command in ("decide", "tasks", "acts", "check"):
        done = run(command, "--help")
        assert done.returncode == 0
        assert f"使い方: assign {command}" in said(done)
        assert said(run(command, "--help", "--lang", "en")).startswith(f"Usage: assign {command}")


def test_tasks_are_all_rows_as_table_and_as_json() -> None:
    """215, in document order, the fields of `rows`."""
    rows = json.loads(run("tasks", "--json").stdout)
    assert len(rows) == 215
    assert {"id", "section", "group", "number", "name", "mark", "counter", "backyard", "source"} <= set(rows[0])
    table = said(run("tasks", "--division", "center"))
    assert "center-1-1" in table
    assert len(table.splitlines()) == 17


def test_acts_are_listed() -> None:
    """What --act may say."""
    acts = json.loads(run("acts", "--json").stdout)
    assert len(acts) == 64
    assert "申請書の受領" in said(run("acts"))


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize(
    "words",
    [
        ASKED,
        ["decide", "-d", "kokuho", "-i", "22"],
        ["decide", "-d", "kouki", "-i", "30", "-a", "decide"],
        [*ASKED, "--why"],
        ["decide", "-d", "kokuho", "-i", "22", "--why"],
    ],
)
def test_no_line_is_wider_than_80_columns(words: list[str], lang: str) -> None:
    """Full-width and ambiguous characters count as two. Lists are one row a line in a pipe: tests/test_people.py."""
    for line in said(run(*words, "--lang", lang)).split("\n"):
        assert width(line) <= 80, line


@pytest.mark.long
def test_no_line_opens_with_a_closing_bracket_or_small_kana(desk: Desk) -> None:
    """禁則: nothing opens a line that may not."""
    from assign.columns import _NEVER_FIRST, wrap
    from assign.explanation.plain_text import paragraphs

    for task, channel in product(desk.catalog.tasks, CHANNELS):
        [answer] = desk.answers(row=task.id, channel=channel, on="2026-11-25")
        for _label, text in paragraphs(answer):
            for line in wrap(text, 70)[1:]:
                assert line[0] not in _NEVER_FIRST, (line, text)
            assert "".join(wrap(text, 70)).replace(" ", "") == text.replace(" ", "")


def terminal(words: Sequence[str], env: dict[str, str], code: int | None = 0) -> str:
    """Run in a pseudo terminal; where the machine has none to give (a bare chroot), with a stdout that says it is one."""
    whole = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM", "PYTHONIOENCODING")}
    try:
        parent, child = pty.openpty()
    except OSError:
        program = (
            "import sys; sys.stdout.isatty = sys.stderr.isatty = lambda: True; from assign.cli import main; main()"
        )
        words = [sys.executable, "-c", program, *words]
        done = subprocess.run(words, capture_output=True, check=False, env={**whole, "TERM": "xterm", **env})
        assert code in (done.returncode, None)
        return (done.stdout + done.stderr).decode("utf-8")
    process = subprocess.Popen(
        [*ASSIGN, *words], stdout=child, stderr=child, stdin=child, env={**whole, "TERM": "xterm", **env}
    )
    os.close(child)
    data = b""
    while True:
        try:
            block = os.read(parent, 65536)
        except OSError:
            break
        if not block:
            break
        data += block
    os.close(parent)
    assert code in (process.wait(), None)
    return data.decode("utf-8", "replace")


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize(
    ("words", "most"),
    [
        (ASKED, 8),
        (["decide", "-d", "国保", "-i", "31", "-c", "窓口", "-a", "決定"], 8),
        (["decide", "-d", "後期", "-i", "30-1", "-c", "窓口", "-a", "入力"], 8),
        (["decide", "-d", "年金", "-i", "23"], 24),
        (["decide", "-d", "国保", "-i", "22"], 24),
    ],
)
def test_a_terminal_of_80_columns_and_24_lines_holds_the_answer(words: list[str], most: int, lang: str) -> None:
    """contract.md: eight lines for one channel, one screen for both; `--why` shows the rest."""
    size = {"COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"}
    lines = terminal([*words, "--lang", lang], size).replace("\r", "").rstrip("\n").split("\n")
    assert len(lines) <= most, lines
    assert all(width(line) <= 80 for line in lines)
    assert "--why" in lines[-1]
    assert len(terminal([*words, "--lang", lang, "--why"], size).split("\n")) > len(lines)


@pytest.mark.parametrize(
    "words",
    [
        ["decide", "-d", "国保", "-i", "22", "-a", "審査"],
        ["decide", "-d", "kouki", "-i", "51"],
        ["decide", "-d", "center", "-i", "4", "-c", "backyard"],
        ["decide", "-d", "年金", "-i", "99"],
        ["decide", "-i", "24"],
    ],
)
def test_an_error_fits_the_terminal_too(words: list[str]) -> None:
    """Wrapped where the terminal ends, in one screen; in a pipe it is one line (test_every_way_out)."""
    lines = terminal(words, {"COLUMNS": "80", "LINES": "24"}, code=None).replace("\r", "").rstrip("\n").split("\n")
    assert len(lines) <= 24
    assert all(width(line) <= 80 for line in lines), lines


@pytest.mark.long
def test_a_terminal_shows_the_answer_in_bold_and_a_pipe_does_not() -> None:
    """Who handles it, on the first line; NO_COLOR and a dumb terminal are plain."""
    assert terminal(ASKED, {}).startswith("\x1b[1m担当")
    assert "\x1b" not in terminal(ASKED, {"NO_COLOR": "1"})
    assert "\x1b" not in terminal(ASKED, {"TERM": "dumb"})
    assert b"\x1b" not in run(*ASKED).stdout


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ASKED,
        ["decide", "-d", "kokuho", "-i", "22"],
        ["tasks"],
        ["acts"],
        ["check"],
        ["decide", "-d", "center", "-i", "1", "--lang", "en"],
        ["--help"],
    ],
)
def test_a_console_that_can_only_do_cp932_shows_everything(words: list[str]) -> None:
    """No text of ours needs another character set."""
    done = run(*words, env={"PYTHONIOENCODING": "cp932"})
    assert done.returncode == 0
    assert "?" not in done.stdout.decode("cp932").replace(", ? どちら", "").replace("、? どちら", "").replace(
        " ? ", ""
    ).replace("mean the same as no mark?", "").replace("?\n", "")
    wide = run(*words).stdout.decode("utf-8")
    assert len(done.stdout.decode("cp932")) == len(wide)


def test_every_text_of_the_rules_can_be_shown_in_cp932() -> None:
    """Rule files, to the last character of their sentences."""
    for path in rules_folder().glob("*.yaml"):
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
            try:
                line.encode("cp932")
            except UnicodeEncodeError as problem:
                pytest.fail(
                    f"{path.name}:{number} {problem.object[problem.start]!r} {unicodedata.name(problem.object[problem.start])}"
                )


@pytest.mark.long
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp932", "utf-16"])
def test_json_is_utf_8_whatever_the_console_can_do(encoding: str) -> None:
    """A pipe is read by a program."""
    done = run(*ASKED, "--json", env={"PYTHONIOENCODING": encoding})
    assert json.loads(done.stdout.decode("utf-8"))["assignee"] == "city_staff"
    assert run(*ASKED, env={"PYTHONIOENCODING": encoding}).returncode == 0


@pytest.mark.long
def test_a_poor_locale_changes_nothing() -> None:
    """LANG=C."""
    assert run(*ASKED, env={"LC_ALL": "C", "LANG": "C"}).stdout == run(*ASKED).stdout


@pytest.mark.long
def test_out_writes_the_whole_file_or_none(tmp_path: Path) -> None:
    """And nothing on stdout."""
    out = tmp_path / "答え.txt"
    done = run(*ASKED, "--out", str(out))
    assert (done.returncode, done.stdout) == (0, b"")
    assert out.read_text("utf-8") == said(run(*ASKED))
    for bad in (tmp_path, tmp_path / "no" / "where.txt"):
        done = run(*ASKED, "--out", str(bad))
        assert done.returncode == 1
        assert error(done).count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["答え.txt"]


@pytest.mark.long
def test_a_full_disk_or_a_closed_stdout_is_one_line() -> None:
    """An answer that could not be written is no answer."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*ASSIGN, *ASKED], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") == 1
    quiet = subprocess.run(f"{sys.executable} -m assign tasks | head -1", shell=True, capture_output=True, check=False)  # noqa: S602 - a pipe that closes early
    assert quiet.stderr == b""
    closed = subprocess.run(f"{sys.executable} -m assign tasks >&-", shell=True, capture_output=True, check=False)  # noqa: S602 - no stdout at all
    assert b"Traceback" not in closed.stderr
    assert closed.returncode == 1


@pytest.mark.long
def test_out_follows_links_keeps_modes_and_refuses_what_is_no_file(tmp_path: Path) -> None:
    """A device or a pipe is not replaced by a file; a secret file stays secret."""
    real, link, pipe = tmp_path / "real", tmp_path / "link", tmp_path / "pipe"
    real.write_text("old")
    real.chmod(0o600)
    link.symlink_to(real)
    os.mkfifo(pipe)
    assert run(*ASKED, "--out", str(link)).returncode == 0
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert "市職員" in real.read_text("utf-8")
    for bad in (str(pipe), "/dev/null", f"{tmp_path}/sub/"):
        done = run(*ASKED, "--out", bad)
        assert done.returncode == 1
        assert error(done).count("\n") == 1
    assert pipe.is_fifo()
    assert run(*ASKED, "--out", str(tmp_path / ("x" * 250))).returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("words", [["--version"], ["--help"], ASKED, ["tasks"], ["check", "--json"]])
def test_a_stdout_that_takes_nothing_is_exit_code_1(words: list[str]) -> None:
    """Never a code of the interpreter's own."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*ASSIGN, *words], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*ASSIGN, "decide", "-d", "x", "-i", "1"], stdout=subprocess.PIPE, stderr=full, check=False
        )
    assert done.returncode == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["decide", "--json", b"\xff"], 2),
        (["tasks", "--json", "--rules", b"\xff"], 1),
        (["tasks", "--json", "--list", b"\xff\n"], 1),
        (["decide", "-d", "nenkin", "-i", "24", "--json", "--engine", b"\xff"], 2),
        (["decide", "--json", "--lang", "en", "--lang", "xx"], 2),
        (["decide", "--json=1"], 2),
    ],
)
def test_bytes_that_are_no_text_make_a_json_error_like_any_other(words: list[str | bytes], code: int) -> None:
    """On stderr, one object."""
    done = run(*words)
    assert done.returncode == code
    text = done.stderr.decode("utf-8")
    assert text.count("\n") == 1
    if "--json" in words:
        assert json.loads(text)["error"]["message"]


@pytest.mark.long
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_divisions_items_and_acts(shell: str) -> None:
    """Items of the division that was typed."""

    def completed(typed: str) -> str:
        words = typed.split(" ")
        env = {"_ASSIGN_COMPLETE": f"complete_{shell}", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
        env |= {
            "_TYPER_COMPLETE_ARGS": typed,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1],
        }
        return said(run(env=env))

    assert "nenkin" in completed("assign decide --division n")
    assert "kouki" not in completed("assign decide --division n")
    items = completed("assign decide --division kokuho --item 22")
    assert "22-1" in items
    assert "22-10" in items
    assert "receive_notice" in completed("assign decide --act receive")
    assert "backyard" in completed("assign decide --channel b")


@pytest.mark.long
def test_own_rules_and_an_own_catalog_can_be_named(tmp_path: Path, desk: Desk) -> None:
    """--rules and --list."""
    import shutil

    from assign.resources import catalog_file

    folder = tmp_path / "our rules"
    shutil.copytree(rules_folder(), folder)
    catalog = tmp_path / "ours.csv"
    catalog.write_bytes(catalog_file().read_bytes())
    done = run(*ASKED, "--rules", str(folder), "--list", str(catalog), "--json")
    assert json.loads(done.stdout)["provenance"]["rules_sha256"] == desk.provenance["rules_sha256"]
