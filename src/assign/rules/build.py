"""
A folder of rules → the files that `precompiled` reads. Run when the package is built or set up, never by a command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assign import resources
from assign.words import sha256
from assign.yaml_nodes import flat, parse, read

from .kinds import KINDS, read_work
from .loader import load
from .precompiled import plain, trees_file


def write(folder: Path | None = None) -> tuple[Path, Path]:
    """Make both files from a folder of rules; where they are. Part of setting up, like byte-compiling."""
    folder = folder or resources.rules_folder()
    trees: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yaml")):
        data = read(path)
        node = parse(path.name, data)
        if path.name == KINDS:
            trees[path.name] = {"sha256": sha256(data), "work": read_work(node).plain()}
        else:
            trees[path.name] = {"text": resources.decoded(data).replace("\r\n", "\n"), "tree": flat(node)}
    for file, kept in ((resources.kept_file(), plain(load(folder, kept=False))), (trees_file(), trees)):
        resources.keep(file.name, kept)
    return resources.kept_file(), trees_file()
