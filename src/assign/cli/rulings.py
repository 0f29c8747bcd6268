"""
The register of rulings (`rule add|list|check`), and what is still open (`questions`).
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from assign import commands, files
from assign.errors import BadOption, listed, path_shown, shown
from assign.words import ASSIGNEE_TEXT, Assignee, date_of_case, nearest, normal

from . import terminal
from .common import (
    AsJson,
    Command,
    Group,
    Lang,
    List,
    Out,
    Quiet,
    Rules,
    Word,
    as_options,
    explained,
    print_json,
    wrapped,
)

app: typer.Typer = typer.Typer(
    name="rule",
    cls=Group,
    help="疑義照会への回答の台帳に登録し、確かめます / Keep the register of the city's rulings: add, list, check.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.command("help", cls=Command, hidden=True)(explained)


def join(root: typer.Typer) -> None:
    """Put these commands beside the others."""
    if app not in [group.typer_instance for group in root.registered_groups]:
        root.add_typer(app)


On = Annotated[
    Word,
    typer.Option(
        "--on", help="この日に有効なもの。なければ今日 / in force on this day, today if absent", metavar="DATE"
    ),
]
Volumes = Annotated[
    Word,
    typer.Option(
        "--volumes",
        help="行ごとの月の件数の CSV（列 id と volume） / a CSV of cases a month by row (columns id and volume)",
        metavar="FILE",
    ),
]
Several = list[str] | None


@app.command(cls=Command)
def add(
    row: Annotated[
        Several, typer.Option("--row", help="行の id。くり返せます / a row id; may be given again", metavar="ID")
    ] = None,
    act: Annotated[
        Several, typer.Option("--act", "-a", help="行為。くり返せます / an act; may be given again", metavar="ACT")
    ] = None,
    channel: Annotated[
        Several,
        typer.Option(
            "--channel",
            "-c",
            help="業務の場。なければ回答で決まる場すべて / a channel; every one on which the ruling decides if absent",
            metavar="CHANNEL",
        ),
    ] = None,
    assignee: Annotated[
        Word,
        typer.Option(
            "--assignee",
            help="受託者 contractor、市職員 city_staff、両者 split / contractor, city_staff, split",
            metavar="ASSIGNEE",
        ),
    ] = None,
    since: Annotated[
        Word, typer.Option("--since", help="適用開始日 / the first day of the cases that it is for", metavar="DATE")
    ] = None,
    until: Annotated[
        Word,
        typer.Option("--until", help="適用の最後の日。なければ期限なし / the last day; open if absent", metavar="DATE"),
    ] = None,
    document: Annotated[
        Word, typer.Option("--document", help="回答の文書の名前 / the paper that answers", metavar="TEXT")
    ] = None,
    role: Annotated[
        Word,
        typer.Option(
            "--role", help="答えた人の役職（氏名ではなく） / the role that answered, never a name", metavar="ROLE"
        ),
    ] = None,
    reason: Annotated[
        Word, typer.Option("--reason", help="市の理由（日本語） / the city's reason, in Japanese", metavar="TEXT")
    ] = None,
    reason_en: Annotated[
        Word, typer.Option("--reason-en", help="同じ理由の英語 / the same in English", metavar="TEXT")
    ] = None,
    from_: Annotated[
        Word,
        typer.Option(
            "--from",
            help="回答を書き入れた照会表（CSV か Excel）から登録 / register the answers in a question list (CSV or Excel)",
            metavar="FILE",
        ),
    ] = None,
    on: Annotated[
        Word,
        typer.Option(
            "--on",
            help="この日に効いている版の台帳に。なければ適用開始日 / into the register of the edition in force on this day; that of "
            "`--since` if absent",
            metavar="DATE",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="確かめるだけで書かない / look, and write nothing")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    quiet: Quiet = False,
) -> None:
    """回答を台帳に登録します。登録できないものは理由を示します / Register rulings; one that may not be is refused, with the reason."""
    from assign.register.register import prepared, write
    from assign.register.returned import Given, returned

    one = {"--row": row, "--act": act, "--assignee": assignee}
    if from_ is not None:
        given = [
            name for name, value in {**one, "--channel": channel, "--until": until, "--reason": reason}.items() if value
        ]
        if given:
            raise BadOption(
                f"`--from` と `{given[0]}` は一緒に使えません（照会表に書かれています）",
                f"`--from` does not go with `{given[0]}` (the question list says it)",
            )
    else:
        needed = {**one, "--since": since, "--document": document, "--role": role}
        for name, value in needed.items():
            if not value:
                raise BadOption(
                    f"`{name}` が要ります（照会表からなら `--from`）",
                    f"`{name}` is needed (or `--from` a question list)",
                )
    register = _any_edition(list_, rules, on or since, sheet=from_ is not None)
    back = None
    edition = {"on": on or since} if register.desk.beside is not None else {}
    with _refusing(as_json=as_json, lang=lang), commands.given(edition):
        if from_ is not None:
            common = Given(None if since is None else date_of_case(since), document or "", role or "", on is not None)
            back = returned(Path(from_), register.desk, common)
            drafts = [*back.drafts]
        else:
            with as_options("row", "act", "channel"):
                drafts = [_draft(register, row or [], act or [], channel, (assignee, since, until, document, role, reason, reason_en))]  # fmt: skip
        additions = prepared(register, drafts, fixed=from_ is None or on is not None)
        if not dry_run:
            write(additions)
    if as_json:
        print_json(_added_plain(additions, back, written=not dry_run), out)
    elif not quiet:
        terminal.write("\n".join(_added(additions, back, lang, out, written=not dry_run)), out)


def _any_edition(list_: str | None, rules: str | None, on: str | None, *, sheet: bool) -> Any:
    """The register of a day; a sheet's answers have their own days, so that where today has no edition the nearest will do."""
    from assign.catalog.editions import NoEdition
    from assign.register.register import Register

    try:
        return Register.open(list=list_, rules=rules, on=on)
    except NoEdition as error:
        if on is not None or not sheet:
            raise
        return Register.open(list=list_, rules=rules, on=error.nearest)


