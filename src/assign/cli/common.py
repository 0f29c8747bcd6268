"""
What every command has: how options are read, help and mistakes in the reader's language, and how JSON goes out.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from assign import commands, files
from assign.columns import labelled, wrap
from assign.desk.desk import Desk
from assign.desk.listings import as_json
from assign.errors import BadDate, BadOption, BadRequest, listed, path_shown, shown
from assign.words import nearest, normal

from . import terminal
from .spared import FILES, default_log, spare

LANGS = ("ja", "en")
_TYPED = ("division", "item", "channel", "act", "on", "section", "row", "role", "case", "key", "corrects")


@dataclass
class Reader:
    """Who reads: in which language, and how much. One for each run; options set it wherever on the line they stand."""

    lang: str = "ja"
    quiet: bool = False
    plain: bool = False


_READS: ContextVar[Reader] = ContextVar("reader")  # whoever reads what the command says that runs now


def briefly() -> bool:
    """Whether the answer alone is asked for (`--quiet`)."""
    who = _READS.get(None)
    return who is not None and who.quiet


def reader(ctx: Any) -> Reader:
    """Whoever reads the output of this command."""
    found = ctx.find_object(Reader)
    return found if isinstance(found, Reader) else Reader()


def command_words(ctx: Any) -> str:
    """The command as it is typed: `assign audit verify`."""
    return " ".join(["assign", *ctx.command_path.split()[1:]])


class Text:
    """
    Options as the words that were typed; the desk says what they mean.

    typer (0.29) puts every value through a pydantic adapter of its own, which takes as long as the whole rest of a cold
    start. All our options are text or flags, which need no conversion.

    Whatever holds for all commands is done here, so that a new one cannot lack it: options given but empty, `--lang`,
    `--quiet` and `--no-color`, help, words too many, and outputs over what must not be lost.
    """

    _added: dict[str, Any]

    def get_params(self, ctx: Any) -> list[Any]:
        """All options, `--help` and those that every command takes among them."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # mixed into typer's command classes
        names = {param.name for param in params}
        if not hasattr(self, "_added"):
            self._added = _everywhere()
        params = [*params, *(param for name, param in self._added.items() if name not in names)]
        for param in params:
            param.process_value = partial(_as_typed, param)
        return params

    def make_parser(self, ctx: Any) -> Any:
        """A parser that refuses an option given twice: of two divisions the first would be dropped in silence."""
        parser: Any = super().make_parser(ctx)  # type: ignore[misc]
        parse = parser.parse_args

        def once(args: list[str]) -> Any:
            found, rest, order = parse(args=args)
            for param in () if ctx.resilient_parsing else order:
                single = param.param_type_name == "option" and not (param.is_flag or param.multiple)
                single = single or bool(param.secondary_opts)  # `--guard --no-guard`
                if single and param.name != "lang" and order.count(param) > 1:
                    words = command_words(ctx)
                    raise BadOption(
                        f"`{param.opts[0]}` が2度あります。1つにしてください（使い方は `{words} --help`）",
                        f"`{param.opts[0]}` is given twice; give it once (see `{words} --help`)",
                    )
            return found, rest, order

        parser.parse_args = once
        return parser

    def get_help(self, ctx: Any) -> str:
        """The help in the reader's language, as wide as the terminal."""
        from .help import page

        return page(self, ctx, reader(ctx).lang, terminal.columns_of(sys.stdout))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The options; a word too many is said in the reader's language."""
        grouped = hasattr(self, "commands")
        ctx.allow_extra_args = True
        try:
            rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]
        except typer.TyperException as error:
            raise mistyped(error, ctx) from None
        if rest and not grouped and not ctx.resilient_parsing:
            words = command_words(ctx)
            with _given(ctx):
                meant = _meant(ctx, rest)
            ja, en = (f"`{meant}` と書きます。", f"write `{meant}`; ") if meant else ("", "")
            raise BadOption(
                f"{listed(rest)} は余分です。{ja}使い方は `{words} --help`",
                f"{listed(rest)} is one word too many ({en}see `{words} --help`)",
            )
        return rest


