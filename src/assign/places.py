"""
Which program this is, and where its built-in list and rules are: beside the code in an installed wheel, at the top of a
checkout.
"""

from __future__ import annotations

from pathlib import Path

from .errors import DataError

VERSION = "0.1.0"
DOCUMENT = "000_c23591d651e7d7b6.txt"


def rules_folder() -> Path:
    """The built-in `rules/`."""
    return _built_in("rules")


def catalog_file() -> Path:
    """The built-in `data/catalog.csv`."""
    return _built_in("data") / "catalog.csv"


def document_file() -> Path:
    """The city's document, untouched."""
    return _built_in("data") / "source" / DOCUMENT


def line_digests(document: str) -> Path | None:
    """The file with a digest for each line of a document that we ship, if it is one."""
    path = document_file().with_name(f"{document}.lines")
    return path if path.is_file() else None


def kept_file() -> Path:
    """Where the parsed built-in rules are kept, if they are."""
    return Path(__file__).resolve().parent / "built_in" / "rules.json"


def _built_in(name: str) -> Path:
    here = Path(__file__).resolve().parent
    for place in (here / "built_in" / name, here.parents[1] / name):
        if place.is_dir():
            return place
    raise DataError(
        f"`{name}/` が見つかりません（`itaku-assign` を入れ直してください）",
        f"`{name}/` is missing (reinstall `itaku-assign`)",
    )
