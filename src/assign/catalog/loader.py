"""
The files of a list → its `Catalog`. What ships is kept as it was read when the package was built: a cold start reads no CSV.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from assign import resources
from assign.errors import CatalogError, RuleFileError, shown, unreadable, visible
from assign.resources import NotText, TooLarge, decoded, whole
from assign.words import Reading, nearest, sha256

from .kept import plain
from .manifest import FILE, Manifest
from .manifest_file import from_bytes
from .manifest_file import load as load_manifest
from .model import CATALOG, LARGEST, Catalog, Task


def load(path: Path, *, as_it_is: bool = False) -> Catalog:
    """
    Read a list.

    Args:
        path: The folder of a list (`manifest.yaml` and `catalog.csv`), or its catalog: CSV in UTF-8 (with or without a byte order
            mark), the columns of `columns(manifest)`. Where no manifest stands beside the catalog, that of the built-in list holds.
        as_it_is: Whether a row may say something else than its own raw text: for `check`, which shows it, and nobody else.

    Returns:
        The catalog, with the bytes of both files.

    Raises:
        CatalogError: With the first line that does not fit.
        CatalogDiffers: With the first that says something else than its own raw text.
        RuleFileError: With the first line of the manifest that does not fit. DataError: A file cannot be read.
    """
    if os.path.isdir(path):
        folder, path = path, path / CATALOG
    else:
        folder = path.parent
        if not os.path.exists(folder / FILE):
            folder = resources.data_folder()
    try:
        data = whole(path, LARGEST)
    except TooLarge:
        raise CatalogError(shown_name(path), 1, "大きすぎます", f"larger than {LARGEST} bytes") from None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    manifest = load_manifest(folder / FILE)
    if not as_it_is and (tasks := kept_tasks(manifest, data)):
        return Catalog(tasks, manifest, data)
    catalog = _catalog(manifest, data, shown_name(path))
    return catalog if as_it_is else _held_against_its_document(catalog, shown_name(path))


def _held_against_its_document(catalog: Catalog, name: str) -> Catalog:
    from .against_document import disagreement  # its reader of documents is nothing that a start needs

    if (found := disagreement(catalog, name)) is not None:
        raise found
    return catalog


def kept_tasks(manifest: Manifest, rows: bytes) -> tuple[Task, ...]:
    """The rows that are kept of the very bytes of both files; none where they are others."""
    kept = resources.kept("catalog.json")
    if kept.get("sha256") != [sha256(manifest.data), sha256(rows)]:
        return ()
    return tuple(
        Task._make((*fields, Reading(reading), tuple(repairs), *key))
        for *fields, reading, repairs, key in kept["tasks"]
    )


def plain_tasks(catalog: Catalog) -> list[Any]:
    """As JSON keeps them."""
    return [[*task[:9], task.reading.value, list(task.repairs), list(task[11:])] for task in catalog.tasks]


def write_kept(folder: Path) -> tuple[Path, Path]:
    """Keep the built-in manifest parsed, and the rows of its catalog once they are held against their raw text; where."""
    catalog = _held_against_its_document(load(folder, as_it_is=True), CATALOG)
    digests = [sha256(catalog.manifest.data), sha256(catalog.rows)]
    resources.keep("manifest.json", {"sha256": digests[0], "manifest": plain(catalog.manifest)})
    resources.keep("catalog.json", {"sha256": digests, "tasks": plain_tasks(catalog)})
    return resources.kept_file().with_name("manifest.json"), resources.kept_file().with_name("catalog.json")


def shown_name(path: Path) -> str:
    """A file's name in a message: one line, whatever it is called."""
    return visible(path.name)[:200]


def from_edition(data: bytes) -> Catalog:
    """
    A list from its one text, as `Catalog.data` is and a decision log keeps it.

    Its form is checked, and not its reading: what an earlier program has read, and answered by, is replayed as it was.

    Raises:
        CatalogError, RuleFileError: With the first line that does not fit.
    """
    files = resources.split(data, (FILE, CATALOG))
    if isinstance(files, str):
        raise CatalogError(files, 1, "一覧の版の形ではありません", "not an edition of a list")
    return _catalog(from_bytes(files[FILE]), files[CATALOG])


def _catalog(manifest: Manifest, data: bytes, name: str = CATALOG) -> Catalog:
    if len(data) > LARGEST:
        raise CatalogError(name, 1, "大きすぎます", f"larger than {LARGEST} bytes")
    try:
        text = decoded(data)
    except NotText as error:
        raise CatalogError(name, error.line, error.ja, error.en) from None
    from .csv_file import tasks_of  # nor is this: what ships is kept

    catalog = Catalog(tasks=tasks_of(name, text, manifest), manifest=manifest, rows=data)
    named = [line.when["row"] for line in manifest.meanings if "row" in line.when]
    unknown = {*named, *(row for each in manifest.designations for row in each.rows)} - catalog.by_id.keys()
    if unknown:
        row = min(unknown)
        raise RuleFileError(
            FILE,
            1,
            f"台帳に行 {shown(row)} がありません",
            f"the catalog has no row {shown(row)}",
            nearest(row, catalog.by_id),
        )
    if (clash := manifest.clash((task.id, task.cells) for task in catalog.tasks)) is not None:
        ja, en = (" / ".join(f"{dict(line.when)} → {line.means}" for line in clash) for _ in range(2))
        raise RuleFileError(
            FILE, 1, f"同じ欄に2つの意味があります（{ja}）", f"two lines of one rank read a cell otherwise ({en})"
        )
    return catalog


def _write() -> None:
    from .against_document import from_document
    from .csv_file import as_csv

    folder = resources.data_folder()
    shipped = load_manifest(folder / FILE)
    (folder / CATALOG).write_bytes(as_csv(from_document(resources.document_file(), shipped), shipped))
    sys.stdout.write(f"{folder / CATALOG}\n")


if __name__ == "__main__":  # make catalog
    _write()
