"""The layout of the code is as the documents say: wings, faces, libraries, commands."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import grimp
import pytest

import assign
from assign.cli import audit

from .readme import PAGES, filled

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "assign"
FILES = sorted(path for path in SRC.rglob("*.py"))
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
STILL_SHARING = [
    SRC / wing for wing in ("catalog", "rules", "explanation", "desk")
]  # they import private names of their own wing
WITH_CODE = (SRC / "cli", SRC / "cli" / "audit")  # typer's commands are registered where the package is imported


def test_the_picture_is_one_and_names_every_wing() -> None:
    """It stands in docs/architecture.md; the package's docstring and the README repeat it, and none of them goes stale."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    found = re.search(r"```text\n(.*?)```", page, re.DOTALL)
    assert found
    picture = found[1]
    assert picture in (ROOT / "README.md").read_text("utf-8")
    assert textwrap.indent(picture, "    ", bool) in (assign.__doc__ or "")
    wings = {path.relative_to(SRC).parts[0].removesuffix(".py") for path in FILES} - {"__init__", "__main__"}
    assert wings <= set(re.findall(r"[a-z_]+", picture))
    assert wings == set(re.findall(r"^\| `([a-z_]+)/?` \|", page, re.MULTILINE))  # one line each


def test_every_file_that_the_documents_name_is_there() -> None:
    """A newcomer follows the path that is written down."""
    for page in (ROOT / "docs" / "architecture.md", *(ROOT / "docs" / "decisions").glob("*.md")):
        for name in re.findall(r"`([\w./]+\.(?:py|yaml|json|md|toml))`|\]\(([\w./-]+)\)", page.read_text("utf-8")):
            found = "".join(name)
            assert any((folder / found).exists() for folder in (ROOT, SRC, page.parent, ROOT / "docs")), (
                page.name,
                found,
            )


def test_every_library_has_one_place_that_may_import_it() -> None:
    """import-linter holds each contract; this holds that no library comes in without one."""
    graph = grimp.build_graph("assign", include_external_packages=True)
    imported = {name for name in graph.modules if not re.match(r"assign\b|_", name)} - sys.stdlib_module_names
    placed = [name for each in CONTRACTS if each["type"] == "protected" for name in each["protected_modules"]]
    assert sorted(placed) == sorted(imported)


@pytest.mark.long
def test_no_private_name_is_imported_by_another_module() -> None:
    """What begins with `_` may change without a look at who uses it."""
    for path in FILES:
        if path.parent in STILL_SHARING:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("assign")):
                private = [each.name for each in node.names if re.match("_[^_]", each.name)]
                assert not private, (path, private)


def test_a_wings_face_only_passes_names_on() -> None:
    """Whoever opens a folder sees in one screen what it is and what it gives."""
    for path in FILES:
        if path.name == "__init__.py" and path.parent not in (SRC, *WITH_CODE):
            text = path.read_text("utf-8")
            body = ast.parse(text).body[1:]  # after the docstring
            assert len(text.splitlines()) < 40, path
            assert all(isinstance(each, ast.Import | ast.ImportFrom | ast.Assign) for each in body), path


def test_no_file_is_longer_than_600_lines() -> None:
    """Of src, tests, bench and tools: whoever opens a file can still read it whole."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    found = {path: len(path.read_bytes().splitlines()) for name in tracked if name and (path := ROOT / name).is_file()}
    assert {path.relative_to(ROOT).parts[0] for path in found} >= {"src", "tests", "bench", "tools"}
    assert {path: lines for path, lines in found.items() if lines > 600} == {}


def test_every_module_opens_with_what_it_gives() -> None:
    """A docstring of more than one line."""
    for path in FILES:
        text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        assert text, path


@pytest.mark.long
def test_the_readmes_show_what_the_program_prints() -> None:
    """The answer that they open with, and the table of commands (`make readme`)."""
    for page, lang in PAGES.items():
        text = (ROOT / page).read_text("utf-8")
        assert text == filled(text, lang)


def test_every_command_of_the_log_is_in_its_manual() -> None:
    """A command that nobody can find is no command."""
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
        "--list",
        "--engine",
    ):
        assert option in text
    for code in range(7):
        assert re.search(rf"^\| {code} \|", text, re.MULTILINE)


def test_the_doctests_hold() -> None:
    """Examples in docstrings are run, of every module that has any."""
    names = [
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        for path in sorted((ROOT / "src" / "assign").rglob("*.py"))
        if ">>> " in path.read_text("utf-8") and "web" not in path.parts  # its extra is not everywhere
    ]
    code = "import doctest, importlib, sys; print([doctest.testmod(importlib.import_module(name)) for name in sys.argv[1:]])"
    done = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=True)
    assert done.stdout.count("failed=0") == len(names) > 25, done.stdout


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


def test_every_module_of_the_auditor_is_held_to_the_records_definition() -> None:
    """What proves, copies or records a batch works on a log that is open for writing; all else opens its own door."""
    [held] = [
        set(each["source_modules"]) for each in CONTRACTS if each["name"].startswith("The auditor shares nothing")
    ]
    operating = {"__init__", "batches", "copies", "prove"}
    modules = {path.stem for path in (SRC / "audit").glob("*.py")}
    assert {name.rpartition(".")[2] for name in held} == modules - operating
