"""
A folder of rules → the files that `precompiled` reads. Run when the package is built or set up, never by a command.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assign import resources
from assign.words import sha256

from .kinds import KINDS, read_work
from .loader import load
from .precompiled import code_digest, plain, trees_file
from .yaml_nodes import flat, parse, read


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
    resources.kept_file().parent.mkdir(exist_ok=True)
    for file, kept in ((resources.kept_file(), plain(load(folder, kept=False))), (trees_file(), trees)):
        kept["code"] = code_digest()
        file.write_text(json.dumps(kept, ensure_ascii=False, separators=(",", ":")), "utf-8")
    return resources.kept_file(), trees_file()