def _added_plain(additions: Sequence[Any], back: Any, *, written: bool) -> dict[str, Any]:
    """For `--json`."""
    lapses = [found for each in additions if (found := each.lapse())]
    odd = [*_odd_days(additions)]
    unread = [] if back is None else [{lang: each.line(lang) for lang in ("ja", "en")} for each in back.unread]
    return {
        "files": [str(each.register.path) for each in additions if each.made],
        "written": written,
        "rulings": [_plain(ruling) for each in additions for ruling in each.made],
        "already": sum(each.same for each in additions),
        "questions": None if back is None else back.as_json(),
        "unread": unread,
        "lapse": lapses,
        "remarks": odd,
    }


def _added(additions: Sequence[Any], back: Any, lang: str, out: str | None, *, written: bool) -> Iterator[str]:
    """What was registered, and what in the sheet was not, line by line."""
    ja = lang == "ja"
    if not any(each.made for each in additions):
        yield "新しく登録する回答はありません" if ja else "there is no new ruling"
    for each in (each for each in additions if each.made):
        count, where = len(each.made), path_shown(each.register.path)
        if written:
            yield f"{where} に {count} 件を登録しました" if ja else f"{count} rulings are in {where}"
        else:
            yield (
                f"{where} に登録できます（{count} 件）。まだ書いていません"
                if ja
                else f"{count} rulings can be registered in {where}; nothing is written"
            )
        yield from (f"    {line}" for line in _table(each.made, each.register.desk, lang))
    if back is not None:
        yield from wrapped(_counted(back, sum(each.same for each in additions), ja=ja), out)
        if back.unread:
            yield f"照会表にあり、登録していないもの（{len(back.unread)} 件）:" if ja else f"in the question list, and not registered ({len(back.unread)}):"  # fmt: skip
            for reason in back.unread:
                yield from (f"    {line}" for line in wrapped(reason.line(lang), out))
    for each in additions:
        if (lapse := each.lapse()) is not None:
            yield from wrapped(lapse[lang], out)
    for remark in _odd_days(additions):
        yield from wrapped(remark[lang], out)


def _odd_days(additions: Sequence[Any]) -> Iterator[Any]:
    """The remarks on the first days of what is registered."""
    from assign.register.first_day import remarks

    for each in additions:
        yield from remarks(each.made, each.register.desk, date_of_case(None))


def _counted(back: Any, same: int, *, ja: bool) -> str:
    """How many questions of a sheet are answered, and how many are not."""
    answered, waiting, otherwise = len(back.drafts), back.waiting, back.otherwise
    if ja:
        had = f"（うち {same} 問は登録済みの回答と同じ）" if same else ""
        rest = f"、{otherwise} 問は回答の登録では決まらない問い" if otherwise else ""
        return f"照会表の {back.questions} 問中 {answered} 問に回答{had}、{waiting} 問は未回答{rest}"
    had = f" ({same} of them registered before)" if same else ""
    rest = f", {otherwise} settled by no ruling" if otherwise else ""
    return f"of {back.questions} questions {answered} are answered{had}, {waiting} are not{rest}"


