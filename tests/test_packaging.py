"""An installed wheel, an editable install and a plain checkout all answer, with rules and list of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from .builds import ALONE, ASKED, ROOT
from .builds import checkout as checkout  # noqa: PLC0414 - a fixture
from .builds import wheel as wheel  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.slow


def test_the_wheel_carries_rules_and_data(wheel: Path) -> None:
    """And the parsed rules, the type marker, the document to the byte."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        document = archive.read("assign/built_in/data/source/000_c23591d651e7d7b6.txt")
    assert document == (ROOT / "data" / "source" / "000_c23591d651e7d7b6.txt").read_bytes()
    for name in (
        "rules.json",
        "trees.json",
        "rules/decision_table.yaml",
        "rules/acts.yaml",
        "rules/rulings.yaml",
        "data/catalog.csv",
        "data/schema/kinds.schema.json",
        "data/template/manifest.yaml",
        "data/template/rules/holders.yaml",
        "data/template/README.md",
        "data/template_kinds.csv",
        "data/floor.json",
        "data/confusables.txt",
        "data/confusables.LICENSE",
    ):
        assert f"assign/built_in/{name}" in names
    assert "assign/py.typed" in names
    assert not any(name.endswith(".pyc") for name in names)


def test_an_installed_wheel_answers_anywhere(wheel: Path, tmp_path: Path) -> None:
    """In an environment of its own, from another folder, with nothing of the checkout; and checks itself."""
    place = tmp_path / "env"
    venv.create(place, with_pip=False)
    [site] = (place / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # The libraries of this environment, without its editable install of the checkout.
    [libraries] = [path for path in map(Path, sys.path) if path.name == "site-packages" and (path / "typer").is_dir()]
    (site / "libraries.pth").write_text(f"import sys; sys.path.append({str(libraries)!r})\n")
    python = place / "bin" / "python"
    where = subprocess.run(
        [python, "-c", "import assign; print(assign.__file__)"],
        cwd=tmp_path,
        env=ALONE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(site))
    done = subprocess.run([python, "-m", "assign", *ASKED], cwd=tmp_path, env=ALONE, capture_output=True, check=True)
    assert "市職員（確定）" in done.stdout.decode("utf-8")
    for words in (["check"], ["init", "city"], ["check", "--list", "city"]):
        subprocess.run([python, "-m", "assign", *words], cwd=tmp_path, env=ALONE, capture_output=True, check=True)
    code = "from assign import Desk; from assign.rules import precompiled as kept; print(bool(kept.kept_rules(Desk.open().rules.data)), bool(kept.kept_trees()))"
    kept = subprocess.run([python, "-c", code], cwd=tmp_path, env=ALONE, capture_output=True, text=True, check=True)
    assert kept.stdout == "True True\n"  # what the build kept is of the code in the wheel


def test_a_plain_checkout_answers() -> None:
    """Without being installed, and without what setting up keeps."""
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-m", "assign", *ASKED], cwd=ROOT, env=env, capture_output=True, check=True)
    assert "市職員（確定）" in done.stdout.decode("utf-8")


def test_without_what_setting_up_keeps_the_answer_is_the_same(tmp_path: Path) -> None:
    """The parsed rules are a convenience."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("built_in", "__pycache__"))
    for name in ("rules", "data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    answers = []
    for source in (tmp_path / "src", ROOT / "src"):
        env = {**ALONE, "PYTHONPATH": str(source)}
        words = [sys.executable, "-m", "assign", *ASKED, "--on", "2026-11-25", "--json"]
        answers.append(subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, check=True).stdout)
    assert answers[0] == answers[1]
