"""
What the build adds: the list and the rules as they are read (a wheel carries `assign/built_in/*.json`, an editable install has them in place), and the
page that a package index shows.
"""

import re
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


class KeepRules(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own generic is not needed here
    """Parse `data/manifest.yaml` and `rules/` once, at build time."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write `built_in/*.json`, and have a wheel carry them."""
        for kept in keep(Path(self.root)):
            if version != "editable":
                build_data["force_include"][str(kept)] = f"assign/built_in/{kept.name}"


def keep(root: Path) -> list[Path]:
    """Write what a cold start and a search need, as they are read: the list, the rules, the index of words, and that all of it was checked."""
    sys.path.insert(0, str(root / "src"))
    from assign.catalog import loader
    from assign.desk import approval
    from assign.rules import build
    from assign.search import index

    made = [*loader.write_kept(root / "data"), *build.write(root / "rules")]
    return [*made, index.write_kept(loader.load(root / "data"), root / "data"), approval.write_kept()]


class Page(MetadataHookInterface):
    """
    Both READMEs on one page, Japanese first.

    An index has no files beside the page, so a relative link leads nowhere there; and there is no public repository that it could
    lead to. Such a link becomes its text and the path of the file, which the source archive carries.
    """

    def update(self, metadata: dict[str, Any]) -> None:
        """Give the project its `readme`."""
        texts = [(Path(self.root) / name).read_text("utf-8") for name in ("README.ja.md", "README.md")]
        text = "\n---\n\n".join(
            re.sub(r"^\[(English|日本語)\]\(.*\)\n+", "", each, flags=re.MULTILINE) for each in texts
        )
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": re.sub(r"\[([^]]+)\]\((?!https?:)([^)]+)\)", _said, text),
        }


def _said(link: re.Match[str]) -> str:
    text, path = link.groups()
    return f"`{path}`" if text == path else f"{text}: `{path}`"
