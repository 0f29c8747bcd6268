"""
What every page has: its language, the words of the address that go on to the next page, who runs it, source and hashes; and errors as pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assign.desk.desk import Desk
from assign.errors import AssignError, visible
from assign.plan.legs import MARKS
from assign.web.api import answers_of, unchanged
from assign.web.keys import Keys, Power, key_of, may
from assign.web.problems import CHALLENGE, RETRY, Problem, status_of
from assign.web.query import require_once
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty, date_of_case

from .tongues import marked

CARRIED: Final[tuple[str, ...]] = (
    "division",
    "channel",
    "q",
)  # and `lang`; set once, and in every address from then on
COOKIE: Final = "assign_key"
Words = Mapping[str, str]


def _printable(value: object) -> object:
    """What a template prints: invisible characters made visible; what is HTML already stays."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_HANDS: Final = re.compile(f"([{''.join(MARKS.values())}]) ([^:→、;〕]+)")


def _hands(text: str) -> Markup:
    """An item of a checklist, in which who does it stands out; a voice says the word and not the mark."""
    said = _HANDS.sub(r'<strong class="by"><span aria-hidden="true">\1 </span>\2</strong>', str(escape(visible(text))))
    return Markup(said)  # noqa: S704 - escaped before the marks are put in


def _lines(text: str) -> Markup:
    """A text of several lines for `<pre>`, each line printable."""
    return Markup("\n").join(visible(line) for line in text.split("\n"))


templates: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_printable,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters["hands"] = _hands
templates.filters["lines"] = _lines


