"""
Keeps the parsed rules in every build: a wheel carries `assign/built_in/rules.json`, an editable install has it in place.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KeepRules(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own generic is not needed here
    """Parse `rules/` once, at build time."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write `built_in/rules.json`, and have a wheel carry it."""
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        from assign import places, yamlfile

        kept = places.kept_file()
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(yamlfile.keep(root / "rules"))
        if version != "editable":
            build_data["force_include"][str(kept)] = "assign/built_in/rules.json"
