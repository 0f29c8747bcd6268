"""
A folder for another city's own list: a small invented list and the rules that ship, ready to be edited.

Manifest, catalog, document, README and the rules that are a city's own come from `data/template/`. The decision table is the
one that ships; acts and kinds are those that ship, without what speaks of our own list (`assign.rules.elsewhere`). Which kinds,
and the rows of the invented list that are of them, `data/template_kinds.csv` says.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from assign import resources
from assign.files import new_folder, put
from assign.rules import elsewhere

EDITOR: Final = "# yaml-language-server: $schema="
_ACTS_HEAD: Final = """\
# 行為の表: 業務の中の1つ1つの行為と、その種類。出荷時のもので、はじめは書き換えません。
#   factual 事実行為（印と場が許せば受託者）  authority 公権力の行使（市だけ）  barred 別の理由で市が行う
#   shared 両者にまたがる（parts がそれぞれの分）  undetermined 表にない行為
# 公権力の行使の行為は、種類も名前も変えられません。ほかを改め、または足すときは、市の文書を書きます:
#   source: {document: 文書の名前, role: 定めた人の役職}
# そのときは例も要ります: examples: [{given: {row: 行の id, channel: 業務の場}, assignee: contractor}]
"""
_KINDS_HEAD: Final = """\
# 業務の種類: どの行に、どんな行為が、どの順にあるか。一覧のすべての行を、どれか1つの種類の `rows` に入れます。
# 出荷時の種類（basis: judged）をそのまま使えます。行為（chain）を改め、または種類を足すときは、`basis: judged` の代わりに市の文書を書きます:
#   source: {document: 文書の名前, role: 定めた人の役職}
# channel は manifest.yaml の業務の場の key です。場の key を変えたら、ここも変えます。
# counter は、窓口に印のある行すべての行為で、変えられません。conditions は、省ける行為（optional）をいつ行うかです。
"""


def contents() -> dict[str, bytes]:
    """Every file of the folder, by its path in it."""
    rules = resources.rules_folder()
    acts, kinds = ((rules / name).read_text("utf-8") for name in ("acts.yaml", "kinds.yaml"))
    template, schema = resources.data_folder() / "template", resources.data_folder() / "schema"
    files = {
        **{str(path.relative_to(template).as_posix()): path.read_bytes() for path in _files(template)},
        "rules/decision_table.yaml": (rules / "decision_table.yaml").read_bytes(),
        "rules/acts.yaml": (_ACTS_HEAD + elsewhere.acts(acts)).encode(),
        "rules/kinds.yaml": (_KINDS_HEAD + elsewhere.kinds(kinds, _rows_of_kinds())).encode(),
        **{f"schema/{path.name}": path.read_bytes() for path in _files(schema)},
    }
    return {name: _told_to_editors(name, data) for name, data in sorted(files.items())}


def write(name: str) -> list[str]:
    """
    Make the folder, whole or not at all.

    Args:
        name: It is not there yet, or is an empty folder.

    Returns:
        The files in it, by their paths.

    Raises:
        BadOption: Something stands there. OutputError: It could not be written.
    """
    with new_folder(name) as folder:
        files = contents()
        put(folder, files)
    return list(files)


def kinds_offered() -> list[str]:
    """The kinds of work that a new list can have, in the order of the template."""
    return list(_rows_of_kinds())


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if os.path.isfile(path))


def _rows_of_kinds() -> dict[str, list[str]]:
    """The kinds of work that ship and speak of no row of ours, with the rows of the template that are of them."""
    text = (resources.data_folder() / "template_kinds.csv").read_text("utf-8")
    return {each["kind"]: each["rows"].split() for each in csv.DictReader(text.splitlines())}


def _told_to_editors(name: str, data: bytes) -> bytes:
    """A YAML file that begins with the place of its schema, for an editor that completes and checks it."""
    if not name.endswith(".yaml"):
        return data
    text = data.decode("utf-8")
    if text.startswith(EDITOR):
        text = text.partition("\n")[2]
    up = "../" * name.count("/")
    return f"{EDITOR}{up}schema/{Path(name).stem}.schema.json\n{text}".encode()
