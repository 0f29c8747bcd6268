"""The wheel, built from a copy of what git would check out, and an environment in which nothing of this one shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ASKED = ["decide", "--division", "nenkin", "--item", "24", "--channel", "counter"]
ALONE = {
    key: value
    for key, value in os.environ.items()
    if not key.startswith(("PYTHON", "COVERAGE", "ASSIGN", "VIRTUAL_ENV", "PIP_FIND_LINKS"))
}  # copies are not measured


def listed() -> list[str]:
    """The files that git would check out, with those that are new."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\n") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, in a folder that is not called as the project is."""
    copy = tmp_path_factory.mktemp("checkout") / "a checkout"
    for name in listed():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    out = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(checkout)]
    subprocess.run(words, check=True, env=ALONE, capture_output=True)
    [found] = out.glob("*.whl")
    return found