def _draft(register: Any, rows: list[str], acts: list[str], channels: Several, words: tuple[Any, ...]) -> Any:
    """The words of a command line → a draft. Raises UnknownRow, UnknownAct, UnknownChannel, BadDate, BadOption."""
    from assign.decision.request import act as act_named
    from assign.decision.request import row as row_named
    from assign.register.register import Draft

    assignee, since, until, document, role, reason, reason_en = words
    desk = register.desk
    return Draft(
        rows=tuple(dict.fromkeys(row_named(desk.catalog, word).id for word in rows)),
        acts=tuple(dict.fromkeys(act_named(desk.rules, word) for word in acts)),
        channels=tuple(dict.fromkeys(desk.catalog.manifest.channel(word) for word in channels)) if channels else None,
        assignee=_assignee(assignee),
        since=date_of_case(since),
        until=None if until is None else date_of_case(until),
        document=document,
        role=role,
        because={"ja": reason or "", "en": reason_en or ""},
    )


def _assignee(word: str) -> Assignee:
    """Raises BadOption."""
    known = [Assignee.CONTRACTOR, Assignee.CITY_STAFF, Assignee.SPLIT]
    names = {normal(name): each for each in known for name in (each.value, *ASSIGNEE_TEXT[each].values())}
    if (found := names.get(normal(word))) is None:
        keys = [each.value for each in known]
        near = nearest(word, keys) or keys
        named = "、".join(f"`{ASSIGNEE_TEXT[each]['ja']}`（{each.value}）" for each in known)
        raise BadOption(
            f"`--assignee` に {shown(word)} は使えません（選べるもの: {named}）",
            f"`--assignee` cannot be {shown(word)} (choose: {listed(keys)})",
            near,
        )
    return found


@contextmanager
def _refusing(*, as_json: bool, lang: str) -> Iterator[None]:
    """A refusal, reason by reason; exit code 6."""
    from assign.register.refusals import RulingRefused

    try:
        yield
    except RulingRefused as error:
        if as_json:
            terminal.complain_bytes((json.dumps(error.as_json(lang), ensure_ascii=False) + "\n").encode())
        else:
            head = (
                f"登録していません（{len(error.reasons)} 件の理由）:"
                if lang == "ja"
                else f"nothing was registered ({len(error.reasons)} reasons):"
            )
            for line in [head, *(f"  {reason.line(lang)}" for reason in error.reasons)]:
                terminal.complain("\n".join(terminal.as_wide_as(sys.stderr, line)))
        raise typer.Exit(error.exit_code) from None


