"""
Where a log's key is kept, and beside it what the key has signed last. Paths alone: every start asks for them, and most need no key.
"""

from __future__ import annotations

import os
from pathlib import Path

from assign.resources import user_folder


def key_file(name: str) -> Path:
    """Where a log's secret key is kept unless told otherwise: `~/.config/assign/keys/`, as XDG has it."""
    return user_folder("XDG_CONFIG_HOME", ".config") / "assign" / "keys" / f"{name.replace('/', '_')}.key"


def beside(path: Path) -> Path:
    """Where the last tree is kept that the key in this file has signed: the link's target counts, so that one key has one state."""
    real = Path(os.path.realpath(path))
    return real.with_name(f"{real.name}.signed")


def state_folder() -> Path:
    """Where that is kept of a key without a file, under the key's number."""
    return user_folder("XDG_DATA_HOME", ".local/share") / "assign" / "signed"


def states(name: str) -> list[Path]:
    """The files in which this machine may have what a key of that log has signed last."""
    given = os.environ.get
    if folder := given("ASSIGN_KEY_STATE"):
        return sorted(Path(folder).absolute().glob("*.signed"))
    if given("ASSIGN_KEY") or given("ASSIGN_KEY_COMMAND"):
        return sorted(state_folder().glob("*.signed"))
    return [beside(Path(given("ASSIGN_KEY_FILE") or key_file(name)))]
