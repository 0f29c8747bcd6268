"""
The server: a desk and its tools, spoken to over stdin and stdout. What goes wrong in a tool is a tool error with the command line's words.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import anyio
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage

from assign import __version__
from assign.desk.desk import Desk
from assign.errors import AssignError, UnknownWord, shown
from assign.words import Meaning, nearest

from .tools import Tool, answered, tools

_INSTRUCTIONS: Final = """\
市の委託業務一覧にもとづき、ある業務を受託者と市職員のどちらが行うかを答える道具です。
1. 自分で判断しない。だれが行うかは decide（手順は plan）の答えだけを伝える。search は候補を示すだけで、答えではない。
2. 引用を示す。答えには、根拠（reasons の cites: 文書、行、その文）をそのまま添える。言いかえた文を引用として示さない。
3. certainty が needs_ruling なら{ja}「決まっていない」と伝え、question を示す。受託者が行ってよいとは言わない。
4. 個人の情報（氏名、住所、生年月日、番号、相談の内容）を入れない。業務の名だけで足りる。
5. 受託者の従業者への指示を書かない。市と受託者の連絡は、契約で決めた窓口（業務責任者）を通る。
6. 見つからないとき、エラーのときは、そのとおりに伝え、candidates から人に選んでもらう。
答えは記録されません。記録が要る判定は `assign decide --record` か、記録を残す `assign serve` で行います。

These tools say, from a city's list of consigned work, whether the contractor or city staff handle a piece of work.
1. Do not decide yourself. Say who handles it only as decide (steps: plan) answers. search gives candidates, never an answer.
2. Quote the citation. With an answer give its grounds as they stand (cites of reasons: document, line and sentence); never pass off a paraphrase as a quotation.
3. Where certainty is needs_ruling{en} say that it is not settled, and pass question on. Never say that the contractor may do it.
4. Put no personal data into a tool (name, address, date of birth, numbers, what a citizen told). The name of the work is enough.
5. Write no instruction to a contractor's worker. City and contractor speak through the person in charge whom the contract names.
6. Where nothing is found or a tool fails, say so, and let the person choose from candidates.
Nothing is recorded here. What must be on record is asked with `assign decide --record`, or of an `assign serve` that keeps a log.
"""

_LAST_ANSWERS: Final = 10
"""Seconds that answers may take once stdin has ended."""


class UnknownTool(UnknownWord):
    """There is no tool of this name."""

    code = "unknown_tool"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        near = nearest(name, known) or known
        super().__init__(f"道具 {shown(name)} はありません", f"there is no tool {shown(name)}", near)


class Internal(AssignError):
    """A fault of ours; nothing of it goes out, since it may hold what was asked."""

    code = "internal"

    def __init__(self, kind: str) -> None:
        super().__init__(f"内部の誤りです（{kind}）。回答はありません", f"internal error ({kind}); there is no answer")


def instructions(desk: Desk) -> str:
    """What an assistant is told: with the legend's own sentence for a mark that no assistant may take for a yes."""
    legends = [
        line.legend for line in desk.catalog.manifest.meanings if line.means is Meaning.PART_OPEN and line.legend
    ]
    said = "".join(dict.fromkeys(each.text for each in legends))
    return _INSTRUCTIONS.format(ja=f"（{said} など）" if said else "", en=f" ({said}, for one)" if said else "")


def serve(desk: Desk, lang: str) -> None:
    """
    Answer until stdin ends.

    Args:
        lang: The language of errors, `ja` or `en`.
    """
    logging.getLogger("mcp").addHandler(logging.NullHandler())  # its log repeats what was asked
    logging.getLogger("mcp").propagate = False
    anyio.run(_served, server(desk, lang))


def server(desk: Desk, lang: str) -> Server[Any]:
    """The server over a desk."""
    known = {tool.name: tool for tool in tools(desk)}
    return Server(
        "assign",
        version=__version__,
        title="委託業務の担当 / who handles consigned work",
        instructions=instructions(desk),
        on_list_tools=partial(_listed, known),
        on_call_tool=partial(_called, known, desk, lang),
    )


async def _served(made: Server[Any]) -> None:
    """
    Serve stdin, and answer all that was asked before its end.

    The protocol's library drops what it still works on as soon as stdin ends, so the end is kept from it until every request has its answer.
    """
    open_requests: set[types.RequestId] = set()
    some_answered = anyio.Condition()
    asked_in, asked = anyio.create_memory_object_stream[SessionMessage | Exception]()
    said_in, said = anyio.create_memory_object_stream[SessionMessage]()
    async with stdio_server() as (read, write), anyio.create_task_group() as tasks:

        async def inward() -> None:
            async with asked_in:
                async for each in read:
                    message = each.message if isinstance(each, SessionMessage) else None
                    if isinstance(message, types.JSONRPCRequest):
                        open_requests.add(message.id)
                    elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
                        open_requests.discard((message.params or {}).get("requestId", ""))
                    await asked_in.send(each)
                with anyio.move_on_after(_LAST_ANSWERS):
                    async with some_answered:
                        while open_requests:
                            await some_answered.wait()

        async def outward() -> None:
            async with write:
                async for each in said:
                    await write.send(each)
                    if isinstance(each.message, types.JSONRPCResponse | types.JSONRPCError):
                        async with some_answered:
                            open_requests.discard("" if each.message.id is None else each.message.id)
                            some_answered.notify_all()

        tasks.start_soon(inward)
        tasks.start_soon(outward)
        await made.run(asked, said_in, made.create_initialization_options())


async def _listed(known: Mapping[str, Tool], _context: object, _params: object) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[_described(tool) for tool in known.values()])


def _described(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(
        title=tool.title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
    )
    return types.Tool(
        name=tool.name, title=tool.title, description=tool.purpose, input_schema=tool.takes, annotations=hints
    )


async def _called(
    known: Mapping[str, Tool], desk: Desk, lang: str, _context: object, params: types.CallToolRequestParams
) -> types.CallToolResult:
    try:
        if params.name not in known:
            raise UnknownTool(params.name, [*known])
        found = answered(known[params.name], desk, params.arguments or {})
    except AssignError as error:
        return _refused(error, lang)
    except Exception as error:  # noqa: BLE001 - what the protocol's library would say of it may hold what was asked
        return _refused(Internal(type(error).__name__), lang)
    texts = [types.TextContent(text=text) for text in (found.text, found.beside) if text]
    return types.CallToolResult(content=texts, structured_content=found.data)  # type: ignore[arg-type]  # a list of texts is one of contents


def _refused(error: AssignError, lang: str) -> types.CallToolResult:
    said = error.as_json(lang)
    text = json.dumps(said, ensure_ascii=False) + "\n"
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=said, is_error=True)
