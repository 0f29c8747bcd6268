"""The package is what its front page says: wings, commands, options, and no address of a machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import assign
from assign import cli
from assign.cli import audit

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "assign"
FILES = sorted(path for path in SRC.rglob("*.py"))
WINGS = sorted({path.relative_to(SRC).parts[0].removesuffix(".py") for path in FILES})


def test_the_picture_names_every_wing() -> None:
    """In the package's docstring and in both READMEs."""
    for text in (
        assign.__doc__ or "",
        (ROOT / "README.md").read_text("utf-8"),
        (ROOT / "README.ja.md").read_text("utf-8"),
    ):
        named = set(re.findall(r"[a-z]+", text))
        assert set(WINGS) - {"__init__", "__main__"} <= named


def test_the_layers_name_every_wing_once() -> None:
    """import-linter holds the order; this holds the list."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = config["tool"]["importlinter"]["contracts"][0]["layers"]
    named = [wing.strip() for layer in layers for wing in re.split(r"[:|]", layer)]
    assert sorted(named) == [wing for wing in WINGS if wing != "__init__"]


def test_every_module_opens_with_what_it_gives() -> None:
    """A docstring of more than one line."""
    for path in FILES:
        text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        assert text, path


def test_every_command_is_in_both_readmes() -> None:
    """A command that nobody can find is no command."""
    commands = {
        command.name or command.callback.__name__.strip("_")
        for command in cli.app.registered_commands
        if command.callback
    }
    for name in ("README.md", "README.ja.md"):
        text = (ROOT / name).read_text("utf-8")
        for command in commands:
            assert f"assign {command}" in text
    manual = (ROOT / "docs" / "audit.md").read_text("utf-8")
    for each in audit.app.registered_commands:
        assert each.callback
        assert f"`{each.name or each.callback.__name__.strip('_')}" in manual.replace("`audit ", "`").replace(
            "`assign audit ", "`"
        )


def test_every_option_and_exit_code_is_in_the_readme() -> None:
    """As contract.md names them."""
    text = (ROOT / "README.md").read_text("utf-8")
    for option in (
        "--division",
        "--item",
        "--channel",
        "--act",
        "--on",
        "--section",
        "--json",
        "--lang",
        "--strict",
        "--out",
        "--rules",
        "--catalog",
        "--engine",
    ):
        assert option in text
    for code in range(7):
        assert re.search(rf"^\| {code} \|", text, re.MULTILINE)


def test_the_doctests_hold() -> None:
    """Examples in docstrings are run."""
    code = "import doctest, assign.errors, assign.words; print([doctest.testmod(m) for m in (assign.errors, assign.words)])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("failed=0") == 2, done.stdout


def test_nothing_in_the_tree_names_a_machine_or_a_registry() -> None:
    """No absolute path, no host, no secret."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    pattern = re.compile(r"pypi\.org|pythonhosted|/(root|home|work)/|BEGIN [A-Z ]*PRIVATE KEY")
    for name in listed.stdout.split():
        path = ROOT / name
        if path.is_file() and path != Path(__file__):
            assert not pattern.search(path.read_text("utf-8", errors="replace")), name