def _meant(ctx: Any, rest: list[str]) -> str:
    """`年金 24` as the options that whoever left out their names means; nothing where that is not plain."""
    asked = ("division", "item", "channel", "act")
    params = {param.name: param for param in ctx.command.params}
    if any(param.param_type_name == "argument" for param in params.values()) or ctx.params.get("row") is not None:
        return ""
    if len(rest) == 1 and "row" in params and re.fullmatch(r"[a-z]+-\d+(-\d+)?", rest[0]):
        return _as_typed_again(ctx, "--row", rest[0]) if all(ctx.params.get(name) is None for name in asked) else ""
    free = [min(params[name].opts, key=len) for name in asked if name in params and ctx.params.get(name) is None]
    if len(rest) > len(free) or not all(re.fullmatch(r"\w[\w・-]*", word) for word in rest):
        return ""
    return _as_typed_again(ctx, *(word for pair in zip(free, rest, strict=False) for word in pair))


def _as_typed_again(ctx: Any, *words: str) -> str:
    return commands.command(command_words(ctx).removeprefix("assign "), *words)


def _given(ctx: Any) -> AbstractContextManager[None]:
    """Commands that are printed say again the list, the rules, … that this one was given."""
    typed = {name: value for name, value in ctx.params.items() if ctx.get_parameter_source(name).name == "COMMANDLINE"}
    if ctx.info_name == "batch":  # its rows have days of their own
        typed.pop("on", None)
    if not ctx.command_path.startswith("assign audit"):  # who records may have typed a person's name there
        typed.pop("origin", None)
    return commands.given({name.rstrip("_"): value for name, value in typed.items()})


@contextmanager
def as_options(*names: str) -> Iterator[None]:
    """What is wrong with a request is named as it is typed: `--item`, where Python says `item`. Without names, of all options."""
    try:
        yield
    except BadRequest as error:
        if not isinstance(error, BadDate | BadOption):  # they repeat what was typed
            typed = f"`({'|'.join(names or _TYPED)})`"
            error.ja, error.en = (re.sub(typed, r"`--\1`", text) for text in (error.ja, error.en))
        raise


def _everywhere() -> dict[str, Any]:
    """Options that every command takes, also where its function does not ask for them."""

    def taken(lang: Lang = "ja", quiet: Quiet = False, no_color: NoColor = False) -> None:
        """Nothing: they are read where they stand."""

    maker = typer.Typer(add_completion=False)
    maker.command()(taken)
    params = {str(param.name): param for param in typer.main.get_command(maker).params}
    for param in params.values():
        param.expose_value = False
    return params


def _as_typed(param: Any, ctx: Any, value: Any) -> Any:
    if ctx.resilient_parsing:  # a shell asks what may follow
        return value
    if param.name == "help":
        if value:
            terminal.write(ctx.get_help(), None)
            ctx.exit()
        return value
    name = param.metavar or param.name
    if param.param_type_name == "option":
        name = param.opts[0]
    if any(
        isinstance(each, str) and not each.strip() for each in (value if isinstance(value, list | tuple) else [value])
    ):
        words = command_words(ctx)
        raise BadOption(
            f"`{name}` の値が空です。値を書くか、`{name}` を外してください（使い方は `{words} --help`）",
            f"`{name}` is given but empty; give it a value, or leave it out (see `{words} --help`)",
        )
    if param.required and param.value_is_missing(value):
        words = command_words(ctx)
        name = f"{name} {param.metavar}" if param.param_type_name == "option" else name
        raise BadOption(
            f"`{name}` がありません。使い方は `{words} --help`",
            f"`{name}` is missing (see `{words} --help`)",
        )
    who = reader(ctx)
    if param.name == "lang":  # read before the line was, wherever it stands, and from ASSIGN_LANG
        return who.lang
    if param.name == "quiet":
        who.quiet = who.quiet or bool(value)
        return who.quiet
    if param.name == "no_color":
        who.plain = who.plain or bool(value)
        return who.plain
    if value == "-" and (param.name == "out" or (param.name == "to" and not param.required)):
        value = None
    if (
        "-" in (value if isinstance(value, list | tuple) else [value])
        and param.metavar in FILES
        and name not in ("IN", "OUT")
    ):
        raise BadOption(
            f"`{name}` に `-` は使えません。ファイルの名前を書いてください",
            f"`{name}` cannot be `-`; name a file",
        )
    return param.callback(ctx, param, value) if param.callback else value


