"""
`/docs`: the API as its own OpenAPI file describes it, rendered on the server; the usual viewers are scripts from elsewhere.
"""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response

from .shell import Page
from .shell import router as pages

router: Final = pages()
_METHODS: Final = ("get", "post", "put", "patch", "delete")


@router.get("/docs")
def manual(request: Request, page: Page) -> Response:
    """Every operation: what it takes, what it gives, an example of a real row."""
    described: dict[str, Any] = request.app.state.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                tag = (operation.get("tags") or ["assign"])[0]
                groups.setdefault(tag, []).append(_operation(path, method, operation))
    return page.page("docs.html", keep=True, groups=groups, version=described["info"]["version"])


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    bodies = operation.get("requestBody", {}).get("content", {})
    return {
        "path": path,
        "method": method.upper(),
        "anchor": f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        "said": operation.get("description", operation.get("summary", "")),
        "parameters": operation.get("parameters", []),
        "requests": [
            (name, _json(example["value"]))
            for content in bodies.values()
            for name, example in content.get("examples", {}).items()
        ],
        "responses": [
            (status, found.get("description", ""), _example(found)) for status, found in operation["responses"].items()
        ],
    }


def _example(response: dict[str, Any]) -> str:
    for content in response.get("content", {}).values():
        if "example" in content:
            return _json(content["example"])
    return ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
