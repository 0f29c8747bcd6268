"""Lines that a command prints: as wide as the reader has room for, one a record in a pipe, none lost in silence, in one language."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import typer

from assign import __main__ as begun
from assign import cli as command_line
from assign.audit import review
from assign.cli import audit, shells, terminal
from assign.cli.audit import examine
from assign.cli.terminal import folded, listing
from assign.columns import width
from assign.export import sql
from assign.resources import rules_folder

from .trail import ORIGIN, cli
from .trail import _home as _home  # noqa: PLC0414 - a fixture


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 40 columns."""
    monkeypatch.setattr(terminal, "in_terminal", lambda out: out is None)
    monkeypatch.setattr(terminal, "columns_of", lambda _stream: 40)
    monkeypatch.setenv("COLUMNS", "40")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of five records, whose key is longer than a terminal is wide."""
    monkeypatch.setenv("ASSIGN_AUDIT", f"sqlite:///{tmp_path}/audit.db")
    assert cli("audit", "init", "--origin", ORIGIN).code == 0
    assert cli("decide", "--record", "--row", "nenkin-24", "--engine", "table", "-c", "counter").code == 0


# -- widths ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("narrow")
def test_a_list_in_a_narrow_terminal_is_a_block_a_row() -> None:
    """The name of the work had 12 columns, and each line was wider than the terminal."""
    done = cli("tasks", "-d", "center")
    assert all(width(line) <= 40 for line in done.out.split("\n"))
    first = done.out.split("\n\n")[0]
    assert re.search(r"業務 +高額療養費支給申請受付（高", first)
    assert re.search(r"窓口 +-", first)
    assert "\n\n" not in "\n".join(listing(["a", "b"], [["1", "c" * 15]], 1, None))


def test_a_list_in_a_pipe_is_one_row_a_line_however_narrow_the_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """`grep` reads it."""
    monkeypatch.setenv("COLUMNS", "20")
    assert len(cli("tasks", "-q").out.splitlines()) == 215


def test_a_long_line_goes_on_further_in_and_a_key_stays_whole() -> None:
    """Whoever copies a key copies no line end."""
    assert folded("  one two three", 12) == ["  one", "      two", "      three"]
    assert folded("short", 12) == ["short"]
    assert folded(f"{'k' * 50}  (now)", 40) == [f"{'k' * 50}  (now)"]


@pytest.mark.usefixtures("log")
def test_a_record_is_one_line_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """However narrow the terminal is: `grep` reads it."""
    monkeypatch.setenv("COLUMNS", "40")
    lines = cli("audit", "list", "-q").out.splitlines()
    assert [line.split()[0] for line in lines] == ["0", "1", "2", "3", "4"]
    assert width(lines[0]) > 40


@pytest.mark.usefixtures("log")
def test_a_list_of_records_has_room_in_a_terminal_of_80_columns(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first record's key made its line one of 122; its number is enough, and `audit key` shows it whole."""
    monkeypatch.setattr(terminal, "in_terminal", lambda out: out is None)
    [key] = cli("audit", "key", "-q").out.splitlines()
    assert cli("audit", "checkpoint", "--to", tmp_path / "note").code == 0
    for words in (["list"], ["verify"], ["verify", "--against", tmp_path / "note"], ["show", "4"], ["exceptions"]):
        for lang in ("ja", "en"):
            said = cli("audit", *words, "--lang", lang).out
            assert [line for line in said.splitlines() if width(line) > 80] == []
    assert key.split("+")[1] in cli("audit", "list").out.splitlines()[0]


@pytest.mark.long
@pytest.mark.usefixtures("log", "narrow")
def test_a_record_is_folded_in_a_terminal() -> None:
    """All but a key that is longer than the terminal is wide."""
    for words in (["list"], ["verify"], ["stats"], ["replay"], ["exceptions"], ["show", "4"]):
        for line in cli("audit", *words).out.splitlines():
            assert width(line) <= 40 or re.search(r"\S{36}", line), line