@app.command("list", cls=Command)
def list_rulings(
    on: On = None,
    all_: Annotated[
        bool, typer.Option("--all", help="終わったもの、これからのものも / those ended and those to come, too")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    quiet: Quiet = False,
) -> None:
    """台帳の回答のうち有効なものを示します / Show the rulings in force."""
    from assign.register.register import Register

    if all_ and on is not None:
        raise BadOption("`--all` と `--on` は一緒に使えません", "`--all` does not go with `--on`")
    register = Register.open(list=list_, rules=rules, on=on)
    found = [*register.rulings] if all_ else register.in_force(date_of_case(on))
    if as_json:
        print_json([_plain(each) for each in found], out)
        return
    lines = _table(found, register.desk, lang, quiet=quiet)
    if not found:
        rest = len(register.rulings)
        more, more_en = ("", "") if all_ or not rest else ("。すべては `--all`", "; `--all` shows them")
        lines = [f"有効な回答はありません（台帳に {rest} 件{more}）" if lang == "ja" else f"no ruling is in force ({rest} in the register{more_en})"]  # fmt: skip
    if not quiet or not found:
        lines = [*_edition_shown(register, lang), *lines, *_of_others(register, lang)]
    terminal.write("\n".join(lines), out)


def _edition_shown(register: Any, lang: str) -> Iterator[str]:
    """Of a list with editions: whose register it is."""
    if (beside := register.desk.beside) is not None:
        edition = beside.found[register.desk.place]
        ja = f"版 {edition.title} の台帳（{edition.since} から{f' {edition.until} まで' if edition.until else ''}）"
        yield ja if lang == "ja" else f"the register of {edition.title} (from {edition.since}{f' to {edition.until}' if edition.until else ''})"  # fmt: skip


def _of_others(register: Any, lang: str) -> Iterator[str]:
    """The editions beside it that have rulings, and how to see them."""
    if (beside := register.desk.beside) is None:
        return
    for place, edition in enumerate(beside.found):
        other = beside.at(edition.since)
        if place != register.desk.place and (count := len(other.rules.rulings)):
            day = edition.until or edition.since
            yield (
                f"ほかの版: {edition.title} の台帳に {count} 件（`--on {day}`）"
                if lang == "ja"
                else f"another edition: {edition.title} has {count} (`--on {day}`)"
            )


@app.command("check", cls=Command)
def check_rulings(
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    quiet: Quiet = False,
) -> None:
    """台帳の回答をすべて確かめます / Prove every ruling of the register."""
    from assign.check.due import lapsing
    from assign.register.register import checked, odd_days

    today = date_of_case(None)
    count, findings = checked(list=list_, rules=rules)
    ends = [] if findings else [*lapsing(list_, rules, today)]
    notes = [{"ja": f"ただし {edition.title}: {each.day}: {each.text['ja']}", "en": f"but {edition.title}: {each.day}: {each.text['en']}"} for edition, each in ends]  # fmt: skip
    odd = [] if findings else odd_days(list_, rules, today)
    notes += [{"ja": f"ただし {name and f'{name}: '}{each['ja']}", "en": f"but {name and f'{name}: '}{each['en']}"} for name, each in odd]  # fmt: skip
    if as_json:
        plain = [
            {"code": each.code, "message": {each_lang: each.line(each_lang) for each_lang in ("ja", "en")}}
            for each in findings
        ]
        print_json({"ok": not findings, "rulings": count, "findings": plain, "notes": notes}, out)
    elif findings or not quiet:
        ja = lang == "ja"
        fine = f"台帳の {count} 件に問題はありません" if ja else f"{count} rulings, nothing wrong"
        lines = [each.line(lang) for each in findings] or [fine, *(note[lang] for note in notes)]
        terminal.write("\n".join(line for text in lines for line in wrapped(text, out)), out)
    if findings:
        raise typer.Exit(6)


def _plain(ruling: Any) -> dict[str, Any]:
    return {
        "id": ruling.id,
        "title": dict(ruling.title),
        "document": ruling.source.document,
        "role": ruling.role,
        "rows": list(ruling.rows),
        "channels": list(ruling.channels),
        "act": ruling.act,
        "since": ruling.since.isoformat(),
        "until": ruling.until and ruling.until.isoformat(),
        "assignee": ruling.assignee.value,
        "because": dict(ruling.because),
    }


def _table(rulings: Sequence[Any], desk: Any, lang: str, *, quiet: bool = False) -> list[str]:
    if not rulings:
        return []
    ja = lang == "ja"
    heads = (
        ["番号", "から", "まで", "担当", "行為", "場", "行", "文書"]
        if ja
        else ["id", "since", "until", "who", "act", "channels", "rows", "document"]
    )
    at = desk.catalog.manifest.channels
    body = [
        [
            *(each.id, each.since.isoformat(), each.until.isoformat() if each.until else "-"),
            *(ASSIGNEE_TEXT[each.assignee][lang], desk.rules.acts[each.act].title[lang]),
            *(("・" if ja else ", ").join(at[key].label[lang] for key in each.channels), _short(each.rows, ja=ja)),
            f"{each.source.document}（{each.role}）" if ja else f"{each.source.document} ({each.role})",
        ]
        for each in rulings
    ]
    return terminal.listing(heads, body, 7, None, quiet=quiet)


def _short(rows: Sequence[str], *, ja: bool) -> str:
    more = len(rows) - 1
    return rows[0] + ((f" ほか{more}行" if ja else f" and {more} more") if more else "")


# -- what is open ------------------------------------------------------------------------------------------------------


def questions(
    volumes: Volumes = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            help="まとめ方: kind（業務の種類と行為）, act（行為） / grouped by kind and act, or by act",
            metavar="kind|act",
        ),
    ] = "kind",
    letter: Annotated[bool, typer.Option("--letter", help="照会書の文面 / the letter that asks")] = False,
    html: Annotated[
        bool, typer.Option("--html", help="照会書の HTML（Word で開けます） / the letter as HTML that Word opens")
    ] = False,
    on: On = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Annotated[
        Word,
        typer.Option(
            "--out",
            help="このファイルに書く。名前が .csv か .xlsx なら、回答を書き入れてもらう照会表 / "
            "write to this file; one named .csv or .xlsx is the question list to be filled in",
            metavar="FILE",
        ),
    ] = None,
    rules: Rules = None,
    list_: List = None,
    quiet: Quiet = False,
) -> None:
    """まだ決まっていない点を、1つの回答で多く決まる順に示します / Show every open question, what settles most first."""
    from assign.desk.volumes import read
    from assign.register import letter as letters
    from assign.register import questions as asking
    from assign.register import sheet
    from assign.register.register import Register

    if by not in ("kind", "act"):
        raise BadOption(f"`--by` に {shown(by)} は使えません（`kind` か `act`）", f"`--by` cannot be {shown(by)} (choose: `kind`, `act`)", ["kind", "act"])  # fmt: skip
    if letter + html + as_json > 1:
        raise BadOption(
            "`--letter`、`--html`、`--json` は1つだけ使えます", "give one of `--letter`, `--html` and `--json`"
        )
    desk = Register.open(list=list_, rules=rules, on=on).desk
    day = date_of_case(on)
    editions = [desk] if desk.beside is None else [*desk.beside.each()]
    known = {row for each in editions for row in each.catalog.by_id}
    counts = None if volumes is None else read(Path(volumes), known)
    found = asking.open_questions(desk, day, counts, by_act=by == "act")
    form = "" if out is None or letter or html or as_json else Path(out).suffix.lower()
    if as_json:
        plain = [asking.as_plain(desk, each) for each in found]
        print_json({"on": day.isoformat(), "list": asking.list_plain(desk), "open": len(found), "decisions": sum(len(each.places) for each in found), "questions": plain}, out)  # fmt: skip
    elif html:
        terminal.write(letters.html(desk, found, day, lang), out, data=True)
    elif letter:
        terminal.write("\n".join(letters.text(desk, found, day, lang)), out)
    elif form == ".csv":
        terminal.write(terminal.separated(sheet.table(desk, found, lang), "csv"), out, data=True)
    elif form == ".xlsx":
        _write_bytes(sheet.excel(desk, found, lang), str(out))
    else:
        terminal.write("\n".join(_overview(desk, found, lang, out, quiet=quiet)), out)


