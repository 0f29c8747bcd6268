"""
Completion in bash, zsh and fish: the three scripts, where each is put, and what is offered.

The scripts are ours and not typer's: it names zsh's file `_assign`, which is a function of zsh's own, so that completion never
works there; and each shell filters what it is offered by the word before the cursor, which is `--division=n` in two of them.
A script asks `assign` itself, through the variables below, and is answered a line for each word: the word, a tab, what it
is; or `:file`, `:dir` where the shell is to complete names of files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from assign import files, resources
from assign.errors import AssignError, BadOption, listed, path_shown, shown

from .help import said_in

SHELLS: Final = ("bash", "zsh", "fish")
ASKED: Final = "_ASSIGN_COMPLETE"  # complete_bash, complete_zsh, complete_fish
TYPED: Final = "_TYPER_COMPLETE_ARGS"  # the line up to the cursor
_FILES: Final = {"FILE": ":file", "IN": ":file", "OUT": ":file", "OLD": ":file", "NEW": ":file", "DIR": ":dir"}

_SCRIPTS: Final = {
    "bash": r"""# assign: completion for bash
_assign_completion() {
    local line
    COMPREPLY=()
    compopt +o default 2>/dev/null
    while IFS= read -r line; do
        case $line in
            :file | :dir) compopt -o default 2>/dev/null ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <(_ASSIGN_COMPLETE=complete_bash _TYPER_COMPLETE_ARGS="${COMP_LINE:0:COMP_POINT}" "$1" 2>/dev/null)
}
complete -F _assign_completion assign
""",
    "zsh": r"""#compdef assign
