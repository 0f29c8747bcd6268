"""
A command → its help in one language, no line wider than the terminal.

Texts stand in the code as `日本語 / English`; a reader is shown one of the two. Widths are measured as the answers' are, a
full-width character as two. Every command has examples, and a test parses each of them.
"""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

from assign.columns import width, wrap

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "": (
        "assign decide -d 年金 -i 24 -c 窓口",
        "assign tasks -d 国保",
        "assign help decide",
    ),
    "decide": (
        "assign decide -d 年金 -i 24 -c 窓口",
        "assign decide -d kokuho -i 22-3 -a 申請書の受領 --on 令和8年4月1日",
        "assign decide --row nenkin-24 --json",
    ),
    "tasks": (
        "assign tasks -d 国保",
        "assign tasks --format csv --out tasks.csv",
        "assign tasks --list our-city --on 2027-04-01",
    ),
    "acts": ("assign acts", "assign acts --row kokuho-65", "assign acts --format tsv --lang en"),
    "schema": ("assign schema", "assign schema plan --out plan.schema.json", "assign schema manifest"),
    "kinds": ("assign kinds", "assign kinds --json --out kinds.json"),
    "search": ("assign search 葬祭 -d 国保", "assign search 夫が亡くなりました", "assign search ｿｳｻｲ --json"),
    "plan": ("assign plan -d 国保 -i 25", "assign plan --event 死亡 --format html --out plan.html"),
    "check": ("assign check", "assign check --rules rules --list DIR", "assign check --due 2027-03-31 --list our-city"),
    "diff": (
        "assign diff r7 r8",
        "assign diff our-city",
        "assign diff r7 r8 --volumes volumes.csv --html diff.html --xlsx diff.xlsx",
    ),
    "init": ("assign init our-city",),
    "import": (
        "assign import list.xlsx --write-mapping mapping.yaml",
        "assign import list.xlsx --mapping mapping.yaml --out our-city",
    ),
    "questions": (
        "assign questions",
        "assign questions --volumes volumes.csv --out questions.xlsx",
        "assign questions --html --out letter.html",
    ),
    "rule": ("assign rule list", "assign rule check --list our-city", "assign help rule add"),
    "rule add": (
        "assign rule add --rules rules --from answers.csv --dry-run",
        "assign rule add --list our-city --from answers.xlsx",
    ),
    "rule list": ("assign rule list --on 令和8年4月1日", "assign rule list --all --json"),
    "rule check": ("assign rule check --list our-city",),
    "rule help": ("assign rule help add",),
    "batch": ("assign batch requests.csv answers.csv", "assign batch - - --format jsonl"),
    "mcp": ("assign mcp", "assign mcp --list DIR"),
    "export": ("assign export sql --dialect sqlite --out assign.sql",),
    "serve": (
        "assign serve",
        "assign serve --keys keys --new-key counter",
        "assign serve --host 192.0.2.1 --keys keys",
    ),
    "help": ("assign help decide", "assign help audit verify"),
    "audit": ("assign audit init --origin example.city/assign", "assign audit list", "assign help audit verify"),
    "audit init": ("assign audit init --audit sqlite:///audit.db --origin example.city/assign",),
    "audit publish": ("assign audit publish --rules rules",),
    "audit show": ("assign audit show 5", "assign audit show --case 6f9619ff-8b86-4d01-b42d-00cf4fc964ff"),
    "audit list": ("assign audit list --from 令和8年4月1日 --assignee contractor", "assign audit list --limit 20"),
    "audit help": ("assign audit help verify",),
    "audit verify": ("assign audit verify --against checkpoint.txt",),
    "audit replay": ("assign audit replay --first 100",),
    "audit checkpoint": ("assign audit checkpoint --to checkpoint.txt",),
    "audit prove": ("assign audit prove 5 --to proof.json",),
    "audit growth": ("assign audit growth old.txt new.txt --to growth.json",),
    "audit verifier": ("assign audit verifier --out verify.py",),
    "audit export": (
        "assign audit export --format csv --out records.csv",
        "assign audit export 4 --format html --out sheet.html",
    ),
    "audit backup": ("assign audit backup copy.db",),
    "audit restore": ("assign audit restore copy.db --audit sqlite:///new.db",),
    "audit rebuild": ("assign audit rebuild",),
    "audit stats": ("assign audit stats",),
    "audit exceptions": ("assign audit exceptions --late 30",),
    "audit key": ("assign audit key", "assign audit key --rotate new.key"),
}
_HEADS: Final = {
    "ja": ("使い方", "例", "引数", "オプション", "コマンド", "（必須）", "（既定: {}）", "[オプション]", "コマンド …"),
    "en": ("Usage", "Examples", "Arguments", "Options", "Commands", " (required)", " (default: {})", "[OPTIONS]", "COMMAND ..."),
}  # fmt: skip
_HELP_TEXT: Final = "この説明を表示 / show this help"
_WORDS: Final = {
    "年金": "nenkin",
    "国保": "kokuho",
    "窓口": "counter",
    "申請書の受領": "receive",
    "令和8年4月1日": "2026-04-01",
    "死亡": "death",
    "葬祭": "funeral",
    "夫が亡くなりました": "direct debit",
    "ｿｳｻｲ": "lump sum",
}
_LAST: Final = (
    "json",
    "lang",
    "out",
    "quiet",
    "no_color",
    "help",
)  # what every command has stands below what is its own
_BESIDE: Final = 26  # columns of a name that its text stands beside; under a longer one it stands below
_JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def said_in(lang: str, text: str) -> str:
    """
    The part of `日本語 / English` that is in this language; a text without two parts is in both.

    >>> said_in("en", "区分 / division"), said_in("ja", "区分 / division"), said_in("ja", "auto, table")
    ('division', '区分', 'auto, table')
    """
    for cut in reversed(list(re.finditer(r"\s*/\s+", text))):
        ja, en = text[: cut.start()], text[cut.end() :]
        if _JAPANESE.search(ja) and not _JAPANESE.search(en):
            return en if lang == "en" else ja
    return text


