"""`assign mcp` over a real process and the protocol's own client: the bytes of the command line, read-only, strict."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import pytest
from jsonschema import Draft202012Validator
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from assign import Desk
from assign.errors import AssignError, BadRequest
from assign.explanation.model import Decision
from assign.mcp import server
from assign.mcp.tools import answered, tools
from assign.plan.model import Plan

from .command_line import ASSIGN, run
from .test_lists import opened

ROOT = Path(__file__).parents[1]
MODES = ("legacy", "auto")  # 2025-11-25 with its handshake, 2026-07-28 without
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


def with_client(work: Callable[[Client], Awaitable[None]], *words: str, mode: str = "legacy", **env: str) -> None:
    """Run `work` with a client of a server of its own."""
    started = StdioServerParameters(command=sys.executable, args=["-m", "assign", "mcp", *words], env=env or None)

    async def main() -> None:
        with anyio.fail_after(120):
            async with Client(stdio_client(started), mode=mode) as client:
                await work(client)

    anyio.run(main)


def texts(result: types.CallToolResult) -> list[str]:
    return [each.text for each in result.content if isinstance(each, types.TextContent)]


SAME: list[tuple[str, dict[str, Any], list[str]]] = [
    ("decide", {"row": "nenkin-24", "channel": "counter"}, ["decide", "--row", "nenkin-24", "-c", "counter"]),
    ("decide", {"division": "国保", "item": 25}, ["decide", "-d", "国保", "-i", "25"]),
    (
        "decide",
        {"division": "kokuho", "item": "25", "channel": "窓口", "act": "receive", "on": "令和8年4月1日"},
        ["decide", "-d", "kokuho", "-i", "25", "-c", "窓口", "-a", "receive", "--on", "令和8年4月1日"],
    ),
    ("plan", {"row": "kokuho-65"}, ["plan", "--row", "kokuho-65"]),
    ("plan", {"row": ["kokuho-65", "nenkin-24"]}, ["plan", "--row", "kokuho-65", "--row", "nenkin-24"]),
    ("search", {"text": "葬祭"}, ["search", "葬祭"]),
    (
        "search",
        {"text": "口振", "division": "nenkin", "channel": "counter", "limit": 3},
        ["search", "口振", "-d", "nenkin", "-c", "counter", "-n", "3"],
    ),
    ("list", {"what": "rows", "division": "center"}, ["tasks", "-d", "center"]),
    ("list", {"what": "acts"}, ["acts"]),
    ("list", {"what": "acts", "row": "kokuho-65"}, ["acts", "--row", "kokuho-65"]),
]


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_a_tool_gives_the_bytes_of_the_command_line(mode: str) -> None:
    """As text, and the same as an object: a client that shows either shows the contract's JSON."""

    async def work(client: Client) -> None:
        for name, given, words in SAME:
            result = await client.call_tool(name, given)
            assert not result.is_error, (name, given, texts(result))
            printed = run(*words, "--json").stdout
            assert texts(result) == [printed], (name, given)
            said = json.loads(printed)
            data = result.structured_content
            if name == "decide":
                assert data == {"decisions": said if isinstance(said, list) else [said]}
                for each in data["decisions"]:
                    Decision.model_validate_json(json.dumps(each))
            elif name == "plan":
                assert data == said
                Plan.model_validate_json(json.dumps(data))
            else:
                assert data[given.get("what", "rows")] == said

    with_client(work, mode=mode)


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES)
def test_what_the_server_says_of_itself(mode: str) -> None:
    """Five tools that read alone, each with a strict schema; and what an assistant must keep to, in both languages."""

    async def work(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == ["search", "decide", "plan", "explain", "list"]
        for tool in tools:
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
            assert tool.annotations.destructive_hint is False
            assert tool.annotations.open_world_hint is False
            assert tool.input_schema["additionalProperties"] is False
            Draft202012Validator.check_schema(tool.input_schema)
            assert tool.description
            assert " / " in tool.description
        assert client.instructions == server.instructions(Desk.open())
        assert client.server_capabilities is not None
        assert client.server_capabilities.resources is None
        assert client.server_capabilities.prompts is None

    with_client(work, mode=mode)


def test_the_instructions_say_what_an_assistant_must_not_do(desk: Desk) -> None:
    """Decide by itself, pass a paraphrase off as the citation, take an open question for a yes, put a person's data in."""
    told = server.instructions(desk)
    for said in (
        "Do not decide yourself",
        "Quote the citation",
        "needs_ruling",
        "no personal data",
        "Write no instruction",
    ):
        assert said in told
    for said in (
        "自分で判断しない",
        "引用を示す",
        "「△：一部の業務を委託」",
        "個人の情報",
        "指示を書かない",
        "記録されません",
    ):
        assert said in told


@pytest.mark.long
def test_words_are_given_where_words_are_asked_for() -> None:
    """`explain`: every ground of a decision, in the reader's language; of a life event the checklist that `plan` prints."""

    async def work(client: Client) -> None:
        asked = {"division": "nenkin", "item": "24", "channel": "counter", "on": "2026-10-01"}
        ja, en = [await client.call_tool("explain", {**asked, "lang": lang}) for lang in ("ja", "en")]
        with Desk.open() as desk:
            decision = desk.decide(**asked)
        assert texts(ja) == [decision.explain("ja", why=True) + "\n"]
        assert texts(en) == [decision.explain("en", why=True) + "\n"]
        event = await client.call_tool("explain", {"event": "死亡", "on": "2026-10-01"})
        assert texts(event) == [run("plan", "--event", "死亡", "--on", "2026-10-01").stdout]
        assert (await client.call_tool("explain", {"event": "死亡", "act": "receive"})).is_error

    with_client(work)


@pytest.mark.long
def test_where_nothing_is_found_it_says_where_it_belongs() -> None:
    """The command line says so on stderr; an assistant that reads the text alone must not be left with `[]`."""

    async def work(client: Client) -> None:
        result = await client.call_tool("search", {"text": "パスポート"})
        assert not result.is_error
        rows, beside = texts(result)
        assert json.loads(rows) == []
        assert json.loads(beside)["elsewhere"] == result.structured_content["elsewhere"] is not None

    with_client(work)


WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("decide", {"division": "nenkin", "item": "99"}, "unknown_item", []),
    ("decide", {"row": "nenkin-24", "channel": "madoguchi"}, "unknown_channel", []),
    ("decide", {"row": "nenkin-24", "on": "きのう"}, "bad_date", []),
    ("decide", {"itme": "24"}, "bad_request", ["item"]),
    ("decide", {"division": 5, "item": "24"}, "bad_request", []),
    ("decide", {"division": "x" * 201, "item": "24"}, "bad_request", []),
    ("decide", {"row": "nenkin-24", "audit": "sqlite:///x.db"}, "bad_request", []),
    ("plan", {"event": "death"}, "bad_request", []),
    ("plan", {"row": []}, "bad_request", []),
    ("plan", {"row": ["nenkin-24"] * 21}, "bad_request", []),
    ("search", {}, "bad_request", ["text"]),
    ("search", {"text": "葬祭", "limit": 0}, "bad_request", []),
    ("explain", {"row": "nenkin-24", "lang": "fr"}, "bad_request", ["ja", "en"]),
    ("explain", {"event": "誕生日会"}, "unknown_event", []),
    ("list", {"what": "rows"}, "bad_request", []),
    ("list", {"what": "kinds"}, "bad_request", ["catalog", "rows", "acts"]),
    ("list", {"what": "acts", "division": "nenkin"}, "bad_request", []),
    ("record", {}, "unknown_tool", []),
]


