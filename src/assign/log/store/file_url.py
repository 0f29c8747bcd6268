"""
`sqlite:///…` → the file.
"""

from __future__ import annotations

import re
from pathlib import Path

from assign.errors import BadOption, path_shown


def file_of(url: str) -> Path:
    """The file of a `sqlite:///` address. What other programs read as options or escapes would become part of its name."""
    name = url.removeprefix("sqlite:///")
    if name == url or not name:
        raise BadOption(
            f"{path_shown(url)}: SQLite の記録の場所は `sqlite:///ファイル`、絶対パスなら `sqlite:////フォルダ/ファイル` です",
            f"{path_shown(url)}: a log in SQLite is at `sqlite:///FILE`, or `sqlite:////FOLDER/FILE` for an absolute path",
            ["sqlite:///"],
        )
    if name.startswith("file:"):
        found: str | None = "file:"
    else:
        found = next((each for each in ("?", "#") if each in name), None)
    if ":memory:" in name:
        raise BadOption(
            "記録はファイルに置きます（`:memory:` は消えます）。場所は `sqlite:///ファイル` です",
            "a log is kept in a file (`:memory:` is lost): it is at `sqlite:///FILE`",
            ["sqlite:///"],
        )
    if escape := re.search("%[0-9A-Fa-f]{2}", name):
        found = escape[0]
    if found is not None:
        raise BadOption(
            f"{path_shown(url)}: SQLite の場所に `{found}` は使えません（オプションはなく、ファイル名はそのまま書きます: `sqlite:///ファイル`）",
            f"{path_shown(url)}: `{found}` cannot stand in it; there are no options, and the name is written as it is: `sqlite:///FILE`",
            ["sqlite:///"],
        )
    return Path(name)
