"""
A command that is printed for a person to copy → the same list, rules and log that this run was given, quoted for a shell.

Run as printed, it must be about what whoever reads it has before them: without `--list` it would answer from the list that ships.
What came from the environment is there for the next command, too, and is not said. A server's readers are not at its shell: nothing
is said to them of its folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

# Which command takes which option; in this order they are said. A test holds it against the command line itself.
OPTIONS: Final = ("rules", "list", "on", "volumes", "by", "seconds", "audit", "origin")
_DAYS: Final = {"decide", "search", "tasks", "acts", "kinds", "plan", "questions", "export", "rule list"}
_LISTS: Final = _DAYS | {"check", "batch", "serve", "mcp", "rule add", "rule check", "audit init", "audit publish"}
_ALONE: Final = {"volumes": "questions", "by": "questions", "seconds": "import"}
_WITHOUT_A_LOG: Final = {"audit help", "audit verifier"}
_PLAIN: Final = re.compile(r"[\w@%+=:,./-]+")
_PASSWORD: Final = re.compile(r"(?<=//)([^/@:]*):.*(?=@)|(?<=[?&])(?:ssl)?password=[^&]*&?")
# What this process was asked for. INVARIANT: the command line alone sets it, once a run; threads of the run (polars has some) read it.
_RUN: Final[dict[str, str]] = {}


@contextmanager
def given(options: Mapping[str, object]) -> Iterator[None]:
    """Until the end of this, commands say again these options too, each by its name (`list`), where they take them."""
    before = dict(_RUN)
    _RUN.update({name: value for name in OPTIONS if isinstance(value := options.get(name), str)})
    try:
        yield
    finally:
        _RUN.clear()
        _RUN.update(before)


def forget() -> None:
    """From now on nothing is said again: the process has become a server's."""
    _RUN.clear()


def takes(name: str, option: str) -> bool:
    """Whether a command takes an option of `OPTIONS` that is worth saying again."""
    if option in ("audit", "origin"):
        return name.startswith("audit ") and name not in _WITHOUT_A_LOG
    return (
        name in _DAYS if option == "on" else name in _LISTS if option in ("rules", "list") else _ALONE[option] == name
    )


def command(name: str, *words: str) -> str:
    """
    A command as it is typed, with what this run was given.

    Args:
        name: `decide`, `audit verify`. words: Its options and arguments; one that stands among them is not said again.

    >>> with given({"list": "市の (新)", "rules": None}):
    ...     print(command("decide", "--row", "hoken-(1)"))
    ...     print(command("check", "--list", "r8"))
    assign decide --row 'hoken-(1)' --list '市の (新)'
    assign check --list r8
    """
    more = [(f"--{option}", _RUN[option]) for option in OPTIONS if option in _RUN and takes(name, option)]
    said = [word for option, value in more if option not in words for word in _said(option, value)]
    return " ".join([f"assign {name}", *map(quoted, words), *said])


def quoted(word: str) -> str:
    """
    A word as a shell takes it, on one line; letters of any script need no quotes, and a backtick never stands in it.

    >>> print(quoted("国保"), quoted("1 (新)"), quoted("it's"), quoted("市" + chr(10) + chr(96)))
    国保 '1 (新)' 'it'"'"'s' $'市\\x0a\\x60'
    """
    if _PLAIN.fullmatch(word):
        return word
    if "`" not in word and word.replace("\u3000", "").isprintable():
        return "'" + word.replace("'", "'\"'\"'") + "'"
    return "$'" + "".join(_escaped(c) for c in word) + "'"


def _escaped(c: str) -> str:
    if c in "'\\":
        return f"\\{c}"
    if c != "`" and (c.isprintable() or c == "\u3000"):
        return c
    code = ord(c)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _said(option: str, value: str) -> list[str]:
    """An option with its value; of a log's address no password, which would be read on a screen."""
    if option == "--audit":
        value = _PASSWORD.sub(r"\1", value)
    return [f"{option}={quoted(value)}"] if value.startswith("-") else [option, quoted(value)]