@pytest.mark.long
def test_an_error_is_a_tool_error_with_code_message_and_candidates() -> None:
    """An assistant sees it and can mend its question; the words are the command line's, in the language that was asked for."""

    async def work(client: Client) -> None:
        for name, given, code, candidates in WRONG:
            result = await client.call_tool(name, given)
            assert result.is_error, (name, given)
            said = result.structured_content
            assert json.loads(texts(result)[0]) == said
            error = said["error"]
            assert error["code"] == code, (name, given, error)
            assert error["message"]
            if candidates:
                assert error["candidates"] == candidates
        unknown = (await client.call_tool("decide", {"division": "nenkin", "item": "99"})).structured_content
        printed = run("decide", "-d", "nenkin", "-i", "99", "--json", "--lang", "en").stderr
        assert unknown == json.loads(printed)

    with_client(work, "--lang", "en")


def test_whatever_its_schema_refuses_a_tool_refuses(desk: Desk) -> None:
    """The schema that a client reads and what is taken are one: values of every type for every argument."""
    values: list[Any] = [None, True, 3, 3.5, "", "counter", "x" * 2000, [], ["nenkin-24"], {}, {"a": 1}, 10**30]
    for tool in tools(desk):
        schema = Draft202012Validator(tool.takes)
        for name in [*tool.takes["properties"], "other"]:
            for value in values:
                given = {"text": "葬祭", name: value} if tool.name == "search" else {name: value}
                if schema.is_valid(given):
                    try:
                        answered(tool, desk, given)
                    except AssignError:
                        continue
                else:
                    with pytest.raises(BadRequest):
                        answered(tool, desk, given)


