"""
The built-in rule files as they were read when the package was built: a cold start reads no YAML.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from assign import places
from assign.words import sha256
from assign.yamlfile import flat, parse, read

from .kinds import FILE, Work, read_work


def kept() -> Mapping[str, Any]:
    """What is kept: `{file: {text, tree}}`, and of `kinds.yaml` `{sha256, work}`; empty where nothing is."""
    try:
        found = json.loads(places.kept_file().read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def kept_work(trees: Mapping[str, Any], data: bytes, acts: Collection[str]) -> Work | None:
    """The work that is kept of these bytes of `kinds.yaml`; none where they are others, or where an act is no longer there."""
    known = trees.get(FILE)
    if known is None or known["sha256"] != sha256(data):
        return None
    work = Work.from_plain(known["work"])
    return work if work.every_act <= frozenset(acts) else None


def keep(folder: Path) -> bytes:
    """What `built_in/rules.json` holds for a folder; a node of a tree is `[line, value]`."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yaml")):
        data = read(path)
        node = parse(path.name, data)
        if path.name == FILE:
            found[path.name] = {"sha256": sha256(data), "work": read_work(node).plain()}
        else:
            found[path.name] = {"text": places.decoded(data).replace("\r\n", "\n"), "tree": flat(node)}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def write() -> None:
    """Part of setting up, like byte-compiling."""
    places.kept_file().parent.mkdir(exist_ok=True)
    places.kept_file().write_bytes(keep(places.rules_folder()))