# -- one language ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("log")
def test_no_code_of_a_program_stands_in_an_english_line() -> None:
    """`city_staff`, `review_due`: the Japanese lines have words."""
    assert "city_staff" not in cli("audit", "list", "--lang", "en").out
    assert "→ city staff, settled" in cli("audit", "list", "--lang", "en").out
    source = Path(review.__file__).read_text("utf-8")
    codes = set(re.findall(r'ReviewItem\(\s*"(\w+)"', source))
    assert codes == set(examine._ODD_TEXT)
    for text in examine._ODD_TEXT.values():
        assert not re.search(r"_|[^ -~]", text.en)


def test_what_may_be_left_out_stands_in_brackets() -> None:
    """`assign audit show N`, where a filter does as well."""
    said = cli("audit", "show", "--help").out
    assert said.startswith("使い方: assign audit show [オプション] [N]\n")
    assert "assign audit show --case " in said
    assert "--from DATE" in said
    assert cli("audit", "prove", "--help").out.startswith("使い方: assign audit prove [オプション] N\n")
    assert cli("help", "help").out.startswith("使い方: assign help [オプション] [COMMAND]\n")


@pytest.mark.long
@pytest.mark.usefixtures("log")
def test_what_is_wrong_with_a_batch_s_record_is_named_as_it_is_typed(tmp_path: Path) -> None:
    """`key` and `role` are Python's words."""
    source = tmp_path / "in.csv"
    source.write_text("division,item,channel\nnenkin,24,counter\n", "utf-8")
    key = ("--record", "--key", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff")
    assert cli("batch", source, tmp_path / "a.csv", *key).code == 0
    source.write_text("division,item,channel\nnenkin,23,counter\n", "utf-8")
    for words, option in ((key, "--key"), (("--record", "--role", "nobody"), "--role")):
        done = cli("batch", source, tmp_path / "b.csv", *words, "--lang", "en")
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert f"`{option}`" in done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--json", "decide"], "`--json` はコマンドの後に書きます"),
        (["audit", "--audit", "sqlite:///x", "list"], "`--audit` はコマンドの後に書きます"),
        (["decide", "--", "-d"], "`-d` は余分です。使い方は"),
        (["batch", "a", "b", "--guard", "--no-guard"], "`--guard` が2度あります"),
    ],
)
def test_a_mistake_is_answered_with_what_to_write(words: list[str], says: str) -> None:
    """`--json` before the command was told of `--version`, and `-- -d` to write `-d -d`; of two that differ the last counted."""
    done = cli(*words)
    assert done.code == 2
    assert says in done.err


def test_completion_is_for_the_shell_in_use_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """README says so; it was an option that lacks its value."""
    monkeypatch.setattr(shells, "_in_use", lambda: "zsh")
    for words in (["--show-completion"], ["--show-completion", "--lang", "en"]):
        assert cli(*words).out == cli("--show-completion", "zsh").out != ""


@pytest.mark.long
@pytest.mark.usefixtures("log")
def test_a_replay_of_no_record_is_a_mistake() -> None:
    """`--first 9 --last 3` said that all of nothing was the same, with exit 0."""
    for words, code in (
        (("--first", "3", "--last", "2"), 2),
        (("--first", "5"), 3),
        (("--first", "4", "--last", "4"), 0),
    ):
        assert cli("audit", "replay", *words).code == code


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("assign audit help ver", ["verify", "verifier"]),
        ("assign help audit ver", ["verify", "verifier"]),
        ("assign batch --fail-on r", ["ruling"]),
        ("assign audit list --assignee 市", ["市職員"]),
        ("assign audit list --certainty 回", ["回答待ち"]),
        ("assign audit list --kind 使", ["使用開始"]),
        ("assign audit list --kind d", ["decision"]),
    ],
)
def test_whatever_may_be_typed_is_completed(typed: str, offered: list[str]) -> None:
    """Help of a group's commands, what `--fail-on` takes, and the words of a record."""
    audit.join(command_line.app)
    root = typer.main.get_command(command_line.app)
    lines = shells.answer(root, {shells.ASKED: "complete_fish", shells.TYPED: typed, "ASSIGN_LANG": "en"})
    assert [line.partition("\t")[0] for line in lines] == offered
    if "help" in typed:
        assert not re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", "".join(lines))


