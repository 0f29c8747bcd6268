"""Completion, in the three real shells, installed as a person installs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .shells import Shell

ASSIGN = [sys.executable, "-m", "assign"]


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed (tools/system.sh)")
    env = {**os.environ, "HOME": str(tmp_path)}
    for name in ("XDG_CONFIG_HOME", "ZDOTDIR"):
        env.pop(name, None)
    for _ in range(2):  # the second changes nothing
        subprocess.run([*ASSIGN, "--install-completion", request.param], check=True, env=env, capture_output=True)
    (tmp_path / "requests.csv").write_text("division,item\n")
    with Shell(request.param, tmp_path) as running:
        yield running


@pytest.mark.slow
def test_a_shell_completes_what_a_clerk_types(shell: Shell) -> None:
    """Commands, keys and Japanese names of divisions, items of the division, acts, rows, roles, engines, languages, files."""
    for typed, whole in (
        ("assign dec", "assign decide"),
        ("assign decide -d nen", "assign decide -d nenkin"),
        ("assign decide -d 年", "assign decide -d 年金"),
        ("assign decide -d kokuho -i 22-1", "assign decide -d kokuho -i 22-1"),
        ("assign decide -d kokuho -c 窓", "assign decide -d kokuho -c 窓口"),
        ("assign decide --act receive_n", "assign decide --act receive_notice"),
        ("assign decide --row nenkin-40", "assign decide --row nenkin-40"),
        ("assign decide --role city_c", "assign decide --role city_clerk"),
        ("assign decide --engine dur", "assign decide --engine durable-rules"),
        ("assign decide --division=nen", "assign decide --division=nenkin"),
        ("assign tasks --format ts", "assign tasks --format tsv"),
        ("assign kin", "assign kinds"),
        ("assign kinds --format ts", "assign kinds --format tsv"),
        ("assign acts --ro", "assign acts --row"),
        ("assign acts --row nenkin-40", "assign acts --row nenkin-40"),
        ("assign decide --lang e", "assign decide --lang en"),
        ("assign tasks --out req", "assign tasks --out requests.csv"),
        ("assign audit verif", "assign audit verif"),
        ("assign audit verify --aga", "assign audit verify --against"),
    ):
        assert shell.completed(typed).startswith(whole), (shell.name, typed)