class Command(Text, TyperCommand):
    """A command of ours."""

    def invoke(self, ctx: Any) -> Any:
        """Run it, unless it would write over what must not be lost."""
        spare(ctx, self.get_params(ctx))
        before = _READS.set(reader(ctx))
        try:
            with _given(ctx):
                return super().invoke(ctx)
        finally:
            _READS.reset(before)


class Group(Text, TyperGroup):
    """A group of ours. Alone it prints its help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The options before the command."""
        if self.no_args_is_help:
            self.no_args_is_help = False  # typer would make an error of it
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """The command; its help where none is named."""
        if not ctx._protected_args and not self.invoke_without_command:  # noqa: SLF001 - typer has no other name for it
            terminal.write(ctx.get_help(), None)
            ctx.exit()
        return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named; the nearest ones where there is none."""
        if args and self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            self.unknown(ctx, args[0])
        return super().resolve_command(ctx, args)

    def unknown(self, ctx: Any, word: str) -> NoReturn:
        """Raises BadOption."""
        near = nearest(word, self.commands)
        words = command_words(ctx)
        ja, en = (f"近いもの: {listed(near)}。", f"near: {listed(near)}; ") if near else ("", "")
        raise BadOption(
            f"コマンド {shown(word)} はありません（{ja}一覧は `{words} --help`）",
            f"there is no command {shown(word)} ({en}see `{words} --help`)",
            near or list(self.commands),
        )


def mistyped(error: typer.TyperException, ctx: Any = None) -> BadOption:
    """What typer says in English, in our words, with the help of the command where it was said."""
    option = getattr(error, "option_name", None)
    words = command_words(ctx) if ctx is not None else "assign"
    see_ja, see_en = f"使い方は `{words} --help`", f"see `{words} --help`"
    if option is None:
        text = " ".join(error.format_message().split())
        return BadOption(f"コマンドの書き方が違います（{shown(text, 200)}）。{see_ja}", f"{text} ({see_en})")
    if hasattr(error, "possibilities"):
        known = [name for param in ctx.command.get_params(ctx) for name in param.opts] if ctx is not None else []
        below = getattr(ctx.command, "commands", {}).values() if ctx is not None else ()
        if any(option in param.opts for each in below for param in each.params):
            return BadOption(
                f"オプション {shown(option)} はコマンドの後に書きます。{see_ja}",
                f"the option {shown(option)} goes behind the command ({see_en})",
            )
        near = sorted(error.possibilities or ()) or nearest(option, known)
        ja, en = (f"近いもの: {listed(near)}。", f"near: {listed(near)}; ") if near else ("", "")
        return BadOption(
            f"オプション {shown(option)} はありません（{ja}{see_ja}）",
            f"there is no option {shown(option)} ({en}{see_en})",
            near,
        )
    params = ctx.command.get_params(ctx) if ctx is not None else []
    if any(
        option in (*param.opts, *param.secondary_opts) and param.is_flag
        for param in params
        if hasattr(param, "is_flag")
    ):
        return BadOption(
            f"オプション {shown(option)} は値を取りません。{see_ja}",
            f"the option {shown(option)} takes no value ({see_en})",
        )
    return BadOption(
        f"オプション {shown(option)} に値がありません。{see_ja}",
        f"the option {shown(option)} lacks its value ({see_en})",
    )


def language(words: list[str], environ: Any = os.environ) -> str:
    """
    The language asked for, known before the line is parsed, so that a mistyped command is answered in it.

    Raises:
        BadOption: There is no such language.
    """
    name, found = (
        "ASSIGN_LANG",
        environ.get("ASSIGN_LANG") or "ja",
    )  # a variable that is empty is as one that is not set
    for i, word in enumerate(words):
        if word == "--":
            break
        if word == "--lang" and i + 1 < len(words):
            name, found = "--lang", words[i + 1]
        elif word.startswith("--lang="):
            name, found = "--lang", word.removeprefix("--lang=")
    if normal(found) not in LANGS:
        raise BadOption(
            f"`{name}` に {shown(found)} はありません。`ja`（日本語）か `en`（英語）です",
            f"`{name}` cannot be {shown(found)}: it is `ja` (Japanese) or `en` (English)",
            LANGS,
        )
    return normal(found)


# -- options that every command has ----------------------------------------------------------------------------------

AsJson = Annotated[bool, typer.Option("--json", help="JSON で出力 / print JSON")]
Lang = Annotated[
    str, typer.Option("--lang", help="ja か en。なければ ASSIGN_LANG / ja or en; else ASSIGN_LANG", metavar="ja|en")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="答えだけを出力 / print the answer alone")]
NoColor = Annotated[
    bool, typer.Option("--no-color", help="太字にしない（NO_COLOR でも） / no bold text, as with NO_COLOR")
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        help="このファイルに書く。- は標準出力 / write to this file, whole or not at all; - is stdout",
        metavar="FILE",
    ),
]
Rules = Annotated[str | None, typer.Option("--rules", help="規則のフォルダ / a folder of rules", metavar="DIR")]
List = Annotated[
    str | None,
    typer.Option(
        "--list",
        help="一覧のフォルダか、その版を並べたフォルダ / the folder of a list, or of its editions",
        metavar="DIR",
    ),
]
EditionOn = Annotated[
    str | None,
    typer.Option(
        "--on",
        help="この日に効いている版。なければ今日 / the edition in force on this day, today if absent",
        metavar="DATE",
    ),
]
Engine = Annotated[str, typer.Option("--engine", help="auto, durable-rules, table", metavar="NAME")]
Word = str | None
Audit = Annotated[
    str | None,
    typer.Option(
        "--audit", help="記録の場所。なければ ASSIGN_AUDIT / where the log is; else ASSIGN_AUDIT", metavar="URL"
    ),
]
Role = Annotated[
    str | None,
    typer.Option(
        "--role", help="尋ねた人の役割（氏名ではなく） / the capacity of who asks, never a name", metavar="ROLE"
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        help="再送で二重に記録しないための乱数 UUID / a random UUID; sent again, nothing is recorded twice",
        metavar="UUID",
    ),
]
Origin = Annotated[
    str | None,
    typer.Option(
        "--origin", help="記録の名前。なければ ASSIGN_ORIGIN / the log's name; else ASSIGN_ORIGIN", metavar="NAME"
    ),
]


def explained(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]", help="説明するコマンド / the command to explain")
    ] = None,
) -> None:
    """コマンドの使い方を示します / Explain a command."""
    below: Any = ctx.parent  # `assign`, or the group whose `help` this is
    for word in words or ():
        if not isinstance(below.command, Group):
            break  # what follows are its arguments: `help export sql`
        group: Any = below.command
        found = group.get_command(below, word)
        if found is None:
            group.unknown(below, word)
        below = group.context_class(found, info_name=word, parent=below)
    terminal.write(below.get_help(), None)


def open_desk(
    rules: str | None,
    list_: str | None,
    engine: str,
    audit: str | None = None,
    origin: str | None = None,
    on: str | None = None,
) -> Desk:
    """The desk that a command asks, of the edition in force on a day; with `audit` it records what it answers."""
    return Desk.open(rules=rules, list=list_, engine=engine, audit=audit, origin=origin, on=on)


def audit_url(given: str | None) -> str:
    """Where the log is: the option, ASSIGN_AUDIT, or a file in the user's data folder, as XDG has it."""
    if url := given or os.environ.get("ASSIGN_AUDIT"):
        return url
    path = default_log()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.unwritable(path_shown(path), error) from None
    return f"sqlite:///{path}"