def example(text: str, lang: str) -> str:
    """An example with the words of that language."""
    for ja, en in _WORDS.items() if lang == "en" else ():
        text = text.replace(ja, en)
    return text


def short(command: Any, lang: str) -> str:
    """What a command is for, in one sentence."""
    return said_in(lang, inspect.cleandoc(command.help or "").split("\f")[0]).replace("\n", " ")


def page(command: Any, ctx: Any, lang: str, columns: int) -> str:
    """The whole help of a command."""
    usage, examples, arguments, options, commands, required, default, any_options, any_command = _HEADS[lang]
    params = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    path = " ".join(["assign", *ctx.command_path.split()[1:]])
    given = [p for p in params if p.param_type_name == "argument"]
    words = [any_options, *(_name(p) if p.required else f"[{_name(p).strip('[]')}]" for p in given)]
    if hasattr(command, "commands"):
        words.append(any_command)
    lines = wrap(" ".join([f"{usage}:", path, *words]), columns)
    lines += ["", *wrap(short(command, lang), columns)]
    if shown := EXAMPLES.get(" ".join(path.split()[1:])):
        lines += ["", f"{examples}:", *(f"  {example(each, lang)}" for each in shown)]

    def described(param: Any) -> str:
        text = said_in(lang, _HELP_TEXT if param.name == "help" else param.help or "")
        if param.required:
            text += required
        if isinstance(param.default, str) and param.default and param.name != "lang":
            text += default.format(param.default)
        return text

    named = [(_name(p), described(p)) for p in given]
    params.sort(key=lambda param: _LAST.index(param.name) + 1 if param.name in _LAST else 0)
    optional = [(_option(p), described(p)) for p in params if p.param_type_name == "option"]
    below = [(name, short(each, lang)) for name, each in getattr(command, "commands", {}).items() if not each.hidden]
    for head, rows in ((arguments, named), (commands, below), (options, optional)):
        if rows:
            lines += ["", f"{head}:", *_columns(rows, columns)]
    other = f"English: {path} --help --lang en" if lang == "ja" else f"日本語: {path} --help --lang ja"
    return "\n".join([*lines, "", other])


def _name(param: Any) -> str:
    return str(param.metavar or param.name.strip("_").upper())


def _option(param: Any) -> str:
    names = ", ".join(sorted(param.opts, key=len) + list(param.secondary_opts))
    return names if param.is_flag else f"{names} {_name(param)}"


def _columns(rows: list[tuple[str, str]], columns: int) -> list[str]:
    """Names, each with its text beside it, or below where the name is long."""
    size = max(width(name) for name, _ in rows if width(name) <= _BESIDE or len(rows) == 1)
    size = min(size, _BESIDE, columns // 3)  # in a narrow terminal the text needs the room
    lines: list[str] = []
    for name, text in rows:
        first, *rest = wrap(text, columns - size - 4)
        if width(name) > size:
            lines += [f"  {name}", " " * (size + 4) + first]
        else:
            lines.append(f"  {name}{' ' * (size - width(name))}  {first}".rstrip())
        lines += [" " * (size + 4) + line for line in rest]
    return lines