class Shell:
    """
    A request for a page.

    Attributes:
        desk: The server's desk. lang: `ja` unless `?lang=en`. asked: The words of the address, of each the last.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.desk: Desk = answers_of(request).desk
        self.asked: dict[str, str] = {name: word for name, word in request.query_params.items() if word}
        self.lang = "en" if self.asked.get("lang", "ja")[:2].lower() == "en" else "ja"

    @property
    def _carried(self) -> dict[str, str]:
        found: dict[str, str] = {name: self.asked[name] for name in CARRIED if name in self.asked}
        return {**found, "lang": "en"} if self.lang == "en" else found

    def t(self, ja: str, en: str) -> str:
        """A sentence in the page's language."""
        return ja if self.lang == "ja" else en

    def link(self, path: str, **words: object) -> str:
        """An address of ours with the words that are carried on; a word of None is left out."""
        found = {name: str(word) for name, word in {**self._carried, **words}.items() if word not in (None, "")}
        return f"{path}?{urlencode(found)}" if found else path

    def here(self, **words: object) -> str:
        """The same address with other words."""
        found = {name: str(word) for name, word in {**self.asked, **words}.items() if word not in (None, "")}
        path = self.request.url.path
        return f"{path}?{urlencode(found)}" if found else path

    def who(self, assignee: str, certainty: str) -> dict[str, str]:
        """Who, as one word and a mark, and how sure."""
        found = Assignee(assignee)
        word = ASSIGNEE_TEXT[found][self.lang]
        return {
            "key": assignee,
            "mark": MARKS[found],
            "word": word if self.lang == "ja" else word[0].upper() + word[1:],
            "sure": "" if certainty == Certainty.SETTLED else CERTAINTY_TEXT[Certainty(certainty)][self.lang],
        }

    def _words(self) -> dict[str, Any]:
        manifest = self.desk.catalog.manifest
        keys: Keys = self.request.app.state.keys
        return {
            "t": self.t,
            "lang": self.lang,
            "link": self.link,
            "here": self.here,
            "who": self.who,
            "asked": self.asked,
            "carried": self._carried,
            "divisions": manifest.divisions,
            "channels": manifest.channels,
            "title_of_list": manifest.title[self.lang],
            "documents": manifest.documents,
            "provenance": self.desk.provenance,
            "today": date_of_case(None).isoformat(),
            "runs_for": self.request.app.state.settings.runs_for,
            "signed_in": keys.needed and COOKIE in self.request.cookies,
            "path": self.request.url.path,
            "noscript": False,
        }

    def page(self, template: str, status: int = 200, *, keep: bool = False, **words: Any) -> Response:
        """
        A template as an answer.

        Args:
            keep: Whether the browser may keep it: list, rules, language and day alone decide what stands on it.
        """
        headers = {"Cache-Control": "no-store"}
        if keep:
            known = answers_of(self.request).etag.strip('"')
            etag = f'"{known}-{date_of_case(None).isoformat()}-{self.lang}"'
            headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Cookie"}
            if unchanged(self.request, etag):
                return Response(status_code=304, headers=headers)
        html = templates.get_template(template).render({**self._words(), **words})
        return HTMLResponse(marked(html, self.lang), status, headers)

    def sorry(self, error: AssignError) -> Response:
        """An error as a page: what is wrong, what is near, and whom to ask."""
        status = status_of(error)
        found = self.page(
            "error.html",
            status,
            error=error.message(self.lang),
            candidates=list(error.candidates),
            code=status,
            keyless=not self.request.app.state.keys.needed,
            back=_local(self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else "")),
        )
        if status == 503:
            found.headers["Retry-After"] = str(RETRY)
        if status == 401:
            found.headers["WWW-Authenticate"] = CHALLENGE
        return found


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors caught."""
        inner = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await inner(request)
            except AssignError as error:
                return Shell(request).sorry(error)

        return handled


def router() -> APIRouter:
    """A router of pages; none of them stands in the OpenAPI file."""
    return APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


def _shell(request: Request, _role: Annotated[str | None, Depends(may(Power.ASK))]) -> Shell:
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        require_once(name, seen)
    return Shell(request)


Page = Annotated[Shell, Depends(_shell)]
RoleOf = Annotated[str | None, Depends(may(Power.ASK))]
sign_in: Final = router()


async def form_of(request: Request) -> dict[str, str]:
    """A small form (`application/x-www-form-urlencoded`), strictly read. Raises Problem 400."""
    try:
        given = parse_qsl((await request.body()).decode("utf-8"), errors="strict", max_num_fields=20)
    except ValueError:
        raise Problem(400, "bad_form", "フォームの内容を読めません", "the form cannot be read") from None
    seen: set[str] = set()
    for name, _ in given:
        require_once(name, seen)
    return dict(given)


def _local(address: str) -> str:
    """An address within this server, else `/`: a browser takes `//` and a backslash for another host."""
    good = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if good else "/"


@sign_in.get("/sign-in")
def show_sign_in(request: Request) -> Response:
    """The form that takes a key."""
    shell = Shell(request)
    return shell.page("sign_in.html", back=_local(shell.asked.get("to", "/")), wrong=False)


@sign_in.post("/sign-in")
async def take_key(request: Request) -> Response:
    """A key → a cookie that no script can read and that no other site can send."""
    given = await form_of(request)
    shell = Shell(request)
    back = _local(given.get("to", "/"))
    keys: Keys = request.app.state.keys
    try:
        keys.role(given.get("key", ""))
    except Problem:
        return shell.page("sign_in.html", 401, back=back, wrong=True)
    found = RedirectResponse(back, 303, {"Cache-Control": "no-store"})
    if not keys.needed:  # nothing to remember: whatever was typed is no key
        return found
    secure = request.url.scheme == "https"
    found.set_cookie(COOKIE, given.get("key", ""), httponly=True, samesite="strict", secure=secure, path="/")
    return found


@sign_in.post("/sign-out")
async def sign_out(_request: Request) -> Response:
    """The cookie goes."""
    found = RedirectResponse("/sign-in", 303, {"Cache-Control": "no-store"})
    found.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return found


__all__ = ["COOKIE", "Page", "PageRoute", "RoleOf", "Shell", "Words", "form_of", "key_of", "router", "sign_in"]