def origin_name(given: str | None) -> str | None:
    """The log's name: the option, or ASSIGN_ORIGIN."""
    return given or os.environ.get("ASSIGN_ORIGIN") or None


def wrapped(text: str, out: str | None) -> list[str]:
    """A command that is to be copied stays on one line; so does everything in a pipe, where `grep` reads it."""
    if text.startswith("    ") or not terminal.in_terminal(out):
        return [text]
    return wrap(text, terminal.columns_of(sys.stdout))


def block(pairs: list[tuple[str, str]], *, plain: bool) -> list[str]:
    """An answer's lines, its first one bold unless it is to be plain."""
    stream = sys.stdout
    first = labelled(pairs[:1], terminal.columns_of(stream), beside=pairs)
    lines = labelled(pairs[1:], terminal.columns_of(stream), beside=pairs)
    return [*(first if plain else [terminal.bold(line, stream) for line in first]), *lines]


def print_json(value: object, out: str | None) -> None:
    """JSON, to the file or to stdout."""
    terminal.write(as_json(value), out, data=True)


def report_new_log(desk: Any, *, as_json: bool, lang: str) -> None:
    """A log that was not there is begun with the first answer; whoever mistyped its place is to see it."""
    if desk.audit is None or not desk.audit.store.made:
        return
    where = desk.audit.store.shown
    if as_json:
        told = {"at": where.strip("`"), "origin": desk.audit.origin}
        if (kind := desk.audit.store.memory) is not None:
            told["in_memory"] = kind
        terminal.complain_bytes((json.dumps({"new_log": told}, ensure_ascii=False) + "\n").encode())
    else:
        terminal.complain(
            f"新しい記録ファイルを作りました: {where}" if lang == "ja" else f"a new log was made: {where}"
        )
        warn_of_memory(desk.audit, lang)


