"""
What every page has: its language, the words of the address that go on to the next page, who runs it, source and hashes; and errors as pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import date
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
from assign.explanation.in_force import edition_line
from assign.plan.legs import MARKS
from assign.web.api import Answers, answers_of, server_answers, unchanged
from assign.web.keys import Keys, Power, key_of, may
from assign.web.media import prefers
from assign.web.problems import CHALLENGE, RETRY, Problem, said, status_of
from assign.web.query import require_known, require_once, require_one_of
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Bilingual, Certainty, date_of_case

from .tongues import marked

CARRIED: Final[tuple[str, ...]] = (
    "division",
    "channel",
    "q",
)  # and `lang`; set once, and in every address from then on
CELL: Final = "cell."  # of a word of the address: the name of a printed column follows
LANGUAGES: Final = ("ja", "en")
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
        self._goes_on: tuple[str, ...] = CARRIED
        self.asked: dict[str, str] = {name: word for name, word in request.query_params.items() if word}
        self.lang = "en" if self.asked.get("lang") == "en" else "ja"
        self._answers: Answers = server_answers(request)
        self.desk: Desk = self._answers.desk

    def in_force(self, on: str | None) -> Shell:
        """The same over the edition in force on a day, today if None. Raises BadDate, NoEdition."""
        self._answers = answers_of(self.request, on)
        self.desk = self._answers.desk
        return self

    @property
    def day(self) -> date:
        """The day whose answers stand on the page. Raises BadDate."""
        return date_of_case(self.asked.get("on"))

    @property
    def _carried(self) -> dict[str, str]:
        found: dict[str, str] = {name: self.asked[name] for name in self._goes_on if name in self.asked}
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
        path = _local(self.request.url.path)
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
            "edition": edition_line({"provenance": self.desk.provenance}, self.lang) or self.desk.provenance["edition"],
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
            known = self._answers.etag.strip('"')
            days = f"{date_of_case(None).isoformat()}-{self.day.isoformat()}"
            etag = f'"{known}-{days}-{self.lang}"'
            headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Cookie"}
            if unchanged(self.request, etag):
                return Response(status_code=304, headers=headers)
        html = templates.get_template(template).render({**self._words(), **words})
        return HTMLResponse(marked(html, self.lang), status, headers)

    def sorry(self, error: AssignError) -> Response:
        """An error as a page: what is wrong, what is near, and whom to ask, in both languages."""
        status = status_of(error)
        self._goes_on = ()  # a word of the address may be what is wrong: no link has it
        found = self.page(
            "error.html",
            status,
            heading=_HEADINGS.get(status, _SERVER if status >= 500 else _NONE),
            error={lang: said(error, lang) for lang in LANGUAGES},
            candidates=[each for each in error.candidates if f"`{each}`" not in error.ja],  # each is told once
            code=status,
            keyless=not self.request.app.state.keys.needed,
            back=_local(self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else "")),
        )
        if status == 503:
            found.headers["Retry-After"] = str(RETRY)
        if status == 401:
            found.headers["WWW-Authenticate"] = CHALLENGE
        return found


_NONE: Final = {"ja": "答えはありません", "en": "There is no answer"}
_SERVER: Final = {"ja": "サーバーの故障です。答えはありません", "en": "The server failed; there is no answer"}
_REFUSED: Final[Bilingual] = {"ja": "この依頼は受け取れません", "en": "This request cannot be taken"}
_HEADINGS: Final = {
    **dict.fromkeys((408, 413, 415, 421), _REFUSED),
    401: {"ja": "キーが要ります", "en": "A key is needed"},
    403: {"ja": "この画面は開けません", "en": "This page is not open to you"},
    404: {"ja": "ここには何もありません", "en": "There is nothing here"},
    405: {"ja": "この番地は、画面としては開けません", "en": "This address is no page"},
}
_PROGRAMS: Final = ("application/problem+json", "application/json")


def sorry(request: Request, error: AssignError) -> Response | None:
    """An error as a page, where a browser asks; None: a program does, or it calls the API."""
    of_the_api = request.url.path.startswith(("/v1/", "/access/")) and request.method not in ("GET", "HEAD")
    if of_the_api or not prefers(request.headers.get("accept", ""), "text/html", _PROGRAMS):
        return None
    return Shell(request).sorry(error)


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


def taking(*words: str, power: Power = Power.ASK, columns: bool = False) -> Any:
    """
    A dependency: the shell of a page whose address takes these words beside those of every page, each once and with a value that there is.

    Args:
        columns: Whether it takes a word for each printed column, too.
    """
    role = Depends(may(power))

    def shell(request: Request, _role: str | None = role) -> Shell:
        found = Shell(request)
        found.in_force(found.asked.get("on") if "on" in words else None)
        manifest = found.desk.catalog.manifest
        own = [CELL + name for name in manifest.cells] if columns else []
        require_known(request, (*words, *CARRIED, *own))
        require_one_of("lang", found.asked.get("lang"), LANGUAGES)
        for name, key in (("division", manifest.division), ("channel", manifest.channel)):
            if name in found.asked:
                found.asked[name] = key(found.asked[name])
        return found

    return Depends(shell)


Page = Annotated[Shell, taking()]
DayPage = Annotated[Shell, taking("on")]
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
    require_known(request, ("to", *CARRIED))
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


__all__ = [
    "CELL",
    "COOKIE",
    "DayPage",
    "Page",
    "PageRoute",
    "RoleOf",
    "Shell",
    "Words",
    "form_of",
    "key_of",
    "router",
    "sign_in",
    "taking",
]
