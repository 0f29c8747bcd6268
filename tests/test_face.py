"""The command line as a person meets it: help, languages, mistakes, lists, completion."""

from __future__ import annotations

import csv
import io
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from assign import cli
from assign.cli import shells
from assign.cli.common import Command, Group, Reader
from assign.cli.help import EXAMPLES, example
from assign.columns import width
from assign.resources import user_folder

from .command_line import ASSIGN, inside

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def root() -> Any:
    cli._join_groups()
    return typer.main.get_command(cli.app)


def commands() -> Iterator[tuple[list[str], Any]]:
    """Every command and group, with its words."""

    def below(command: Any, words: list[str]) -> Iterator[tuple[list[str], Any]]:
        yield words, command
        for name, each in getattr(command, "commands", {}).items():
            yield from below(each, [*words, name])

    yield from below(root(), [])


PATHS = [" ".join(words) for words, _ in commands()]


# -- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("path", PATHS)
def test_every_help_fits_80_columns_has_examples_and_is_in_one_language(
    path: str, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A help line reached 107 columns, and typer's English stood inside Japanese sentences."""
    code, said, err = inside(capsys, *path.split(), "--help", "--lang", lang)
    assert (code, err) == (0, "")
    assert all(width(line) <= 80 for line in said.split("\n")), said
    assert ("例:" if lang == "ja" else "Examples:") in said
    *body, other, _ = said.split("\n")
    assert other.startswith("English: " if lang == "ja" else "日本語: ")
    text = "\n".join(body)
    if lang == "en":
        assert not JAPANESE.search(text), text
    else:
        assert not re.search(r"Usage|Options|Arguments|Commands|required|default|Show|Print|(?<!--)exit", text), text
    assert inside(capsys, "help", *path.split(), "--lang", lang) == (0, said, "")


@pytest.mark.long
def test_the_examples_are_commands_that_can_be_typed() -> None:
    """Each is parsed by the command that it is of, in both languages; every command has one, and no other."""
    assert set(EXAMPLES) == set(PATHS)
    for path, given in EXAMPLES.items():
        for text in [example(each, lang) for each in given for lang in ("ja", "en")]:
            assert path in text
            assert width(text) <= 76
            words = text.split()[1:]
            command, ctx = root(), None
            while isinstance(command, Group):
                ctx = command.make_context(words[0], [], parent=ctx)
                command, words = command.get_command(ctx, words[0]), words[1:]
            assert isinstance(command, Command)
            command.make_context("x", words, parent=ctx)


@pytest.mark.long
def test_help_of_a_command_with_its_arguments_is_that_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`assign help export sql`, as the command is typed, was told that there is no command `sql`."""
    assert inside(capsys, "help", "export", "sql") == inside(capsys, "help", "export")
    assert inside(capsys, "help", "audit", "show", "5") == inside(capsys, "audit", "show", "--help")
    assert inside(capsys, "audit", "help", "show", "5") == inside(capsys, "audit", "show", "--help")
    assert inside(capsys, "help", "sql")[0] == 2


def test_help_says_of_each_option_what_it_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    """`--encoding  of a CSV file`, `--master  of Spark`: a phrase without its subject; and an answer says 回答待ち, not 要照会."""
    said = " ".join(inside(capsys, "batch", "--help", "--lang", "en")[1].split())
    for text in (
        "encoding of the CSV: auto, utf-8, cp932",
        "--on DATE date of the cases",
        "URL of the Spark master",
        "print the counts",
    ):
        assert text in said
    for words in ("batch", "decide"):
        plain = "".join(inside(capsys, words, "--help")[1].split())
        assert "回答待ち" in plain
        assert "要照会" not in plain


def test_an_option_that_needs_another_names_it_as_it_is_typed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`key` needs a `channel`, said Python's words."""
    log = ("--record", "--audit", f"sqlite:///{tmp_path / 'audit.db'}")
    code, _, err = inside(capsys, "decide", "--row", "nenkin-24", "--key", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", *log)
    assert code == 2
    assert "`--key` には `--channel` が要ります" in err


def test_a_group_alone_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`assign audit` was an error."""
    for words in (["audit"], ["audit", "--lang", "en"], []):
        code, said, err = inside(capsys, *words)
        assert (code, err) == (0, "")
        assert "assign" in said
    assert inside(capsys, "-V")[1] == inside(capsys, "--version")[1]


# -- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["--lang", "en", "decide", "-d", "x", "-i", "1"], ""),
        (["decide", "--lang", "en", "-d", "x", "-i", "1"], ""),
        (["decide", "-d", "x", "-i", "1", "--lang=en"], ""),
        (["decide", "-d", "x", "-i", "1"], "en"),
        (["decide", "-d", "x", "-i", "1", "--lang", "EN"], "ja"),
        (["--lang", "en", "decid"], ""),
        (["decid"], "en"),
        (["audit", "verify", "--bogus"], "en"),
        (["--lang", "en", "audit", "prove"], "ja"),
    ],
)
def test_the_language_may_stand_before_or_behind_the_command_or_in_the_environment(
    words: list[str], env: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers, help and mistakes follow it. A variable that is empty is as one that is not set."""
    monkeypatch.setenv("ASSIGN_LANG", env)
    code, _, err = inside(capsys, *words)
    assert code in (2, 3)
    assert not JAPANESE.search(err), err
    without = [word for word in words if word not in ("--lang", "en", "EN", "--lang=en")]
    monkeypatch.setenv("ASSIGN_LANG", "")
    assert JAPANESE.search(inside(capsys, *without)[2])


@pytest.mark.parametrize(
    "words", [["--lang", "fr"], ["decide", "--lang", "fr"], ["audit", "list", "--lang=日本語"], ["--lang="]]
)
def test_a_language_that_is_none_is_exit_2_with_the_choices(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everywhere; so it is where ASSIGN_LANG says it."""
    code, said, err = inside(capsys, *words)
    assert (code, said) == (2, "")
    assert "`ja`" in err
    assert "`en`" in err
    monkeypatch.setenv("ASSIGN_LANG", "fr")
    assert "`ASSIGN_LANG`" in inside(capsys, "tasks")[2]


# -- mistakes --------------------------------------------------------------------------------------------------------


def test_an_option_given_twice_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """`-d 国保 -d 年金` was answered for the second, in silence. A language may be said again, before and behind the command."""
    code, out, err = inside(capsys, "decide", "-d", "国保", "--division", "年金", "-i", "24")
    assert (code, out) == (2, "")
    assert "`--division` が2度あります" in err
    assert inside(capsys, "--lang", "ja", "acts", "-q", "-q", "--lang", "en")[0] == 0


@pytest.mark.long
def test_what_a_batch_is_told_has_an_effect_or_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--format foo` was dropped where the names tell; `-q` printed the tally; a wrong engine was told after the formats."""
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("division,item,channel\nkokuho,25,counter\n", "utf-8")
    for words, said in (
        (("in.csv", "out.csv", "--format", "foo"), "`foo`"),
        (("in.csv", "out.csv", "--format", "parquet"), "`parquet`"),
        (("in", "out", "--engine", "foo"), "エンジン `foo`"),
    ):
        code, _, err = inside(capsys, "batch", *words)
        assert code == 2
        assert said in err
    assert not Path("out.csv").exists()
    assert inside(capsys, "batch", "in.csv", "out.csv", "-q", "--format", "csv") == (0, "", "")
    assert len(Path("out.csv").read_text("utf-8").splitlines()) == 2


@pytest.mark.parametrize("name", ["ASSIGN_ROLE", "ASSIGN_ORIGIN"])
def test_a_variable_that_is_empty_is_as_one_that_is_not_set(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As ASSIGN_LANG and ASSIGN_AUDIT have it."""
    monkeypatch.setenv(name, "")
    log = f"sqlite:///{tmp_path / 'audit.db'}"
    words = ("decide", "-d", "年金", "-i", "24", "-c", "窓口", "-q", "--record", "--audit", log)
    assert inside(capsys, *words)[0] == 0


def test_a_folder_of_xdg_that_is_not_absolute_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log would be another one in each folder that a command is given in."""
    usual = user_folder("NO_SUCH_VARIABLE", ".local/share")
    for given in ("", " ", "data", "./data", "~/data"):
        monkeypatch.setenv("XDG_DATA_HOME", given)
        assert user_folder("XDG_DATA_HOME", ".local/share") == usual
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert user_folder("XDG_DATA_HOME", ".local/share") == Path("/data")


@pytest.mark.slow
def test_an_option_given_but_empty_is_an_error_in_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """contract.md. `--audit ""` wrote into the default log: whoever writes it believes otherwise."""
    for words, command in commands():
        ctx = typer.Context(command, obj=Reader())
        for param in command.get_params(ctx):
            if param.param_type_name == "option" and not param.is_flag:
                for empty in ("", "  ", "\u3000"):
                    code, said, err = inside(capsys, *words, f"{param.opts[0]}={empty}")
                    assert (code, said) == (2, ""), (words, param.opts, err)
                    if param.name != "lang":
                        assert f"`{param.opts[0]}`" in err
                        assert f"`{' '.join(['assign', *words])} --help`" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["decid"], "近いもの: `decide`。一覧は `assign --help`"),
        (["audit", "verfy"], "`assign audit --help`"),
        (["help", "audit", "verfy"], "`verify`"),
        (["audit", "verify", "--agianst", "x"], "近いもの: `--against`"),
        (["audit", "verify", "--agianst", "x"], "`assign audit verify --help`"),
        (["decide", "-d"], "オプション `-d` に値がありません。使い方は `assign decide --help`"),
        (["decide", "--strict=1"], "オプション `--strict` は値を取りません"),
        (["decide", "nenkin", "24"], "`nenkin`, `24` は余分です。`assign decide -d nenkin -i 24` と書きます。使い方は"),
        (["decide", "-d", "年金", "24", "窓口"], "`assign decide -i 24 -c 窓口` と書きます"),
        (["decide", "nenkin-24"], "`assign decide --row nenkin-24` と書きます"),
        (["tasks", "年金"], "`assign tasks -d 年金` と書きます"),
        (["audit", "rebuild", "年金"], "`年金` は余分です。使い方は"),
        (["decide", "-d", "年金"], "番号 `--item` を指定してください"),
        (["decide", "-i", "24"], "区分 `--division` を指定してください"),
        (["decide", "-i", "24", "--row", "nenkin-24"], "`--row` と `--division`・`--item` は"),
        (["batch", "in.xlsx", "out.csv"], "Excel で「CSV UTF-8（コンマ区切り）」として保存"),
        (["batch", "in.csv", "out.xlsx"], "Excel で「CSV UTF-8（コンマ区切り）」として保存"),
        (["audit", "checkpoint"], "`--to FILE` がありません。使い方は `assign audit checkpoint --help`"),
        (["audit", "show"], "番号 `N` か絞り込み"),
        (["tasks", "--format", "xml"], "`csv`"),
        (["tasks", "--format", "csv", "--json"], "`--format json`"),
        (["decide", "--row", "nenkin-24", "--engine", "foo"], "`durable-rules`"),
        (["check", "--engine", "foo"], "`durable-rules`"),
    ],
)
def test_a_mistake_is_named_in_japanese_with_the_help_of_its_own_command(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And exit code 2."""
    code, said, err = inside(capsys, *words)
    assert (code, said) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert not re.search(r"[A-Za-z]{3,} [A-Za-z]{2,} [a-z]", re.sub(r"`[^`]*`", "", err)), err


def test_an_internal_error_is_one_line_that_says_how_to_report_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A panic of a library is no Exception; ASSIGN_DEBUG shows the whole of it."""

    class PanicException(BaseException):
        pass

    def panic(*_: object, **__: object) -> None:
        raise PanicException("column 3")

    monkeypatch.setattr(cli.lists, "open_desk", panic)
    code, said, err = inside(capsys, "tasks")
    assert (code, said, err.count("\n")) == (1, "", 1)
    assert "ASSIGN_DEBUG=1" in err
    monkeypatch.setenv("ASSIGN_DEBUG", "1")
    assert "Traceback" in inside(capsys, "tasks")[2]


# -- answers and lists -----------------------------------------------------------------------------------------------


@pytest.mark.long
def test_quiet_is_the_answer_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """`-q` before or behind the command."""
    assert inside(capsys, "decide", "-d", "年金", "-i", "24", "-c", "窓口", "-q")[1] == "市職員（確定）\n"
    assert inside(capsys, "-q", "decide", "-d", "年金", "-i", "24", "--lang", "en")[1] == (
        "counter: city staff (settled)\nback yard: city staff (settled)\n"
    )
    assert inside(capsys, "check", "-q") == (0, "", "")
    assert len(inside(capsys, "tasks", "-q")[1].splitlines()) == 215


@pytest.mark.long
def test_a_list_in_a_pipe_is_one_row_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """`tasks | grep 厚生年金` missed a row that wrapped."""
    rows = [line for line in inside(capsys, "tasks")[1].splitlines() if "厚生年金" in line]
    assert [row.split()[1] for row in rows] == ["nenkin-2", "nenkin-5"]
    for name, number in (("tasks", 215), ("acts", 64)):  # under one line of headings, and no legend: `wc -l` counts
        head, *body = inside(capsys, name)[1].splitlines()
        assert head.split()[0] == ("記号" if name == "acts" else "行")
        assert len(body) == number == len(inside(capsys, name, "-q")[1].splitlines())
    assert inside(capsys, "tasks", "--out", "-") == inside(capsys, "tasks")


def test_a_list_is_a_table_csv_tsv_or_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """CSV for Excel in Japan: a byte order mark, CRLF; TSV for programs; `--json` is a name of `--format json`."""
    out = tmp_path / "tasks.csv"
    assert inside(capsys, "tasks", "--format", "csv", "--out", str(out))[0] == 0
    data = out.read_bytes()
    assert data.startswith(b"\xef\xbb\xbfid,")
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == 216
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0]["id"] == "kokuho-1"
    assert {row["counter"] for row in rows} == {"○", "", "?"}  # a `-` would be a formula to a spreadsheet
    tsv = inside(capsys, "acts", "--format", "tsv")[1].splitlines()
    assert {line.count("\t") for line in tsv} == {4}
    assert inside(capsys, "acts", "--json") == inside(capsys, "acts", "--format", "json")


def test_csv_guards_what_a_spreadsheet_takes_for_a_formula() -> None:
    """Names of an own catalog may begin with anything."""
    from assign.cli.terminal import separated

    said = separated([["=1+1", "+1", "-1", "@x", "＝1", "a,b", 'a"b', "a\nb", "24"]], "csv")
    assert said == '\ufeff\'=1+1,\'+1,\'-1,\'@x,\'＝1,"a,b","a""b","a\nb",24\r'
    assert separated([["a\tb", "c\nd"]], "tsv") == "a b\tc d"


@pytest.mark.parametrize("columns", [80, 140])
def test_a_list_in_a_terminal_is_as_wide_as_that_is(columns: int) -> None:
    """At 80 the work wraps below itself; at 140 it has room."""
    try:
        parent, child = pty.openpty()
    except OSError:
        pytest.skip("no pseudo terminal here")
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    with subprocess.Popen(
        [*ASSIGN, "tasks", "-d", "年金"], stdout=child, stderr=child, stdin=child, env=env
    ) as process:
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
    assert process.returncode == 0
    widths = [width(line.rstrip()) for line in data.decode().split("\n")]
    assert max(widths) <= columns
    assert (max(widths) > 80) is (columns > 80)


# -- completion ------------------------------------------------------------------------------------------------------


def offered(typed: str, shell: str = "fish") -> list[str]:
    return [
        line.split("\t")[0] for line in shells.answer(root(), {shells.ASKED: f"complete_{shell}", shells.TYPED: typed})
    ]


@pytest.mark.parametrize(
    ("typed", "some"),
    [
        ("assign ", "decide"),
        ("assign h", "help"),
        ("assign decide -d 年", "年金"),
        ("assign decide -d 国", "国民年金"),
        ("assign audit list -d ko", "kokuho"),
        ("assign decide -d kokuho -i 22-", "22-10"),
        ("assign decide -d 国保 -i 2", "22-3"),
        ("assign decide --row nenkin-4", "nenkin-41"),
        ("assign decide --act 申請", "申請書の受領"),
        ("assign batch a b --role ", "city_clerk"),
        ("assign batch a b --engine s", "spark"),
        ("assign check --engine t", "table"),
        ("assign audit export --format h", "html"),
        ("assign export sql --dialect d", "duckdb"),
        ("assign --lang ", "en"),
        ("assign help au", "audit"),
        ("assign help audit ver", "verify"),
        ("assign decide --division=nen", "--division=nenkin"),
        ("assign --install-completion z", "zsh"),
        ("assign tasks --out ", ":file"),
        ("assign tasks --rules ", ":dir"),
        ("assign batch ", ":file"),
        ("assign audit verify --against ", ":file"),
    ],
)
def test_what_may_stand_at_the_cursor_is_offered(typed: str, some: str) -> None:
    """Japanese prefixes, rows, roles, engines, formats, languages, files."""
    assert some in offered(typed)


@pytest.mark.parametrize(
    "typed", ["assign decide --on ", "assign decide -d zz", "assign decide --case ", "assign 'unclosed"]
)
def test_where_nothing_may_stand_nothing_is_offered(typed: str) -> None:
    """Files are no dates."""
    assert offered(typed) == []


def test_the_scripts_do_not_take_a_name_of_the_shell_s_own() -> None:
    """zsh's own `_assign` is found before ours: a file of that name is never read."""
    from assign.cli.shells import SHELLS, script

    for shell in SHELLS:
        assert not re.search(r"\b_assign\b", script(shell))


def test_completion_is_installed_once_and_start_files_are_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte, but for the line at the end."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("ZDOTDIR", raising=False)
    (tmp_path / ".zshrc").write_bytes(b"alias a=b\xff")
    for _ in range(2):
        for shell in ("bash", "zsh", "fish"):
            assert inside(capsys, "--install-completion", shell)[0] == 0
    assert (tmp_path / ".zshrc").read_bytes().startswith(b"alias a=b\xff\n")
    assert (tmp_path / ".zshrc").read_bytes().count(b"compinit; compinit") == 1
    code, _, err = inside(capsys, "--install-completion", "tcsh")
    assert code == 2
    assert "`zsh`" in err
