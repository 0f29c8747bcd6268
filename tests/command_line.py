"""The command line, as a command of its own and in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assign import cli

ASSIGN = [sys.executable, "-m", "assign"]


def run(
    *words: str, env: dict[str, str] | None = None, shell: str | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """As a command; `shell` is what stands behind it on the line."""
    left_out = ("PYTHONUNBUFFERED", "ASSIGN_LANG", "ASSIGN_AUDIT", "NO_COLOR", "COLUMNS")
    whole = {key: value for key, value in os.environ.items() if key not in left_out} | (env or {})
    if shell is not None:
        line = f'"{sys.executable}" -m assign {shell}'
        return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, env=whole, cwd=cwd)
    return subprocess.run(
        [*ASSIGN, *words], capture_output=True, text=True, check=False, env=whole, cwd=cwd, stdin=subprocess.DEVNULL
    )


def inside(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """In this process: exit code, stdout, stderr."""
    with pytest.raises(SystemExit) as left:
        cli.main(list(words))
    said = capsys.readouterr()
    return int(str(left.value.code)), said.out, said.err