# -- streams ---------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("more", [[], ["--json"], ["--record"]])
def test_a_tally_that_cannot_be_written_is_exit_1(more: list[str], tmp_path: Path) -> None:
    """The file was whole, how many rows failed was lost, and the exit code was 0."""
    source, out, err = tmp_path / "in.csv", tmp_path / "out.csv", StringIO()
    source.write_text("division,item,channel\nnenkin,24,counter\n", "utf-8")
    if more == ["--record"]:
        more = ["--record", "--audit", f"sqlite:///{tmp_path}/audit.db", "--origin", ORIGIN]
        assert cli("audit", "init", *more[1:]).code == 0
    with Path("/dev/full").open("w") as full, redirect_stdout(full), redirect_stderr(err):
        with pytest.raises(SystemExit) as left:
            command_line.main(["batch", str(source), str(out), *more])
        full.flush()  # silenced
    assert left.value.code == 1
    assert err.getvalue().count("\n") == 1
    assert "stdout" in err.getvalue()
    assert len(out.read_text("utf-8").splitlines()) == 2


def test_nothing_but_stderr_may_be_lost_in_silence() -> None:
    """One function writes to stdout, and it raises; whatever else prints is a message on stderr."""
    wrote = re.compile(r"\bprint\(|\becho\(|stdout\.(write|buffer)")
    for path in Path(command_line.__file__).parent.rglob("*.py"):
        text = path.read_text("utf-8")
        if path == Path(terminal.__file__):
            text = text.replace(inspect.getsource(terminal.write), "")
        assert not wrote.search(text), path
    assert wrote.search(inspect.getsource(terminal.write))


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="Windows has no such locale")
@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_japanese_is_understood_and_shown_in_a_locale_without_it(locale: str, tmp_path: Path) -> None:
    """`年金` was read as six surrogates, and the error showed them among question marks."""
    env = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "HOME": str(tmp_path)}
    words = [sys.executable, "-m", "assign", "decide", "-d", "年金", "-i", "２４", "-c", "窓口", "-q"]
    done = subprocess.run([*words, "--out", f"{tmp_path}/答え"], capture_output=True, check=False, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "答え").read_text("utf-8") == "市職員（確定）\n"
    done = subprocess.run([*words, "--act", "蓋"], capture_output=True, check=False, env=env)
    assert done.returncode == 3
    assert "行為 `蓋` は行為表にありません" in done.stderr.decode("utf-8")


@pytest.mark.parametrize("line", ["2>> rules/acts.yaml", ">> rules/acts.yaml", ">> rules/acts.yaml 2>&1", "2>> in.db"])
def test_a_stream_into_a_file_of_the_rules_or_a_log_is_refused(line: str, tmp_path: Path) -> None:
    """`check --rules R 2>> R/acts.yaml` wrote its message behind the acts: no rule of the folder could be read any more."""
    shutil.copytree(rules_folder(), tmp_path / "rules")
    (tmp_path / "in.db").write_bytes(b"SQLite format 3\0")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    command = f"'{sys.executable}' -m assign decide -d x -i 1 --rules rules {line}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    said = (done.stdout + done.stderr).decode()
    assert said.count("\n") == (0 if "&" in line else 1)
    assert "&" in line or "失ってはならない" in said
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_pipe_that_has_a_name_is_no_file_that_is_missing() -> None:
    """`--out /dev/stdout` in a pipe was told that it is not there."""
    done = cli("acts", "--out", f"/dev/fd/{os.pipe()[1]}")
    assert done.code == 1
    assert "通常のファイルではありません" in done.err


def test_a_file_in_place_of_the_rules_is_not_said_to_be_missing(tmp_path: Path) -> None:
    """`--rules rules/acts.yaml` names a file that is there."""
    (tmp_path / "acts.yaml").write_text("")
    assert "規則のフォルダではありません" in cli("tasks", "--rules", tmp_path / "acts.yaml").err
    assert "がありません" in cli("tasks", "--rules", tmp_path / "none").err