def test_a_fault_of_ours_says_nothing_of_what_was_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The protocol's library would send the exception's text, which may repeat it."""

    def fails(*_: object) -> None:
        raise RuntimeError("山田太郎")

    monkeypatch.setattr(server, "answered", fails)
    params = types.CallToolRequestParams(name="search", arguments={"text": "山田太郎"})
    result = anyio.run(server._called, {tool.name: tool for tool in tools(desk)}, desk, "ja", None, params)
    assert result.is_error
    assert result.structured_content["error"]["code"] == "internal"
    assert "山田" not in result.model_dump_json()


def spoken(lines: list[bytes], **env: str) -> subprocess.CompletedProcess[bytes]:
    """What a process says to these lines."""
    import os

    whole = {name: value for name, value in os.environ.items() if not name.startswith("ASSIGN_")} | env
    return subprocess.run(
        [*ASSIGN, "mcp"], input=b"\n".join(lines) + b"\n", capture_output=True, check=False, timeout=120, env=whole
    )


@pytest.mark.long
def test_all_that_was_asked_before_stdin_ended_is_answered() -> None:
    """Of a client that writes its questions and closes the pipe: the protocol's library alone drops those still at work."""
    call = {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "search", "arguments": {"text": "葬祭費"}}}
    started = [json.dumps(HELLO).encode(), b'{"jsonrpc":"2.0","method":"notifications/initialized"}']
    done = spoken([*started, *(json.dumps({**call, "id": number}).encode() for number in range(10, 60))])
    assert done.returncode == 0, done.stderr
    answered = {json.loads(line)["id"] for line in done.stdout.splitlines()}
    assert answered >= {*range(10, 60)}


@pytest.mark.long
def test_stdout_carries_the_protocol_alone_and_stderr_no_case(tmp_path: Path) -> None:
    """Lines that are no JSON, no message, or not UTF-8 break nothing, and what was asked stands in no log."""
    call = {"jsonrpc": "2.0", "id": 7, "method": "tools/call"}
    asked_for = "ヤマダタロウ"
    search = {**call, "params": {"name": "search", "arguments": {"text": asked_for}}}
    lines = [
        json.dumps(HELLO).encode(),
        b'{"jsonrpc":"2.0","method":"notifications/initialized"}',
        b"\xff\xfe no json " + asked_for.encode(),
        json.dumps(
            {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": 5, "arguments": asked_for}}
        ).encode(),
        json.dumps({"jsonrpc": "2.0", "id": 4, "method": "no/such", "params": {"text": asked_for}}).encode(),
        b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"search","arguments":{"text":"\\ud800"}}}',
        b"[" * 100_000,
        json.dumps(search).encode(),
    ]
    done = spoken(lines, ASSIGN_AUDIT=f"sqlite:///{tmp_path}/log.db")
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(message["jsonrpc"] == "2.0" for message in messages)
    by_id = {message.get("id"): message for message in messages}
    assert "error" in by_id[3]
    assert "error" in by_id[4]
    assert by_id[7]["result"]["isError"] is False
    assert asked_for not in done.stderr.decode()
    assert not list(tmp_path.iterdir())  # read-only: a log that is named is not opened


@pytest.mark.long
def test_a_city_s_own_list_answers(tmp_path: Path) -> None:
    assert run("init", str(tmp_path / "city")).returncode == 0

    async def work(client: Client) -> None:
        result = await client.call_tool("list", {"what": "catalog"})
        with Desk.open(list=tmp_path / "city") as desk:
            assert result.structured_content["catalog_sha256"] == desk.provenance["catalog_sha256"]
            assert result.structured_content["rows"] == len(desk.catalog.tasks)

    with_client(work, "--list", str(tmp_path / "city"))


def test_deciding_imports_nothing_of_it() -> None:
    """A cold start pays for what it uses."""
    code = (
        "import sys; from assign.cli import main; sys.argv = ['assign', 'decide', '--row', 'nenkin-24']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('mcp', 'mcp_types', 'jsonschema', 'anyio') or m.startswith('assign.mcp')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_without_the_extra_it_names_what_to_install() -> None:
    code = "import sys; sys.modules['mcp'] = None; sys.modules['mcp_types'] = None; from assign.cli import main; main(['mcp', '--lang', 'en'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 1
    assert "pip install 'itaku-assign[mcp]'" in done.stderr


@pytest.mark.parametrize("name", ["acts", "three"])
def test_the_tools_speak_the_words_of_the_list_in_use(name: str, tmp_path: Path) -> None:
    """An assistant is told that list's own divisions, channels and rows, and no other's."""
    with opened(name, tmp_path, "table") as desk:
        takes = {tool.name: tool.takes["properties"] for tool in tools(desk)}["decide"]
        for key in desk.catalog.manifest.divisions:
            assert key in takes["division"]["description"]
        assert desk.catalog.tasks[0].id in takes["row"]["description"]
        assert "kokuho" not in json.dumps(takes)
        assert server.instructions(desk).count("needs_ruling") == 2
