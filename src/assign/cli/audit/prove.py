"""
Commands of an auditor: is the log whole, does every answer follow, and what proves one record elsewhere.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from assign import audit as auditing
from assign.audit import Text
from assign.audit import verifier as program
from assign.audit.door import Snapshot
from assign.audit.text import plain_json
from assign.cli import terminal
from assign.cli.common import AsJson, Audit, Command, Lang, Origin, Out, Word, briefly, origin_name
from assign.commands import command
from assign.errors import BadOption, shown, visible
from assign.log.keys import held_key, public_key
from assign.log.reading import UnknownRecord
from assign.log.store import StoreDamaged, StoreMissing
from assign.words import date_of_case

from .options import (
    Number,
    ToFile,
    Unread,
    app,
    log_of,
    open_log,
    say,
    say_json,
    snapshot,
    text_of,
    whole_number,
    write_file,
)


@app.command(cls=Command)
def verify(
    against: Annotated[
        list[str] | None,
        typer.Option("--against", help="外に置いたチェックポイント / a checkpoint kept outside", metavar="FILE"),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="信じる公開鍵（ファイルか値） / a public key that you trust", metavar="KEY"),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """全件のハッシュを計算し直し、チェックポイントと照らします / Hash every record again, against checkpoints."""
    notes = [text_of(name) for name in against or ()]
    keys = [public_key(text_of(each) if os.path.isfile(each) else each) for each in key or ()]
    try:
        with snapshot(audit, origin, likely=log_of(notes, keys)) as log:
            found = auditing.verify(log, notes, keys)
    except (
        StoreDamaged,
        StoreMissing,
    ) as error:  # what is wrong is the answer; with a checkpoint, also that there is no log
        if isinstance(error, StoreMissing) and (not notes or (origin_name(origin) is None and error.candidates)):
            raise
        said = Text(error.ja, error.en)
        if isinstance(error, StoreMissing):
            said = Text(
                f"{said.ja}。場所が合っていれば、記録は消されたか、読めなくされています",
                f"{said.en}; if that is the place, the log was deleted, or made unreadable",
            )
        found = auditing.VerificationReport(
            origin_name(origin) or "", findings=[auditing.Finding(error.code, None, said)]
        )
    if as_json:
        say_json(found.as_json(), out)
    else:
        lines = _verified(found, lang)
        say(lines[1:] if briefly() and found.hashed else lines, out)
    if found.findings:
        raise typer.Exit(6)


@app.command(cls=Command)
def replay(
    first: Annotated[Word, typer.Option("--first", help="この番号から / from this number", metavar="N")] = None,
    last: Annotated[Word, typer.Option("--last", help="この番号まで / up to this number", metavar="N")] = None,
    batch: Annotated[
        Word, typer.Option("--batch", help="一括処理の記録の番号 / number of a batch's record", metavar="N")
    ] = None,
    file: Annotated[
        Word, typer.Option("--file", help="一括処理の入力ファイル / that batch's input file", metavar="IN")
    ] = None,
    format_: Annotated[
        Word, typer.Option("--format", help="入力の形式 csv, jsonl, parquet / the input's format: csv, jsonl, parquet")
    ] = None,
    encoding: Annotated[
        str,
        typer.Option(
            "--encoding", help="入力の文字コード auto, utf-8, cp932 / the input's encoding: auto, utf-8, cp932"
        ),
    ] = "auto",
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """記録と保存した版だけから全件を判定し直し、比べます / Decide every record anew from the log alone, and compare."""
    start, stop = whole_number(first or "0", "--first"), None if last is None else whole_number(last, "--last") + 1
    if (batch is None) is not (file is None):
        raise BadOption("`--batch` と `--file` は一緒に使います", "`--batch` and `--file` go together")
    if stop is not None and stop <= start:
        raise BadOption("`--first` が `--last` より後です", "`--first` is after `--last`")
    counts = dict.fromkeys(auditing.OUTCOMES, 0)
    batches, odd = 0, []
    unread = Unread()
    with snapshot(audit, origin, unread) as log:
        if start and start >= log.length:  # nothing replayed is nothing shown
            raise UnknownRecord(log.length - 1)
        anew = auditing.replay(log, start, stop)
        of_same: list[auditing.Text] = []
        if batch is not None and file is not None:
            anew = iter([_batch_anew(log, whole_number(batch, "--batch"), file, format_, encoding)])
        for each in anew:
            if each.detail is auditing.ROWS_ELSEWHERE:
                batches += 1
                continue
            counts[each.outcome] += 1
            if each.outcome != "same":
                odd.append(each)
            elif each.detail.ja:
                of_same.append(each.detail)
    if as_json:
        told = [{"seq": each.seq, "outcome": each.outcome, "detail": each.detail._asdict()} for each in odd]
        say_json({"records": sum(counts.values()), "outcomes": counts, "batches": batches, "not_the_same": told}, out)
    else:
        names = _OUTCOME_TEXT
        lines = [f"{names[name].say(lang)}: {number:,}" for name, number in counts.items()]
        if batches:
            lines.append(
                f"一括処理（1 件ずつ入力ファイルから: --batch N --file IN）: {batches:,}"
                if lang == "ja"
                else f"batches (one by one from their input file: --batch N --file IN): {batches:,}"
            )
        lines += [f"  {each.say(lang)}" for each in of_same]
        for each in odd[: auditing.MOST]:
            head = f"番号 {each.seq}" if lang == "ja" else f"record {each.seq}"
            lines.append(
                f"  {head}: {names[each.outcome].say(lang)}。{each.detail.ja}"
                if lang == "ja"
                else f"  {head}: {names[each.outcome].en}; {each.detail.en}"
            )
        if len(odd) > auditing.MOST:
            lines.append("  …")
        say(lines, out)
    if counts["different"] or counts["reason"] or counts["cannot"]:
        raise typer.Exit(6)
    unread.told(lang, as_json=as_json)


@app.command(cls=Command)
def prove(
    n: Number,
    to: ToFile = None,
    row: Annotated[
        Word,
        typer.Option(
            "--row", help="一括処理の記録で、この行（1 から） / the row of the batch to prove, from 1", metavar="ROW"
        ),
    ] = None,
    file: Annotated[
        Word, typer.Option("--file", help="一括処理の出力ファイル / the batch's output file", metavar="OUT")
    ] = None,
    checkpoint_: Annotated[
        Word,
        typer.Option(
            "--checkpoint",
            help="このチェックポイントについて証明。なければ新しく署名 / prove it against this checkpoint, else sign a new one",
            metavar="FILE",
        ),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """記録 1 件の証明を書きます（assign なしで検証できます） / Write a proof that is checked without assign."""
    if (row is None) is not (file is None):
        raise BadOption("`--row` と `--file` は一緒に使います", "`--row` and `--file` go together")
    given = [] if checkpoint_ is None else [text_of(checkpoint_)]
    with _missing_as_read(audit, origin), open_log(audit, origin, log_of(given)) as log:
        note = given[0] if given else log.checkpoint(held_key(log.origin))
        if row is not None and file is not None:
            from assign import batch
            from assign.audit import batches

            form = batch.format_of(file, None)
            options = batch.Options(lang, date_of_case(None), form, form)
            bundle = batches.prove_row(log, whole_number(n), Path(file), whole_number(row, "--row"), options, note)
        else:
            bundle = auditing.prove(log, whole_number(n), note)
    ja = f"{to} を書きました。検証: `{command('audit verifier', '--out', 'verify.py')}` を渡し、`python verify.py {to}`"
    en = f"wrote {to}; to check it elsewhere, hand over `{command('audit verifier', '--out', 'verify.py')}` and run `python verify.py {to}`"
    _bundled(bundle, to, ja if lang == "ja" else en)


@app.command(cls=Command)
def growth(
    old: Annotated[str, typer.Argument(metavar="OLD", help="前のチェックポイント / the earlier checkpoint")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="後のチェックポイント / the later one")],
    to: ToFile = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """前のチェックポイントの記録が後にすべて残る証明を書きます / Prove that one checkpoint's log begins another's."""
    notes = text_of(old), text_of(new)
    with _missing_as_read(audit, origin), open_log(audit, origin, log_of(notes)) as log:
        bundle = auditing.prove_consistency(log, *notes)
    _bundled(bundle, to, f"{to} を書きました" if lang == "ja" else f"wrote {to}")


@app.command(cls=Command)
def verifier(out: Out = None) -> None:
    """証明を検証する独立のプログラム（1 ファイル）を書きます / Write the stand-alone verifier, one file."""
    terminal.write(Path(program.__file__).read_text("utf-8").rstrip("\n"), out, data=True)


_OUTCOME_TEXT = {
    "same": Text("同じ（1 バイトも違わない）", "the same to the byte"),
    "wording": Text("同じ判定・同じ規則、文だけが違う", "the same decision by the same rules, other sentences"),
    "reason": Text("同じ答え、別の理由", "the same answer for another reason"),
    "different": Text("違う", "different"),
    "cannot": Text("判定し直せない", "cannot be decided anew"),
}


@contextmanager
def _missing_as_read(audit: str | None, origin: str | None) -> Iterator[None]:
    """An auditor proves, too: that there is no log is said as the readers say it, whose door is opened for that."""
    try:
        yield
    except StoreMissing:
        with snapshot(audit, origin):
            raise


def _batch_anew(log: Snapshot, seq: int, file: str, format_: str | None, encoding: str) -> auditing.Replay:
    from assign import batch
    from assign.audit import batches

    batch.need("polars")
    form = batch.format_of(file, format_ if batch.ending(file) is None else None)
    out = form if form == "jsonl" else "parquet"
    options = batch.Options("ja", date_of_case(None), form, out, batch.encoding_of(encoding))
    return batches.replay(log, seq, Path(file), options)


def _bundled(bundle: dict[str, Any], to: str | None, written: str) -> None:
    """A proof, to its file, which is said, or to the next program."""
    text = plain_json(json.dumps(bundle, ensure_ascii=False, indent=1))
    if to is None:
        terminal.write(text, None, data=True)
    else:
        write_file(to, (text + "\n").encode())
        say([], None, [visible(written)])


def _verified(found: auditing.VerificationReport, lang: str) -> list[str]:
    ja = lang == "ja"
    root = found.as_json()["root"]
    lines = []
    if found.hashed or not found.findings:  # else it could not be read at all
        lines.append(
            f"{found.origin}: {found.size:,} 件中 {found.hashed:,} 件のハッシュを計算し直しました。根 {root}"
            if ja
            else f"{found.origin}: {found.hashed:,} of {found.size:,} records hashed again; root {root}"
        )
    if found.memory is not None:
        lines.append(
            f"注意: 記録はメモリ上のファイルシステム（{found.memory}）にあります。電源が切れると消えます"
            if ja
            else f"note: the log is on a file system in memory ({found.memory}): it is gone when the machine stops"
        )
    if found.others:
        names = ", ".join(shown(each) for each in found.others[:10])
        lines.append(
            f"同じデータベースに、確かめていない別の記録があります（{names}。`--origin` で選べます）"
            if ja
            else f"the same database has other logs, which were not looked at ({names}; choose with `--origin`)"
        )
    if found.findings:
        number = len(found.findings)
        told = Text(f"誤りが {number} 件あります", f"{number} findings")
        if not found.hashed:
            told = Text(f"{told.ja}。記録は 1 件も確かめられません", f"{told.en}; no record could be checked")
        elif found.first_bad is not None:
            told = Text(
                f"{told.ja}。最初の番号: {found.first_bad}", f"{told.en}; the first bad record: {found.first_bad}"
            )
        lines.append(told.say(lang))  # of no one record: nothing is said that could be read as an all-clear
        lines += [f"  {each.text.say(lang)}" for each in found.findings[: auditing.MOST]]
        return lines
    if found.notes_outside and found.covered:
        rest = found.size - found.covered
        lines.append(
            f"外のチェックポイントと合います: 最初の {found.covered:,} 件は、署名の時から変わらず、欠けもありません。"
            if ja
            else f"It fits the checkpoint from outside: the first {found.covered:,} records are unchanged and complete since it was signed."
        )
        if not found.keys_given:
            lines.append(
                "公開鍵は記録の中のもの。`--key` で、別の道で受け取った鍵を渡してください（記録を作り直した人の鍵でも、合います）。"
                if ja
                else "The public key is the log's own. Give one that came another way as `--key`: who made the log anew has a key that fits it, too."
            )
        if rest:
            lines.append(
                f"後の {rest:,} 件は、まだ外のチェックポイントがありません。"
                if ja
                else f"The {rest:,} records after it are not covered by one yet."
            )
    else:
        lines.append(
            "記録の中に矛盾はありません。ただし外に置いたチェックポイントなしでは、全体の差し替えや末尾の削除は分かりません（--against）。"
            if ja
            else "The log is consistent in itself. Without a checkpoint from outside, a replaced log or a deleted tail cannot be seen (--against)."
        )
    return lines