def test_a_folder_is_no_input_whose_files_are_kept(tmp_path: Path) -> None:
    """`batch . out.csv` was told to choose another output."""
    (tmp_path / "out.csv").write_text("")
    done = cli("batch", tmp_path, tmp_path / "out.csv", "--format", "csv")
    assert "フォルダです" in done.err


def test_a_signal_while_logging_is_imported_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler met a module half made: an internal error, exit 1."""
    monkeypatch.setitem(sys.modules, "logging", type(sys)("logging"))
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    ended: list[int] = []
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        begun._signals(ended)
        with pytest.raises(begun.OurKeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        for number, was in before.items():
            signal.signal(number, was)
    assert ended == [signal.SIGINT]


@pytest.mark.long
@pytest.mark.usefixtures("log")
def test_a_dash_is_stdout_or_a_mistake_and_never_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`audit prove 4 --to -` made a file of that name."""
    monkeypatch.chdir(tmp_path)
    assert cli("audit", "checkpoint", "--to", "c.txt").code == 0
    assert json.loads(cli("audit", "prove", "4", "--to", "-", "--checkpoint", "c.txt").out)["index"] == 4
    assert json.loads(cli("audit", "growth", "c.txt", "c.txt", "--to", "-").out)["path"] == []
    for words in (
        ["audit", "checkpoint", "--to", "-"], ["audit", "backup", "-"], ["audit", "restore", "-"], ["tasks", "--rules", "-"],
        ["audit", "key", "--rotate", "-"], ["audit", "verify", "--against", "-"], ["tasks", "--list", "-"],
    ):  # fmt: skip
        done = cli(*words)
        assert (done.code, done.out) == (2, "")
        assert "`-` は使えません" in done.err
    assert not (tmp_path / "-").exists()


def test_a_home_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container: an internal error, also where no log was asked for."""
    for name in ("ASSIGN_AUDIT", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    done = cli("decide", "--row", "nenkin-24", "-c", "counter", "--record")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "audit.db` に書けません" in done.err

    def none() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", none)
    assert cli("acts", "--out", tmp_path / "acts.txt").code == 0
    done = cli("decide", "--row", "nenkin-24", "-c", "counter", "--record")
    assert done.code == 1
    assert "HOME" in done.err


@pytest.mark.long
@pytest.mark.usefixtures("log")
def test_a_line_end_in_a_name_is_no_second_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--to` a name with a line end: what followed it stood there as a line of ours."""
    monkeypatch.chdir(tmp_path)
    bad = "a\n\x1b[31mb"
    assert cli("audit", "checkpoint", "--to", "c.txt").code == 0
    for words in (
        ["checkpoint", "--to", bad], ["backup", f"{bad}.db"], ["prove", "4", "--to", f"{bad}.json", "--checkpoint", "c.txt"],
        ["growth", "c.txt", "c.txt", "--to", f"{bad}.2"],
    ):  # fmt: skip
        done = cli("audit", *words)
        assert (done.code, done.out.count("\n"), done.out.count("a\\n\\x1b[31mb") > 0) == (0, 1, True), done


def test_an_option_of_an_engine_that_is_not_asked_for_is_a_mistake(tmp_path: Path) -> None:
    """`--master` was passed over by polars."""
    done = cli("batch", "in.csv", tmp_path / "o.csv", "--master", "local[2]")
    assert done.code == 2
    assert "`--engine spark`" in done.err


# -- JSON ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_exported_sql_comes_as_json_where_json_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was a mistyped command; each command of an answer has `--json` (contract.md, 'Other commands')."""
    monkeypatch.setattr(sql, "script", lambda *_: "SELECT 1;")  # the whole one takes seconds
    done = cli("export", "sql", "--dialect", "sqlite", "--json")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {"dialect": "sqlite", "schema": None, "sql": "SELECT 1;"}
    done = cli("export", "xml", "--json")
    assert (done.code, json.loads(done.err)["error"]["code"]) == (2, "usage")
