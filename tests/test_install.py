"""
Who types what README says gets our product, and no stranger's: on the index, `assign` is somebody else's package.

The commands of README's chapter are run as they stand, with the real pip, uv and pipx, each in a place of its own.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assign import cli
from assign.errors import DISTRIBUTION, needs_extra
from assign.resources import VERSION

from .builds import ALONE, ASKED, ROOT, listed
from .builds import checkout as checkout  # noqa: PLC0414 - a fixture
from .builds import wheel as wheel  # noqa: PLC0414 - a fixture
from .servers import missing

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
READMES = ("README.ja.md", "README.md")
TOOLS = ROOT / ".venv-tools" / "bin"

# -- the name ----------------------------------------------------------------------------------------------------------

# `uv run assign`, `uvx --from … assign`, `pipx run --spec … assign` name the command, not the package.
INSTALLS = re.compile(r"\b(?:pip[\d.]*|pipx|uv|uvx|poetry|pdm|conda|rye)\b[^\n`;&|]*")
TAKES = {"install", "inject", "add", "download", "wheel", "upgrade", "reinstall"}
A_STRANGERS = re.compile(r"assign(\[[^\]]*\])?(\s*(===?|~=|[<>!]=?|@).*)?")


def strangers(text: str) -> Iterator[str]:
    """Commands that fetch the package `assign`, and requirements that name it."""
    for found in INSTALLS.findall(text.replace("\\\n", " ")):
        words = re.split(r"[\s'\"“”‘’(){},、。（）「」]+", found)
        runs = words[0] == "uvx" or words[:2] == ["pipx", "run"] or words[:3] == ["uv", "tool", "run"]
        fetches = runs and not {"--from", "--spec"} & set(words)
        if (TAKES & set(words) or fetches) and any(A_STRANGERS.fullmatch(word) for word in words[1:]):
            yield found
    for found in re.findall(r"[\"'](assign(?:\[[^\]]*\]|\s*(?:===?|~=|[<>!]=)).*?)[\"']", text):
        yield found


@pytest.mark.parametrize(
    "command",
    [
        "pip install assign",
        "pip install 'assign[audit]'",
        'pip3.12 install -U "assign[batch,audit]>=0.1"',
        "python -m pip install --user assign==0.1.0",
        "%pip install assign",
        "py -m pip install assign~=0.1",
        "pip download assign",
        "pip install polars \\\n  assign",
        "uv pip install assign",
        "uv tool install assign",
        "uv add assign[audit]",
        "uvx assign decide",
        "uv tool run assign",
        "pipx install assign",
        "pipx inject assign polars",
        "pipx run assign decide",
        "（pip install assign）",
        '"assign[audit]"',
        "'assign>=0.1'",
    ],
)
def test_the_search_knows_each_spelling_of_the_stranger(command: str) -> None:
    """Or the test below shows nothing."""
    assert list(strangers(command))


@pytest.mark.parametrize(
    "command",
    [
        "pip install 'itaku-assign[audit]'",
        "pip install . && assign decide",
        "pip install itaku-assign; assign check",
        "uvx --from itaku-assign assign decide",
        "pipx run --spec itaku-assign assign",
        "uv run assign decide",
        "uv tool install .",
        "the commands of assign; pip installs it",
    ],
)
def test_the_search_lets_ours_pass(command: str) -> None:
    """The command is called `assign`."""
    assert not list(strangers(command))


def test_no_command_in_the_tree_fetches_a_strangers_package() -> None:
    """Documents, hints, scripts, rules: every file of the checkout."""
    found = {
        name: wrong
        for name in listed()
        if (ROOT / name) != Path(__file__)
        and (wrong := list(strangers((ROOT / name).read_text("utf-8", errors="replace"))))
    }
    assert not found


def test_no_page_installs_from_an_index_what_is_on_none() -> None:
    """`pip install 'itaku-assign[web]'` finds nothing; only where the package is installed does pip add an extra of it (README)."""
    pages = {path: path.read_text("utf-8") for part in ("docs", "examples") for path in (ROOT / part).rglob("*.md")}
    assert len(pages) > 20
    assert [
        name for name, text in pages.items() if re.search(rf"(pip|pipx|uv)\b[^`\n]* '?{DISTRIBUTION}\b", text)
    ] == []


def test_the_name_is_ours_everywhere() -> None:
    """The project, its extras that name it, and the hint."""
    assert PROJECT["name"] == DISTRIBUTION != "assign"
    named = [each for extra in EXTRAS.values() for each in extra if "assign" in each]
    assert all(each.startswith(f"{DISTRIBUTION}[") for each in named)
    assert list(PROJECT["scripts"]) == ["assign"]


def test_every_hint_names_an_extra_that_brings_the_package() -> None:
    """There is one place that words it; who calls it with a package and an extra calls it with two that belong together."""
    told = set()
    for path in (ROOT / "src").rglob("*.py"):
        text = path.read_text("utf-8")
        if path.name != "errors.py":
            assert DISTRIBUTION not in text.replace(f"`{DISTRIBUTION}`", ""), f"{path.name} words a hint of its own"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == needs_extra.__name__:
                told.add(tuple(each.value for each in node.args if isinstance(each, ast.Constant)))
    assert ("apsw", "audit") in told
    for package, extra in filter(None, told):
        assert any(str(each).startswith(str(package)) for each in EXTRAS[str(extra)])


@pytest.mark.parametrize(
    ("package", "extra", "words"),
    [
        ("polars", "batch", ["batch", "in.csv", "out.csv"]),
        ("pyspark", "spark", ["batch", "in.csv", "out.csv", "--engine", "spark"]),
        ("apsw", "audit", ["audit", "list", "--audit", "sqlite:///log.db"]),
        ("psycopg", "audit-postgresql", ["audit", "list", "--audit", "postgresql://tester@/none"]),
    ],
)
def test_where_a_package_is_missing_the_command_says_what_brings_it(
    package: str,
    extra: str,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the distribution's name, in both languages."""
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text("division,item,channel\nnenkin,24,counter\n", "utf-8")
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    for lang in ("ja", "en"):
        monkeypatch.setattr(sys, "argv", ["assign", *words, "--lang", lang])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        assert f"pip install '{DISTRIBUTION}[{extra}]'" in capsys.readouterr().err


