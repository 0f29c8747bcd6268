"""
Which program this is, and where its built-in list and rules are: beside the code in an installed wheel, at the top of a
checkout. And how a list, a document or a rule file is read: a regular file, whole, of bounded size, UTF-8.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from binascii import crc32
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from assign.errors import AssignError, DataError, NotRegular, visible

VERSION = "0.1.0"
DOCUMENT = "000_c23591d651e7d7b6.txt"


def rules_folder() -> Path:
    """The built-in `rules/`."""
    return _built_in("rules")


def data_folder() -> Path:
    """The built-in `data/`."""
    return _built_in("data")


def catalog_file() -> Path:
    """The built-in `data/catalog.csv`."""
    return data_folder() / "catalog.csv"


def document_file() -> Path:
    """The city's document, untouched."""
    return data_folder() / "source" / DOCUMENT


def line_digests(document: str) -> Path | None:
    """The file with a digest for each line of a document that we ship, if it is one."""
    path = document_file().with_name(f"{document}.lines")
    return path if os.path.isfile(path) else None


def manifest_file() -> Path:
    """The built-in `data/manifest.yaml`."""
    return data_folder() / "manifest.yaml"


def kept(name: str) -> dict[str, Any]:
    """What is kept parsed beside the code, under a file's name; empty where nothing is, it is damaged, or other code wrote it."""
    try:
        found = json.loads(kept_file().with_name(name).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or (code := found.pop("code", None)) is None or code != _code():
        return {}
    return found


def keep(name: str, parsed: dict[str, Any]) -> None:
    """Keep something parsed, with a stamp of the code that reads it: entries of other code may have other fields."""
    file = kept_file().with_name(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({**parsed, "code": _code()}, ensure_ascii=False, separators=(",", ":")), "utf-8")


@cache
def _code() -> int | None:
    """A check sum over all code that reads lists and rules; None where it cannot be read (a zip, byte code alone)."""
    here = Path(__file__).resolve().parent
    files = [*here.glob("catalog/*.py"), *here.glob("rules/*.py"), *map(here.joinpath, _READERS)]
    stamp = 0
    try:
        for path in sorted(files):
            stamp = crc32(path.read_bytes(), stamp)
    except OSError:
        return None
    return stamp


_READERS = ("dates.py", "resources.py", "words.py", "yaml_nodes.py")  # used by both


def kept_file() -> Path:
    """Where the parsed built-in rules are kept, if they are."""
    return Path(__file__).resolve().parent / "built_in" / "rules.json"


def user_folder(variable: str, otherwise: str) -> Path:
    """
    The folder of the user's own that a variable of XDG names, else the usual one in the home folder. A name that is not
    absolute is as one that is not given, says the XDG specification: the same log is used wherever the user stands.
    """
    given = Path(os.environ.get(variable, ""))
    return given if given.is_absolute() else home() / otherwise


def home() -> Path:
    """The user's home folder. Raises DataError: in a container a user may have none."""
    try:
        return Path.home()
    except RuntimeError:
        raise DataError(
            "ホームフォルダが分かりません（環境変数 HOME を設定してください）",
            "there is no home folder (set the variable HOME)",
        ) from None


class TooLarge(ValueError):
    """A file of more bytes than any list or rule file of ours has."""


class NotText(ValueError):
    """Bytes that are not UTF-8: the first line that is not, and what they are, in two languages."""

    def __init__(self, line: int, ja: str, en: str) -> None:
        super().__init__(en)
        self.line: int = line
        self.ja: str = ja
        self.en: str = en


def whole(path: Path, most: int) -> bytes:
    """
    A regular file's bytes, all of them. Nothing else is opened for long: a pipe would be waited for, a device never ends.

    Raises:
        OSError: It is not there, is no regular file, or cannot be read.
        ValueError: No file can have such a name; TooLarge: it has more than `most` bytes.
    """
    # Opened first and looked at then: what stands under a name may be another thing a moment later.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise NotRegular
        data = file.read(most + 1)
    if len(data) > most:
        raise TooLarge
    return data


def name_folder(error: AssignError, folder: object) -> None:
    """
    Say in which folder the file stands with whose name an error begins, as it was given: each of several editions has files of these
    names. Whoever has said so already is not contradicted.

    >>> error = AssignError("catalog.csv の 2 行目: 行がありません", "catalog.csv, line 2: no rows")
    >>> name_folder(error, "our-city/r8")
    >>> name_folder(error, "our-city/r8")
    >>> print(error)
    our-city/r8/catalog.csv, line 2: no rows
    """
    where = visible(f"{folder}".rstrip("/") + "/")[-200:]
    if not error.en.startswith(where):
        error.ja, error.en, error.folder = where + error.ja, where + error.en, where
        error.args = (error.en,)


def decoded(data: bytes) -> str:
    """
    UTF-8, with or without a byte order mark, as text.

    Raises:
        NotText: With the first line that is not.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotText(1, "UTF-16 です（UTF-8 で保存し直してください）", "UTF-16 (save it as UTF-8)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise NotText(
            line, "UTF-8 ではありません（UTF-8 で保存し直してください）", "not UTF-8 (save it as UTF-8)"
        ) from None


def _built_in(name: str) -> Path:
    here = Path(__file__).resolve().parent
    for place in (here / "built_in" / name, here.parents[1] / name):
        if os.path.isdir(place):
            return place
    raise DataError(
        f"`{name}/` が見つかりません（`itaku-assign` を入れ直してください）",
        f"`{name}/` is missing (reinstall `itaku-assign`)",
    )


def joined(files: Mapping[str, bytes]) -> bytes:
    """Files as one text: each is headed by a line with its name and its length in bytes."""
    return b"".join(f"{name} {len(data)}\n".encode() + data for name, data in files.items())


def split(data: bytes, names: Sequence[str]) -> dict[str, bytes] | str:
    """The files of such a text; where it is none, the name of the first file that does not fit."""
    files: dict[str, bytes] = {}
    rest = data
    for name in names:
        head, _, rest = rest.partition(b"\n")
        expected, _, length = head.decode("utf-8", "replace").partition(" ")
        if expected != name or not (
            length.isascii() and length.isdigit() and len(length) < 9 and int(length) <= len(rest)
        ):
            return name
        files[name], rest = rest[: int(length)], rest[int(length) :]
    return names[-1] if rest else files
