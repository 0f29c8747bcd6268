"""
`assign schema`: the JSON Schema (2020-12) of what is printed, and of each data file.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

from typing import Annotated, Any

import typer

from assign.errors import BadOption, listed, shown
from assign.words import nearest

from .common import AsJson, Lang, Out, print_json

PRINTED = ("decision", "plan", "found", "diff")


def schema(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]",
            help="decision（既定）, plan, found, diff、またはデータファイルの名前（manifest, acts など） / or of a data file",
        ),
    ] = "decision",
    as_json: AsJson = False,  # noqa: ARG001 - a schema is JSON in any case; every command has the option
    lang: Lang = "ja",  # noqa: ARG001 - the same
    out: Out = None,
) -> None:
    """JSON の形（JSON Schema 2020-12）を示します / Show the JSON Schema of what is printed, or of a data file."""
    print_json(_schema(name), out)


def _schema(name: str) -> dict[str, Any]:
    if name in PRINTED:
        from assign.diff.printed import Diff
        from assign.explanation import model
        from assign.plan.model import Plan

        kind: Any = {"decision": model.Decision, "plan": Plan, "found": model.Found, "diff": Diff}[name]
        found: dict[str, Any] = kind.model_json_schema(mode="serialization")
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
    from assign.export.json_schema import schemas
    from assign.intake import mapping_schema

    files = {**schemas(), "mapping": mapping_schema.schema()}
    if name not in files:
        known = [*PRINTED, *files]
        raise BadOption(
            f"{shown(name)} の形はありません（選べるもの: {listed(known)}）",
            f"there is no schema of {shown(name)} (choose: {listed(known)})",
            nearest(name, known) or known,
        )
    return files[name]