def warn_of_memory(log: Any, lang: str) -> None:
    """Where a log is kept in memory, say so: an acknowledged record is gone when the machine stops."""
    if (kind := log.store.memory) is not None:
        terminal.complain(
            f"注意: {log.store.shown} はメモリ上のファイルシステム（{kind}）にあります。電源が切れると記録は消えます"
            if lang == "ja"
            else f"note: {log.store.shown} is on a file system in memory ({kind}): the records are gone when the machine stops"
        )


def report_kept(kept: list[Any], *, as_json: bool, lang: str) -> None:
    """What was recorded, on stderr: the answer itself holds no number and no clock."""
    for _, each in kept:
        record = each.record
        if as_json:
            receipt = {name: record[name] for name in ("origin", "seq", "recorded", "case", "key") if name in record}
            text = json.dumps({"record": {**receipt, "created": each.created}}, ensure_ascii=False)
            terminal.complain_bytes((text + "\n").encode())
            continue
        from assign.log.reading import clock  # with a log alone

        ja = lang == "ja"
        done = (
            ("記録しました" if ja else "recorded")
            if each.created
            else ("前の記録のままです" if ja else "recorded before")
        )
        where = f"{record['origin']} 番号 {record['seq']}" if ja else f"{record['origin']} number {record['seq']}"
        case = (f"、案件 {record['case']}" if ja else f", case {record['case']}") if "case" in record else ""
        terminal.complain(
            f"{done}: {where}（{clock(record['recorded'])}{case}）"
            if ja
            else f"{done}: {where} ({clock(record['recorded'])}{case})"
        )
