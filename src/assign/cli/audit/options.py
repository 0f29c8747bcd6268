"""
What the commands of `assign audit` share: their options, what these say, and how an answer is told.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from assign import audit as auditing
from assign import files
from assign.audit import Filter, Text, verifier
from assign.audit.door import Snapshot, opened
from assign.audit.names import Names
from assign.audit.text import harmless, plain_json
from assign.cli import terminal
from assign.cli.common import Command, Group, Word, audit_url, briefly, explained, origin_name
from assign.errors import NOT_UTF8, BadOption, path_shown, system_reason, visible
from assign.log.checkpoint import LARGEST, parse
from assign.log.keys import NoteError, PublicKey
from assign.log.kinds import Kind
from assign.log.log import Log
from assign.log.reading import Unreadable
from assign.log.record import random_id
from assign.log.store.interface import StoreDamaged
from assign.log.store.schema import Strange
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty, date_of_case, nearest

app: typer.Typer = typer.Typer(
    name="audit",
    cls=Group,
    help="判定の記録を調べます / Examine the decision log: verify, replay, prove.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.command("help", cls=Command, hidden=True)(explained)
Number = Annotated[str, typer.Argument(metavar="N", help="記録の番号 / a record's number")]
OneRecord = Annotated[Word, typer.Argument(metavar="N", help="記録の番号 / a record's number")]
Since = Annotated[
    Word, typer.Option("--from", help="案件の日付がこの日以後 / cases of this day or later", metavar="DATE")
]
Until = Annotated[
    Word, typer.Option("--to", help="案件の日付がこの日以前 / cases of this day or earlier", metavar="DATE")
]
InDivision = Annotated[Word, typer.Option("--division", "-d", help="区分 / division", metavar="DIVISION")]
WithAssignee = Annotated[Word, typer.Option("--assignee", help="contractor, city_staff, split", metavar="ASSIGNEE")]
WithCertainty = Annotated[Word, typer.Option("--certainty", help="settled, needs_ruling", metavar="CERTAINTY")]
ToFile = Annotated[
    Word, typer.Option("--to", help="このファイルに。なければ標準出力 / to this file, or stdout", metavar="FILE")
]
OfCase = Annotated[
    Word, typer.Option("--case", help="この案件の記録（乱数の UUID）/ records of this case", metavar="UUID")
]
OfKind = Annotated[Word, typer.Option("--kind", help="decision, batch, publication, key, log", metavar="KIND")]

KIND_TEXT: dict[str, dict[str, str]] = {
    "log": {"ja": "記録の始まり", "en": "log begun"},
    "publication": {"ja": "使用開始", "en": "publication"},
    "key": {"ja": "鍵の交替", "en": "key changed"},
    "decision": {"ja": "判定", "en": "decision"},
    "batch": {"ja": "一括処理", "en": "batch"},
}


# -- what they say ---------------------------------------------------------------------------------------------------


@contextmanager
def snapshot(
    url: str | None, origin: str | None, unread: "Unread | None" = None, likely: str | None = None
) -> Iterator[Snapshot]:
    """A log through the auditor's door. What its database has that is not ours is told by `unread`, if that is given."""
    with opened(audit_url(url), origin_name(origin), likely) as log:
        if unread is not None:
            unread.strange = [each for each in log.strangers if not each.harmless]
        yield log


@contextmanager
def open_log(url: str | None, origin: str | None, likely: str | None = None) -> Iterator[Log]:
    """A log that is there, for a while."""
    log = Log.open(audit_url(url), origin_name(origin), likely)
    try:
        yield log
    finally:
        log.close()


def log_of(notes: Iterable[str], keys: Iterable[PublicKey] = ()) -> str | None:
    """The log that checkpoints and keys at hand are of, where they agree."""
    names = {parse(note)[0].origin for note in notes} | {key.name for key in keys}
    return names.pop() if len(names) == 1 else None


def whole_number(given: str, name: str = "N") -> int:
    """A number as it was typed."""
    if not (given.isascii() and given.isdigit() and len(given) < 13):
        raise BadOption(
            f"`{name}` は 0 以上の整数です（12 桁まで）", f"`{name}` is a whole number (of at most 12 digits)"
        )
    return int(given)


def text_of(name: str) -> str:
    """A checkpoint or a key from a file, byte for byte: read by the stand-alone verifier's own rule, with its words."""
    try:
        with Path(name).open("rb") as file:
            return verifier.text_of(file.read(LARGEST), name)
    except verifier.WrongError as error:
        raise NoteError(*map(visible, error.args)) from None
    except (OSError, ValueError) as error:
        ja, en = system_reason(error, NOT_UTF8)
        raise NoteError(f"{path_shown(name)} を読めません（{ja}）", f"cannot read {path_shown(name)} ({en})") from None


