"""
What a command writes to → never something that must not be lost.

Before a command begins, each of its outputs (stdout and stderr among them) is compared with its inputs, the decision log (and
what SQLite keeps beside it), the keys, the list and the rules in use, and the program's own files; and its outputs with each
other. Files are the same where device and inode are, so that a link, another spelling and `/dev/fd/3` are seen through.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from assign import evidence, files, resources
from assign.errors import BadOption, DataError, path_shown

FILES: Final = ("FILE", "IN", "OUT", "OLD", "NEW", "KEY", "DIR")  # metavars that stand for a file or a folder
_OUTPUTS: Final = {
    ("out", "FILE"),
    ("to", "FILE"),
    ("qr", "FILE"),
    ("rotate", "FILE"),
    ("html", "FILE"),
    ("xlsx", "FILE"),
    ("target", "OUT"),
}
_BESIDE: Final = ("", *evidence.BESIDE)


class Held(NamedTuple):
    """A file that must not be lost, and what it is. It need not be there yet: SQLite makes and removes its log."""

    path: Path
    ja: str
    en: str


def outputs(ctx: Any, params: list[Any]) -> list[tuple[str, str]]:
    """The files that a command is to write: the option or argument, and the name."""
    found = []
    for param in params:
        value = ctx.params.get(param.name)
        if (param.name, param.metavar) in _OUTPUTS and isinstance(value, str) and value != "-":
            name = param.opts[0] if param.param_type_name == "option" else str(param.metavar)
            found.append((name, value))
            if ctx.info_name == "checkpoint" and param.name == "to":
                found.append((name, f"{value}.pub"))
    if ctx.params.get("new_key") and isinstance(ctx.params.get("keys"), str):
        found.append(("--keys", ctx.params["keys"]))  # a line is added to it
    return found


def spare(ctx: Any, params: list[Any]) -> None:
    """Raises BadOption where the command would write over what must not be lost. Called before it begins."""
    written = outputs(ctx, params)
    streams = [number for number in (2, 1) if _into_a_file(number)]
    if not written and not streams:
        return
    held = list(_held(ctx, params))
    for i, (name, target) in enumerate(written):
        refuse(
            name,
            target,
            [
                *held,
                *_ours(target),
                *(() if ctx.info_name == "checkpoint" else _known_by_sight(target)),  # which looks by itself
                *(Held(Path(other), f"`{by}` と同じファイル", f"the file of `{by}`, too") for by, other in written[:i]),
            ],
        )
    wrong: dict[int, BadOption] = {}
    for number in streams:
        target = f"/dev/fd/{number}"
        try:
            kept = [*held, *_ours(target), *_known_by_sight(os.path.realpath(target))]
            refuse(("stdout", "stderr")[number - 1], target, kept)
        except BadOption as error:
            wrong[number] = error
    if 2 in wrong:  # what is said now would go into the file: it is said on stdout, if that is another one
        os.dup2(os.open(os.devnull, os.O_WRONLY) if 1 in wrong else 1, 2)
    for each in wrong.values():
        raise each


def refuse(name: str, target: str, held: list[Held]) -> None:
    """Raises BadOption where the target is one of the held files."""
    there = _told(target)
    for each in held:
        other = _told(each.path)
        if there and other:
            same = os.path.samestat(there, other)
        else:  # where the one is there and the other is not, they are two
            same = not (there or other) and files.same_file(target, each.path)
        if same:
            shown_ = path_shown(target)
            raise BadOption(
                f"`{name}` に {shown_} は使えません。失ってはならないファイルです（{each.ja}）。別の名前にしてください",
                f"`{name}` cannot be {shown_}, which must not be lost ({each.en}); name another file",
            )


def _told(name: str | Path) -> os.stat_result | None:
    try:
        return os.stat(name)  # noqa: PTH116 - a name that may be anything
    except (OSError, ValueError):
        return None


def _into_a_file(number: int) -> bool:
    """Whether a standard stream is a file: `>> audit.db` would be the end of it, `2>> acts.yaml` of the rules."""
    try:
        return stat.S_ISREG(os.fstat(number).st_mode)
    except OSError:
        return False


def _held(ctx: Any, params: list[Any]) -> Iterator[Held]:
    for param in params:
        if param.metavar not in FILES or (param.name, param.metavar) in _OUTPUTS:
            continue
        if param.name == "keys" and ctx.params.get("new_key"):
            continue
        value = ctx.params.get(param.name)
        name = param.opts[0] if param.param_type_name == "option" else param.metavar
        for each in value if isinstance(value, list | tuple) else [value]:
            if isinstance(each, str) and each != "-":
                said = (f"`{name}` の入力", f"the input `{name}`")
                whole = (
                    param.metavar == "DIR"
                    or (os.path.isdir(each) and param.name in ("old", "new"))
                    or ctx.params.get("engine") == "spark"
                )  # else a folder is a mistake
                yield from _files(Path(each), *said) if whole else [Held(Path(each), *said)]
    places_of_log = [ctx.params.get("audit"), os.environ.get("ASSIGN_AUDIT")]
    with suppress(DataError):  # whoever has no home folder has no log in it
        places_of_log.append(f"sqlite:///{default_log()}")
    for url in places_of_log:
        if isinstance(url, str) and url.startswith("sqlite:///"):
            for ending in _BESIDE:
                yield Held(
                    Path(url.removeprefix("sqlite:///").partition("?")[0] + ending), "判定の記録", "the decision log"
                )
    if key := os.environ.get("ASSIGN_KEY_FILE"):
        yield Held(Path(key), "記録の鍵", "the log's key")
        yield Held(
            Path(f"{os.path.realpath(key)}.signed"), "鍵が最後に署名した木の控え", "what the key has signed last"
        )
    if folder := os.environ.get("ASSIGN_KEY_STATE"):
        yield from _files(Path(folder), "鍵が最後に署名した木の控え", "what the key has signed last")
    if _into_a_file(0):
        yield Held(Path("/dev/fd/0"), "標準入力", "the input on stdin")
    with suppress(DataError):
        yield from _files(resources.user_folder("XDG_CONFIG_HOME", ".config") / "assign", "記録の鍵", "the log's key")
        folder_of_states = resources.user_folder("XDG_DATA_HOME", ".local/share") / "assign" / "signed"
        yield from _files(folder_of_states, "鍵が最後に署名した木の控え", "what the key has signed last")


def _known_by_sight(target: str) -> Iterator[Held]:
    """What must not be lost though nobody has named it: a database, what SQLite keeps beside one, a key, a checkpoint."""
    if (what := evidence.recognised(target)) is not None:
        yield Held(Path(target), *what)


def _ours(target: str) -> Iterator[Held]:
    """
    The program's own files that may be the target's, which is then there. Inodes are compared first: a folder tells them without a
    look at each of its files, which are hundreds.
    """
    if there := _told(target):
        for folder in (resources.rules_folder(), resources.catalog_file().parent, Path(resources.__file__).parent):
            for path in _with_inode(folder, there.st_ino):
                yield Held(Path(path), "assign のファイル", "a file of assign")


def _with_inode(folder: str | Path, inode: int) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _with_inode(entry.path, inode)
            elif entry.inode() == inode or entry.is_symlink():
                yield entry.path


def _files(path: Path, ja: str, en: str) -> Iterator[Held]:
    """The file, or all files in the folder."""
    yield Held(path, ja, en)
    if os.path.isdir(path):
        for folder, _, names in os.walk(path):
            for name in names:
                yield Held(Path(folder, name), ja, en)


def default_log() -> Path:
    """Where the log is that nobody named: in the user's data folder, as XDG has it."""
    return resources.user_folder("XDG_DATA_HOME", ".local/share") / "assign" / "audit.db"
