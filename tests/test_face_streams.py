"""Where the command line's answers go: streams that are full or closed, signals, outputs that must not be lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assign import cli
from assign.files import same_file
from assign.resources import catalog_file, rules_folder

from .command_line import inside, run

# -- streams and signals ---------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ("--help >/dev/full", 1),
        ("audit --help >/dev/full", 1),
        ("--version >/dev/full", 1),
        ("tasks --format csv >/dev/full", 1),
        ("--show-completion zsh >/dev/full", 1),
        ("decide -d x -i 1 2>/dev/full", 3),
        ("decide -d x -i 1 --json 2>/dev/full", 3),
        ("decid 2>/dev/full", 2),
        ("--help >&-", 1),
        ("decide -d 年金 -i 24 -q >&-", 1),
        ("decide -d 年金 -i 24 -q 2>&-", 0),
        ("decide -d 年金 -i 24 -q <&-", 0),
        ("decide -d x -i 24 2>&-", 3),
        ("decide -d x -i 24 >&- 2>&- <&-", 3),
        ("decide -d x -i 24 --json 2>&-", 3),
        ("tasks --out tasks.txt >&- 2>&- <&-", 0),
        ("tasks | head -1; exit ${PIPESTATUS[0]}", 0),
        ("acts --json | head -1; exit ${PIPESTATUS[0]}", 0),
        ("--help | true; exit ${PIPESTATUS[0]}", 0),
    ],
)
def test_a_stream_that_is_full_or_closed_has_the_contract_s_exit_code(shell: str, code: int, tmp_path: Path) -> None:
    """Never the interpreter's own 120, with PYTHONUNBUFFERED set or not; never a trace; and no file takes the number of a closed stream."""
    done = run(shell=shell, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "内部" not in done.stderr
    assert done.stderr.count("\n") <= 1
    if "head" in shell or "true" in shell:
        assert done.stderr == ""
    if "tasks.txt" in shell:
        assert len((tmp_path / "tasks.txt").read_text("utf-8").splitlines()) == 216


@pytest.mark.long
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("when", ["typer", "assign.errors", "assign.explanation", "assign.decision"])
def test_a_signal_during_an_import_ends_it_without_a_trace(name: str, code: int, when: str, tmp_path: Path) -> None:
    """Half of a cold start is imports: Ctrl-C met one with a traceback, and signal -2."""
    finder = f"""
import os, signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {when!r}:
            os.kill(os.getpid(), signal.{name})
sys.meta_path.insert(0, Finder())
"""
    (tmp_path / "sitecustomize.py").write_text(finder)
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = run("decide", "-d", "年金", "-i", "24", "--engine", "auto", env=env)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize(
    "inside",
    [
        "exec('kill()')",  # as dataclasses and namedtuple make their methods
        "type('Made', (), {'x': type('Named', (), {'__set_name__': lambda *_: kill()})()})",
    ],
)
def test_a_signal_that_python_makes_something_else_of_ends_it_as_well(
    name: str, code: int, inside: str, tmp_path: Path
) -> None:
    """
    1 in 20 ended with signal -2, SIGTERM too: Python 3.11 ends itself so where a text that it executes met a KeyboardInterrupt,
    whoever caught it. Another was a RuntimeError, which is what Python makes of any error in `__set_name__`.
    """
    finder = f"""
import builtins, os, signal, sys
def kill():
    os.kill(os.getpid(), signal.{name})
    for _ in range(1000): pass
builtins.kill = kill
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "assign.explanation":
            {inside}
sys.meta_path.insert(0, Finder())
"""
    (tmp_path / "sitecustomize.py").write_text(finder)
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = run("decide", "-d", "年金", "-i", "24", env=env)
    assert (done.returncode, done.stderr) == (code, "")


# -- outputs that must not be lost -----------------------------------------------------------------------------------


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a log, its key, and own rules, named as a city does."""
    import shutil

    monkeypatch.chdir(tmp_path)
    for name, value in {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "ASSIGN_AUDIT": "sqlite:///audit.db",
        "ASSIGN_KEY_FILE": "own.key",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("audit.db", "audit.db-wal", "own.key", "plain", "in.csv"):
        (tmp_path / name).write_text("division,item\n" if name == "in.csv" else name)
    for folder in ("config/assign/keys", "data/assign", "sub"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "config/assign/keys/x.key").write_text("secret")
    (tmp_path / "data/assign/audit.db").write_text("log")
    (tmp_path / "hard").hardlink_to("audit.db")
    (tmp_path / "soft").symlink_to("audit.db")
    (tmp_path / "further").symlink_to("soft")
    (tmp_path / "rulelink").hardlink_to("in.csv")
    shutil.copytree(rules_folder(), tmp_path / "rules")
    shutil.copy(catalog_file(), tmp_path / "catalog.csv")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        *[["acts", "--out", name] for name in (
            "audit.db", "./audit.db", "sub/../audit.db", "hard", "soft", "further", "audit.db-wal", "audit.db-shm", "audit.db-journal",
            "AUDIT.DB-journal", "own.key", "config/assign/keys/x.key", "data/assign/audit.db", "data/assign/audit.db-wal",
            str(rules_folder() / "decision_table.yaml"), str(catalog_file()), cli.__file__,
        )],
        ["tasks", "--list", "catalog.csv", "--out", "catalog.csv"],
        ["tasks", "--rules", "rules", "--out", "rules/decision_table.yaml"],
        ["check", "--list", "catalog.csv", "--out", "sub/../catalog.csv"],
        ["decide", "-d", "年金", "-i", "24", "--out", "hard"],
        ["decide", "-d", "年金", "-i", "24", "--record", "--audit", "sqlite:///plain", "--out", "plain"],
        ["export", "sql", "--out", "soft"],
        ["batch", "in.csv", "in.csv"],
        ["batch", "in.csv", "rulelink", "--format", "csv"],
        ["batch", "in.csv", "audit.db", "--format", "csv"],
        ["audit", "checkpoint", "--to", "soft"],
        ["audit", "checkpoint", "--to", "new", "--qr", "new"],
        ["audit", "prove", "1", "--to", "own.key"],
        ["audit", "growth", "plain", "in.csv", "--to", "plain"],
        ["audit", "key", "--rotate", "config/assign/keys/x.key"],
        ["audit", "verifier", "--out", "hard"],
        ["audit", "backup", "audit.db-journal"],
        ["audit", "list", "--out", "audit.db"],
    ],
)  # fmt: skip
def test_an_output_over_what_must_not_be_lost_is_refused(
    words: list[str], city: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log and what SQLite keeps beside it, its key, inputs, rules, the list, the program; by device and inode."""
    before = {path: path.read_bytes() for path in city.rglob("*") if path.is_file()}
    code, said, err = inside(capsys, *words)
    assert (code, said) == (2, "")
    assert "失ってはならない" in err
    assert {path: path.read_bytes() for path in city.rglob("*") if path.is_file()} == before


def test_a_file_that_may_be_lost_is_written(city: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The guard refuses nothing else: a new name, an old answer, a name of another folder."""
    for name in ("new", "plain", "sub/audit.db", "sub/in.csv"):
        assert inside(capsys, "acts", "--out", name)[0] == 0
        assert "receive" in (city / name).read_text("utf-8")


@pytest.mark.long
def test_a_file_descriptor_or_stdout_that_is_the_log_is_seen_through(city: Path) -> None:
    """`/dev/fd/7`, and `>>`."""
    for shell in ("acts --out /dev/fd/7 7>>audit.db", "acts >>audit.db"):
        done = run(shell=shell, cwd=city, env={"ASSIGN_AUDIT": "sqlite:///audit.db"})
        assert done.returncode == 2, done.stderr
        assert (city / "audit.db").read_text() == "audit.db"


def test_two_names_are_one_file_where_device_and_inode_are(tmp_path: Path) -> None:
    """Or where they will be."""
    (tmp_path / "a").write_text("")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert same_file(tmp_path / "a", tmp_path / "b")
    assert same_file(tmp_path / "new", f"{tmp_path}/./NEW")
    assert not same_file(tmp_path / "a", tmp_path / "c")
    assert not same_file(tmp_path / "a\0", tmp_path / "a")
