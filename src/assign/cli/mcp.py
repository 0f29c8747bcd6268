"""
`assign mcp`: the desk for an assistant.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

from assign.errors import DataError, needs_extra

from .common import Lang, List, Rules, open_desk


def mcp(rules: Rules = None, list_: List = None, lang: Lang = "ja") -> None:
    """AI アシスタント（MCP）からの問い合わせに答えます / Answer an AI assistant over MCP (stdio)."""
    try:
        from assign.mcp.server import serve
    except ImportError:
        raise DataError(*needs_extra("mcp", "mcp")) from None
    serve(open_desk(rules, list_, "auto"), lang)
