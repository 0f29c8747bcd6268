"""`assign schema`: what is printed fits its schema, and the schema is one."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from assign import Desk

from .command_line import run
from .editions import folder_of


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk.open(engine="table")


def schema_of(name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run("schema", name).stdout)
    jsonschema.Draft202012Validator.check_schema(found)
    return found


@pytest.mark.long
def test_every_row_and_channel_is_decided_in_the_form_of_its_schema(desk: Desk) -> None:
    validator = jsonschema.Draft202012Validator(schema_of("decision"))
    for task in desk.catalog.tasks:
        for answer in desk.answers(row=task.id):
            validator.validate(answer)


@pytest.mark.long
def test_plans_and_searches_have_the_form_of_their_schemas(desk: Desk) -> None:
    plans = jsonschema.Draft202012Validator(schema_of("plan"))
    for task in desk.catalog.tasks[::20]:
        plans.validate(desk.planned(row=task.id))
    found = jsonschema.Draft202012Validator(schema_of("found"))
    for text in ("葬祭", "夫が亡くなった", "住民票がほしい", "zzz"):
        found.validate(desk.found(text))


def test_a_diff_has_the_form_of_its_schema(tmp_path: Path) -> None:
    old, new = (str(folder_of(which, tmp_path / which)) for which in "12")
    volumes = tmp_path / "volumes.csv"
    volumes.write_text("id,volume\nkouki-7,120\n", "utf-8")
    validator = jsonschema.Draft202012Validator(schema_of("diff"))
    for words in ([old, new], [old, old], [old, new, "--volumes", str(volumes)]):
        found = json.loads(run("diff", *words, "--json").stdout)
        validator.validate(found)
        assert found["equal"] == (words[0] == words[1])
        assert not validator.is_valid({**found, "more": 1})


def test_an_unknown_schema_is_refused_with_the_nearest() -> None:
    done = run("schema", "pln")
    assert done.returncode == 2
    assert "plan" in done.stderr