_assign_completion() {
    local -a offered
    local line kind
    while IFS= read -r line; do
        case $line in
            :file | :dir) kind=$line ;;
            *$'\t'*) offered+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            *) offered+=("${line//:/\\:}") ;;
        esac
    done < <(_ASSIGN_COMPLETE=complete_zsh _TYPER_COMPLETE_ARGS="${words[1,CURRENT]}" "${words[1]}" 2>/dev/null)
    [[ $PREFIX == --*=* ]] && compset -P '*='
    case $kind in
        :file) _files; return ;;
        :dir) _files -/; return ;;
    esac
    (( $#offered )) && _describe -V assign offered
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _assign_completion "$@"
else
    compdef _assign_completion assign
fi
""",
    "fish": r"""# assign: completion for fish
function __assign_completion
    set -l token (commandline -ct)
    for line in (_ASSIGN_COMPLETE=complete_fish _TYPER_COMPLETE_ARGS=(commandline -cp) assign 2>/dev/null)
        switch $line
            case ':file'
                __fish_complete_path (string replace -r '^--[^=]*=' '' -- $token)
            case ':dir'
                __fish_complete_directories (string replace -r '^--[^=]*=' '' -- $token)
            case '*'
                echo $line
        end
    end
end
complete --command assign --no-files --arguments '(__assign_completion)'
""",
}


# -- putting it there ------------------------------------------------------------------------------------------------


def script(shell: str) -> str:
    """The script for a shell, or for the one in use (`auto`). Raises BadOption."""
    return _SCRIPTS[_known(shell)]


def install(shell: str) -> tuple[str, Path]:
    """
    Put the script where the shell reads it at its next start.

    Returns:
        The shell, and the file.

    Raises:
        BadOption: Not one of ours, or it cannot be told which is in use. OutputError: It could not be written.
    """
    shell = _known(shell)
    home = resources.home()
    if shell == "fish":
        path = resources.user_folder("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / "assign.fish"
        start: tuple[Path, list[str]] | None = None
    elif shell == "zsh":
        path = home / ".zfunc" / "_assign_completion"
        start = Path(os.environ.get("ZDOTDIR") or home) / ".zshrc", ["fpath+=~/.zfunc; autoload -Uz compinit; compinit"]
    else:
        path = home / ".bash_completions" / "assign.sh"
        start = home / ".bashrc", ["source ~/.bash_completions/assign.sh"]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.whole_or_not(str(path), _SCRIPTS[shell].encode())
        if start is not None:
            _with_lines(*start)
    except OSError as error:
        raise files.unwritable(path_shown(path), error) from None
    return shell, path


def _with_lines(file: Path, lines: list[str]) -> None:
    """The lines at the end of a start file, once; what stands there is kept to the byte."""
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        text = b""
    missing = [line.encode() for line in lines if line.encode() not in text.split(b"\n")]
    if missing:
        text += b"\n" if text and not text.endswith(b"\n") else b""
        files.whole_or_not(str(file), text + b"\n".join(missing) + b"\n")


def _known(shell: str) -> str:
    if shell == "auto":
        shell = _in_use() or ""
        if shell not in SHELLS:
            raise BadOption(
                f"今のシェルが分かりません（名前を付けてください: {listed(SHELLS)}）",
                f"which shell is in use cannot be told (name one: {listed(SHELLS)})",
                SHELLS,
            )
    if shell not in SHELLS:
        raise BadOption(
            f"シェル {shown(shell)} の補完はありません（選べるもの: {listed(SHELLS)}）",
            f"there is no completion for the shell {shown(shell)} (choose: {listed(SHELLS)})",
            SHELLS,
        )
    return shell


def _in_use() -> str | None:
    """The shell that has started us; else the user's."""
    with suppress(Exception):  # it is not there, or there is no shell above us
        name = str(import_module("shellingham").detect_shell()[0])  # typer brings it
        if name in SHELLS:
            return name
    return Path(os.environ.get("SHELL") or "").name or None


# -- what is offered -------------------------------------------------------------------------------------------------


def answer(root: Any, environ: Mapping[str, str]) -> list[str]:
    """The lines that a shell asked for."""
    from typer._click.shell_completion import _resolve_context, _resolve_incomplete, split_arg_string

    shell = environ[ASKED].removeprefix("complete_")
    if TYPED in environ:
        line = environ[TYPED]
        words = split_arg_string(line)[1:]
        if not words or line[-1:].isspace():
            words.append("")
    else:  # bash's own words
        words = split_arg_string(environ.get("COMP_WORDS", ""))[1 : int(environ.get("COMP_CWORD") or 1) + 1]
        words += [""] if len(words) < int(environ.get("COMP_CWORD") or 1) else []
    *before, last = words or [""]
    lang = _language(before, environ)
    ctx = _resolve_context(root, {}, "assign", list(before))
    thing, incomplete = _resolve_incomplete(ctx, list(before), last)
    stuck = last[: -len(incomplete)] if shell == "fish" and last.startswith("--") and "=" in last and incomplete else ""
    if shell == "fish" and last.startswith("--") and last.endswith("="):
        stuck = last
    offered: Iterable[tuple[str, str]]
    if hasattr(thing, "param_type_name"):
        if (kind := _FILES.get(str(getattr(thing, "metavar", "")))) is not None:
            return [kind]
        offered = _values(ctx, thing.name or "")
    else:
        offered = _names(thing, ctx, lang, incomplete)
    chosen = [(word, text) for word, text in offered if word.startswith(incomplete)]
    return [f"{stuck}{word}\t{said_in(lang, text)}".rstrip("\t") for word, text in chosen]


def _language(words: list[str], environ: Mapping[str, str]) -> str:
    given = words[words.index("--lang") + 1] if "--lang" in words[:-1] else environ.get("ASSIGN_LANG")
    return "en" if given == "en" else "ja"


def _names(command: Any, ctx: Any, lang: str, incomplete: str) -> Iterable[tuple[str, str]]:
    """Commands and options that may stand here."""
    from .help import short

    if not incomplete.startswith("-"):
        for name, each in getattr(command, "commands", {}).items():
            if not each.hidden:
                yield name, short(each, lang)
        return
    for param in command.get_params(ctx):
        if param.param_type_name == "option" and not param.hidden:
            text = "この説明を表示 / show this help" if param.name == "help" else param.help or ""
            for name in [*param.opts, *param.secondary_opts]:
                yield name, text


def _values(ctx: Any, name: str) -> list[tuple[str, str]]:
    """What an option or an argument of this name may say in this command."""
    command = ctx.info_name
    name = name.strip("_")
    fixed = {
        ("tasks", "format"): "table csv tsv json",
        ("acts", "format"): "table csv tsv json",
        ("kinds", "format"): "table csv tsv json",
        ("batch", "format"): "csv jsonl parquet",
        ("replay", "format"): "csv jsonl parquet",
        ("batch", "engine"): "polars spark",
        ("audit", "export", "format"): "jsonl csv html",
        ("export", "dialect"): "postgresql duckdb sqlite",
        ("export", "format"): "sql",
    }
    parent = ctx.parent.info_name if ctx.parent else ""
    words = fixed.get((parent, command, name)) or fixed.get((command, name)) or _FIXED.get(name)
    if words is not None:
        return [(word, "") for word in words.split()]
    maker = _MAKERS.get(name)
    try:
        return maker(ctx) if maker else []
    except AssignError:  # an own catalog that cannot be read: the command will say so
        return []


_FIXED: Final = {
    "engine": "auto durable-rules table",
    "lang": "ja en",
    "encoding": "auto utf-8 cp932",
    "fail_on": "error ruling error,ruling",
    "install_completion": " ".join(SHELLS),
    "show_completion": " ".join(SHELLS),
}


def _divisions(ctx: Any) -> list[tuple[str, str]]:
    return _named(_list(ctx).divisions)


def _channels(ctx: Any) -> list[tuple[str, str]]:
    return _named(_list(ctx).channels)


def _list(ctx: Any) -> Any:
    """The manifest of the list that is asked about."""
    from assign.catalog import load
    from assign.catalog.editions import in_force, of_folder
    from assign.resources import data_folder
    from assign.words import date_of_case

    given = ctx.params.get("list_")
    if given and (editions := of_folder(given)):
        given = editions[in_force(editions, date_of_case(ctx.params.get("on")))].folder
    return load(Path(given) if given else data_folder()).manifest


def _named(entries: dict[str, Any]) -> list[tuple[str, str]]:
    keys = [(key, f"{each.label['ja']} / {each.label['en']}") for key, each in entries.items()]
    return keys + [(name, key) for key, each in entries.items() for name in (each.label["ja"], *each.names)]


def _rows(ctx: Any, division: str | None = None) -> list[dict[str, Any]]:
    return _desk(ctx).rows(division)  # type: ignore[no-any-return]  # a completion imports no desk until one is asked for


def _desk(ctx: Any) -> Any:
    from assign.desk.desk import Desk

    named = {"list": ctx.params.get("list_"), "rules": ctx.params.get("rules"), "on": ctx.params.get("on")}
    return Desk.open(engine="table", **named)


def _items(ctx: Any) -> list[tuple[str, str]]:
    rows = _rows(ctx, ctx.params.get("division"))
    return list(dict.fromkeys((row["id"].partition("-")[2], row["name"]) for row in rows))


def _ids(ctx: Any) -> list[tuple[str, str]]:
    return [(row["id"], row["name"]) for row in _rows(ctx)]


def _sections(ctx: Any) -> list[tuple[str, str]]:
    rows = _rows(ctx, ctx.params.get("division"))
    return [
        (name, "") for name in dict.fromkeys(name for row in rows for name in (row["section"], row["group"])) if name
    ]


def _acts(ctx: Any) -> list[tuple[str, str]]:
    acts = _desk(ctx).rules.acts.values()
    keys = [(act.id, f"{act.title['ja']} / {act.title['en']}") for act in acts]
    return keys + [(act.title["ja"], act.id) for act in acts if not re.search(r"\s", act.title["ja"])]


def _roles(_ctx: Any) -> list[tuple[str, str]]:
    from assign.log.kinds import ROLE_TEXT, Role

    return [(role.value, f"{ROLE_TEXT[role]['ja']} / {ROLE_TEXT[role]['en']}") for role in Role]


def _kept(name: str) -> list[tuple[str, str]]:
    """Words of a record: its keys, and as a list prints them."""
    from assign.cli.audit.options import KIND_TEXT
    from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT

    texts: dict[str, Mapping[Any, Mapping[str, str]]] = {
        "assignee": ASSIGNEE_TEXT, "certainty": CERTAINTY_TEXT, "kind": KIND_TEXT,
    }  # fmt: skip
    keys = [(str(key), f"{text['ja']} / {text['en']}") for key, text in texts[name].items()]
    return keys + [(text["ja"], str(key)) for key, text in texts[name].items()]


def _commands(ctx: Any) -> list[tuple[str, str]]:
    command = ctx.parent.command  # `assign`, or the group whose `help` this is
    for word in ctx.params.get("words") or ():
        command = getattr(command, "commands", {}).get(word, command)
    below = getattr(command, "commands", {}).items()
    return [(name, " ".join((each.help or "").split())) for name, each in below if not each.hidden]


_MAKERS: Final[dict[str, Callable[[Any], list[tuple[str, str]]]]] = {
    "division": _divisions,
    "channel": _channels,
    "item": _items,
    "row": _ids,
    "section": _sections,
    "act": _acts,
    "role": _roles,
    "assignee": lambda _ctx: _kept("assignee"),
    "certainty": lambda _ctx: _kept("certainty"),
    "kind": lambda _ctx: _kept("kind"),
    "words": _commands,
}