def write_file(name: str, data: bytes, replaces: bytes | None = None) -> None:
    """A file, whole or not at all; what it replaces, as `files.writing` has it."""
    try:
        files.whole_or_not(name, data, replaces)
    except OSError as error:
        raise files.unwritable(path_shown(name), error) from None


def _one_of(given: str | None, known: list[str], name: str, words: Mapping[Any, Mapping[str, str]]) -> str | None:
    given = next((key for key, text in words.items() if given in (text["ja"], text["en"])), given)
    if given is not None and given not in known:
        raise BadOption(
            f"`{name}` は {', '.join(known)} のどれかです",
            f"`{name}` is one of {', '.join(known)}",
            nearest(given, known) or known,
        )
    return given


def chosen_by(
    names: Names,
    since: str | None,
    until: str | None,
    division_: str | None,
    assignee: str | None,
    certainty: str | None,
    kind: str | None,
    case: str | None,
) -> Filter:
    """Which records the options ask for. Days are Japan's."""
    first, last = None if since is None else date_of_case(since), None if until is None else date_of_case(until)
    if first is not None and last is not None and first > last:
        raise BadOption(
            f"`--from`（{first}）が `--to`（{last}）より後です", f"`--from` ({first}) is after `--to` ({last})"
        )
    return Filter(
        first,
        last,
        None if division_ is None else names.division_key(division_),
        _one_of(assignee, list(Assignee), "--assignee", ASSIGNEE_TEXT),
        _one_of(certainty, list(Certainty), "--certainty", CERTAINTY_TEXT),
        _one_of(kind, list(Kind), "--kind", KIND_TEXT),
        None if case is None else random_id(case, "--case"),
    )


# -- what is said ----------------------------------------------------------------------------------------------------


class Unread:
    """
    What could not be read, told on stderr when all else has been said. Whoever asked for it has no whole answer: exit 1.

    Attributes:
        found: Records. strange: What stands in the database and may have changed what was read.
    """

    def __init__(self) -> None:
        self.found: list[Unreadable] = []
        self.strange: list[Strange] = []

    def __call__(self, error: Unreadable) -> None:
        """Remember it."""
        self.found.append(error)

    def told(self, lang: str, *, as_json: bool = False) -> None:
        """Say which, and end with 1 where there is one."""
        for strange in self.strange[: 0 if as_json and self.found else auditing.MOST]:
            said = StoreDamaged(*harmless(Text(strange.ja, strange.en)))
            if as_json:
                terminal.complain_bytes((json.dumps(said.as_json(lang), ensure_ascii=False) + "\n").encode())
                break
            terminal.complain(said.message(lang))
        if not self.found:
            if self.strange:
                raise typer.Exit(1)
            return
        first, more = self.found[0], len(self.found) - 1
        if as_json:
            error = first.as_json(lang)
            error["error"]["unreadable"] = [each.seq for each in self.found[: auditing.MOST]]
            terminal.complain_bytes((json.dumps(error, ensure_ascii=False) + "\n").encode())
        else:
            for each in self.found[: auditing.MOST]:
                terminal.complain(each.message(lang))
            if more >= auditing.MOST:
                terminal.complain(
                    f"ほか {more + 1 - auditing.MOST} 件" if lang == "ja" else f"and {more + 1 - auditing.MOST} more"
                )
        raise typer.Exit(1)


def say(lines: Iterable[str], out: str | None, aside: Iterable[str] = ()) -> None:
    """
    Lines for a person, and what `--quiet` leaves out. In a terminal a line too long goes on below, further in; in a pipe it is
    one line. What a record or an edition holds is shown, never sent to the terminal as it is.
    """
    lines = [*lines, *(() if briefly() else aside)]
    if not lines and out is None:
        return
    plain = [visible(line) for text in lines for line in text.split("\n")]
    if terminal.in_terminal(out):
        plain = [part for line in plain for part in terminal.folded(line, terminal.columns_of(sys.stdout))]
    terminal.write("\n".join(plain), out)


def say_json(value: object, out: str | None) -> None:
    """JSON for a program; a character that nobody sees is written as JSON's own escape, which is the same text."""
    terminal.write(plain_json(json.dumps(value, ensure_ascii=False, indent=2)), out, data=True)