def _write_bytes(data: bytes, out: str) -> None:
    try:
        files.whole_or_not(out, data)
    except (OSError, ValueError) as error:
        raise files.unwritable(path_shown(out), error) from None


def _overview(desk: Any, found: Sequence[Any], lang: str, out: str | None, *, quiet: bool) -> list[str]:
    from assign.register import questions as asking

    ja = lang == "ja"
    if not found:
        return ["決まっていない点はありません" if ja else "nothing is open"]
    heads = ["番号", "照会", "判定"] if ja else ["no.", "question", "decisions"]
    volumes = [asking.counted(each) for each in found]
    by_volume = volumes[0] is not None
    if by_volume:
        heads.append("月の件数" if ja else "cases a month")
    body = [
        [
            *(str(number), asking.asked(desk, each)[lang], f"{len(each.places):,}"),
            *([volume[lang]] if volume else []),
        ]
        for number, (each, volume) in enumerate(zip(found, volumes, strict=True), start=1)
    ]
    ruled = [each for each in found if each.by == asking.BY_RULING]
    rest = [each for each in found if each.by != asking.BY_RULING]
    decisions = sum(len(each.places) for each in found)
    lines = terminal.listing(heads, body, 1, out, quiet=quiet)
    if quiet:
        return lines
    foot = [
        f"{len(found)} 件の照会（判定 {decisions:,} 件）。回答の登録で決まるもの {len(ruled)} 件、ほかの方法で決まるもの {len(rest)} 件。"
        if ja
        else f"{len(found)} questions ({decisions:,} decisions): {len(ruled)} settled by a ruling, {len(rest)} otherwise."
    ]
    if (missing := asking.uncounted(desk, found)) is not None:
        foot.append(missing[lang])
    for by, text in asking.NOT_BY_RULING.items():
        if numbers := [str(at) for at, each in enumerate(found, start=1) if each.by == by]:
            foot.append(f"{'、'.join(numbers)}: {text[lang]}" if ja else f"{', '.join(numbers)}: {text[lang]}")
    table = commands.command("questions", "--out", "questions.xlsx")
    foot.append(
        f"照会表は `{table}`、文面は `--letter` か `--html`。"
        if ja
        else f"The question list: `{table}`; the letter: `--letter` or `--html`."
    )
    return [*lines, *(line for text in foot for line in wrapped(text, out))]
