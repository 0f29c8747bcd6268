"""
`assign serve`: the HTTP API and the page.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

from typing import Annotated

import typer

from assign.errors import BadOption, DataError, needs_extra, shown

from . import terminal
from .common import Audit, Lang, List, Origin, Rules, Word


def serve(
    host: Annotated[
        str, typer.Option("--host", help="待ち受ける番地 / the address to listen on", metavar="HOST")
    ] = "127.0.0.1",
    port: Annotated[str, typer.Option("--port", help="ポート / the port", metavar="PORT")] = "8000",
    workers: Annotated[str, typer.Option("--workers", help="プロセスの数 / how many processes", metavar="N")] = "1",
    keys: Annotated[
        Word, typer.Option("--keys", help="API キーのファイル / a file of API keys", metavar="FILE")
    ] = None,
    new_key: Annotated[
        Word,
        typer.Option(
            "--new-key", help="この役割のキーを作り、--keys に書く / make a key of this role, in --keys", metavar="ROLE"
        ),
    ] = None,
    runs_for: Annotated[
        str, typer.Option("--run-by", help="動かす人: city か contractor / who runs it", metavar="WHO")
    ] = "city",
    audit: Audit = None,
    origin: Origin = None,
    rules: Rules = None,
    list_: List = None,
    lang: Lang = "ja",
) -> None:
    """画面と HTTP API を動かします / Serve the page and the HTTP API."""
    try:
        from assign.web import keys as api_keys
        from assign.web.server import serve as serving
        from assign.web.settings import Settings
    except ImportError:
        raise DataError(*needs_extra("fastapi", "web")) from None
    if new_key is not None:
        if keys is None:
            raise BadOption(
                "`--new-key` は `--keys FILE` と使います", "`--new-key` goes with `--keys FILE`", ["--keys"]
            )
        key = api_keys.new(keys, new_key)
        terminal.write(key, None)
        terminal.complain(
            "このキーは今だけ表示されます（ファイルにはハッシュだけがあります）"
            if lang == "ja"
            else "this key is shown now alone (the file has its hash only)"
        )
        return
    if runs_for not in ("city", "contractor"):
        raise BadOption(
            f"`--run-by` は city か contractor です（{shown(runs_for)}）",
            f"`--run-by` is city or contractor ({shown(runs_for)})",
            ["city", "contractor"],
        )
    given = {"list": list_, "rules": rules, "audit": audit, "origin": origin, "keys": keys}
    settings = Settings(runs_for=runs_for).model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    serving(host, _number(port, "--port", 65_535), _number(workers, "--workers", 64), settings)


def _number(given: str, name: str, most: int) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= most):
        raise BadOption(
            f"`{name}` は 1 から {most} の数です（{shown(given)}）",
            f"`{name}` is a number from 1 to {most} ({shown(given)})",
        )
    return int(given)
