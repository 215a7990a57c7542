"""What the web page asks the service for, beside predictions."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from serving.errors import MalformedBodyError
from serving.formula_check import formula_check
from serving.map_page import map_page
from serving.page_files import DOCUMENT_HEADERS, PAGE_PATHS, PageFiles
from serving.plain_page import plain_page
from serving.schema import PredictRequest, first_fault

Ask = Callable[[PredictRequest], Awaitable[bytes]]
NUMBERS = ("coverage", "separator_thickness_um")
REPEATED = "temperatures_c"
NO_SCRIPT = "<!-- no-script -->"


class PageRoutes:
    """The paths of the page. ``ask`` answers a request as POST /predict does."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._files = PageFiles()

    def routes(self) -> list[Route]:
        """To be put beside the service's own."""
        found = [Route(path, self._files.response, methods=["GET"]) for path in sorted(PAGE_PATHS)]
        return [
            *found,
            Route("/map", stability, methods=["GET"]),
            Route("/parse", check, methods=["GET"]),
            Route("/plain", self.plain, methods=["GET"]),
        ]

    def document(self, request: Request) -> Response:
        """The page. Without scripts a browser goes on to /plain with the same question."""
        query = html.escape(request.url.query)
        elsewhere = (
            f'<noscript><meta http-equiv="refresh" content="0; url=/plain?{query}"></noscript>'
            if "formula" in request.query_params
            else ""
        )
        text = self._files.document.replace(NO_SCRIPT, elsewhere)
        return HTMLResponse(text, headers={**DOCUMENT_HEADERS, "Cache-Control": "no-cache"})

    async def plain(self, request: Request) -> Response:
        """GET /plain?formula=…: the answer for one formula as a table, for any browser."""
        query = request.query_params
        formula = query.get("formula", "")
        try:
            asked = PredictRequest.model_validate(question_of(query))
        except ValidationError as error:
            text = plain_page(formula, None, first_fault(error).message)
            return HTMLResponse(text, headers=DOCUMENT_HEADERS)
        answer = orjson.loads(await self._ask(asked))
        return HTMLResponse(plain_page(formula, answer, None), headers=DOCUMENT_HEADERS)


def question_of(query: Mapping[str, str]) -> dict[str, Any]:
    """The body of POST /predict that an address asks for; what is no number is left as text."""
    asked: dict[str, Any] = {"materials": [{"formula": query.get("formula", "")}]}
    for name in NUMBERS:
        if query.get(name):
            asked[name] = _number(query[name])
    if query.get("electrode"):
        asked["electrode"] = query["electrode"]
    if query.get(REPEATED):
        asked[REPEATED] = [_number(text) for text in query[REPEATED].split(",")]
    return asked


def prefers_html(accept: str) -> bool:
    """Whether a browser asks: ``text/html`` is named, and JSON is not named before it."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    if "text/html" not in kinds:
        return False
    json_at = kinds.index("application/json") if "application/json" in kinds else len(kinds)
    return kinds.index("text/html") < json_at


async def check(request: Request) -> Response:
    """GET /parse?formula=…: what a formula is read as, or why it is refused."""
    if "formula" not in request.query_params:
        raise MalformedBodyError(
            "the parameter 'formula' is missing", code="missing_field", field="formula"
        )
    return _json(formula_check(request.query_params["formula"]))


async def stability(_: Request) -> Response:
    """GET /map: the stability map of each metal."""
    return Response(_map(), media_type="application/json")


@cache
def _map() -> bytes:
    return orjson.dumps(map_page(), option=orjson.OPT_SERIALIZE_NUMPY)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