# -- the page and the metadata -----------------------------------------------------------------------------------------


def page() -> str:
    """What an index shows."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    metadata: dict[str, Any] = {}
    module.Page(str(ROOT), {}).update(metadata)
    return str(metadata["readme"]["text"])


def test_the_page_on_an_index_has_no_link_that_leads_nowhere() -> None:
    """No file stands beside the page there; what a link named is named still."""
    text = page()
    assert not re.findall(r"\]\((?!https://)[^)]*\)", text)
    assert text.index("## インストール") < text.index("## Install")
    for name in ("docs/audit.md", "docs/sql.md", "docs/spark.md"):
        assert f"`{name}`" in text


def test_every_link_of_a_readme_is_there() -> None:
    """In the checkout."""
    for name in READMES:
        for path in re.findall(r"\]\((?!https?://)([^)#]+)", (ROOT / name).read_text("utf-8")):
            assert (ROOT / path).exists(), (name, path)


def test_each_python_that_is_claimed_is_one_that_ci_checks() -> None:
    """Classifiers, `requires-python` and CI's list are one."""
    claimed = [each.rpartition(" ")[2] for each in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", each)]
    assert PROJECT["requires-python"] == f">={claimed[0]}"
    script = (ROOT / "tools" / "ci.sh").read_text("utf-8")
    assert re.search(r'^VERSIONS="(.*)"$', script, re.MULTILINE)[1].split() == claimed  # type: ignore[index]


# -- the chapter, command by command -----------------------------------------------------------------------------------


def chapter(name: str) -> str:
    """The chapter 'Install'."""
    found = re.search(
        r"^## (?:Install|インストール)\n(.*?)^## ", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found
    return found[1]


def commands(name: str) -> list[str]:
    """Each command of the chapter, once; those for Windows are left out, where there is none."""
    said = re.findall(r"`((?:python3 -m pip|uv|pipx) [^`]*install[^`]*)`", chapter(name))
    return list(dict.fromkeys(said))


COMMANDS = commands("README.md")


def test_both_chapters_give_the_same_commands() -> None:
    """pip, uv and pipx, each from a checkout and from a wheel file of this version."""
    assert commands("README.ja.md") == COMMANDS
    for installer in ("python3 -m pip install", "uv tool install", "pipx install"):
        assert sum(each.startswith(installer) for each in COMMANDS) >= 2
    for name in READMES:
        assert set(re.findall(r"itaku_assign-([\d.]+)-py3", chapter(name))) == {VERSION}
        for extra in EXTRAS:
            assert f"| `{extra}` |" in chapter(name)


def tool(name: str) -> str:
    """uv or pipx, of the environment that `make ci` makes."""
    path = TOOLS / name
    return str(path) if path.exists() else missing(name, "is not in .venv-tools (make ci makes it)")


def run(words: list[str] | str, place: Path, environment: dict[str, str], *, check: bool = True) -> str:
    """Its output."""
    done = subprocess.run(
        words, shell=isinstance(words, str), cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return f"{done.returncode} {done.stdout}{done.stderr}"


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """A home of its own, for each installer; `python3` is that of `env`, where one is made."""
    return {
        **ALONE,
        "HOME": str(tmp_path / "home"),
        "PATH": f"{tmp_path / 'env' / 'bin'}:{tmp_path / 'bin'}:{TOOLS}:{ALONE['PATH']}",
        "UV_TOOL_DIR": str(tmp_path / "uv"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def env(tmp_path: Path) -> str:
    """A new Python environment."""
    run([sys.executable, "-m", "venv", str(tmp_path / "env")], tmp_path, ALONE)
    return str(tmp_path / "env" / "bin" / "python3")


def answers(tmp_path: Path, environment: dict[str, str]) -> None:
    """What was installed answers, from another folder, and is ours."""
    found = [path for path in (tmp_path / "env" / "bin" / "assign", tmp_path / "bin" / "assign") if path.exists()]
    assert len(found) == 1
    assert "市職員（確定）" in run([str(found[0]), *ASKED], tmp_path, environment)
    assert run([str(found[0]), "--version"], tmp_path, environment).split() == ["0", "assign", VERSION]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_what_readme_says_installs_it(
    command: str, checkout: Path, wheel: Path, alone: dict[str, str], tmp_path: Path
) -> None:
    """As it stands there, in a checkout with the wheel file in it."""
    if command.startswith("python3"):
        env(tmp_path)
    else:
        tool(command.partition(" ")[0])
    place = tmp_path / "work"
    place.mkdir()
    for path in checkout.iterdir():
        (place / path.name).symlink_to(path)
    (place / wheel.name).symlink_to(wheel)
    run(command, place, alone)
    answers(tmp_path, alone)


@pytest.mark.slow
def test_without_a_compiler_the_command_of_the_chapter_works_and_the_table_engine_answers(
    checkout: Path, alone: dict[str, str], tmp_path: Path
) -> None:
    """With the extras that it promises. Its control: a plain install fails there, so there was no compiler."""
    [command] = {
        found for name in READMES for found in re.findall(r"^python3 .*--no-deps.*$", chapter(name), re.MULTILINE)
    }
    (tmp_path / "none").mkdir()
    bare = {**alone, "PATH": str(tmp_path / "none"), "CC": "false", "CXX": "false", "PIP_NO_CACHE_DIR": "1"}
    python = env(tmp_path)
    said = run([python, "-m", "pip", "install", "."], checkout, bare, check=False)
    assert said.startswith("1 " if sys.version_info < (3, 13) else "0 "), said
    run([python, *command.split()[1:]], checkout, bare)
    run([python, "-c", "import apsw, cryptography, polars, segno"], tmp_path, bare)
    found = json.loads(run([python, "-m", "assign", "check", "--json"], tmp_path, bare).partition(" ")[2])
    assert (found["ok"], found["engine"], found["cross_checked"]) == (True, "table", False)
    answers(tmp_path, bare)


def test_what_is_installed_without_a_compiler_is_all_but_durable_rules() -> None:
    """At the versions of the lock file, so that what was tested is what is installed."""
    named = (ROOT / "locks" / "no-compiler.txt").read_text("utf-8").splitlines()
    locked = (ROOT / "locks" / "dev.txt").read_text("utf-8")
    assert all(f"\n{each.partition(' ')[0]} " in f"\n{locked}" for each in named)
    wanted = {
        re.split(r"[=<>;\[]", each)[0].lower()
        for each in (*PROJECT["dependencies"], *EXTRAS["batch"], *EXTRAS["audit"])
    }
    assert wanted - {each.partition("==")[0] for each in named} == {"durable-rules"}


@pytest.mark.slow
def test_on_every_other_python_here_the_wheel_answers(wheel: Path, tmp_path: Path) -> None:
    """durable-rules is asked for where it can be had alone."""
    done = subprocess.run(["sh", "tools/pythons.sh"], cwd=ROOT, capture_output=True, text=True, check=True)
    for version, python in (line.split(" ", 1) for line in done.stdout.splitlines()):
        place = tmp_path / version
        run([python, "-m", "venv", str(place)], tmp_path, ALONE)
        run([str(place / "bin" / "python"), "-m", "pip", "install", str(wheel)], tmp_path, ALONE)
        assert "市職員（確定）" in run([str(place / "bin" / "assign"), *ASKED], tmp_path, ALONE)


@pytest.mark.slow
def test_the_hint_brings_the_extra_to_what_is_installed(wheel: Path, alone: dict[str, str], tmp_path: Path) -> None:
    """Our package is not on an index, or is another's there one day: what is installed is kept, and its extra is added."""
    python = env(tmp_path)
    run([python, "-m", "pip", "install", str(wheel)], tmp_path, alone)
    hint = needs_extra("segno", "audit")[1].partition("(")[2].rstrip(")")
    assert hint.startswith("pip install")
    run(hint, tmp_path, alone)
    run([python, "-c", "import apsw, cryptography, segno"], tmp_path, alone)
