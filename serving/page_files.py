"""The files of the web page: read once, from this package and from plotly's."""

from __future__ import annotations

import gzip
import hashlib
import threading
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

ROOT = "/page/"
DOCUMENT = "index.html"
PLOTLY = "plotly.min.js"
OWN_FILES = (
    "page.css",
    "icon.svg",
    "known.json",
    "main.js",
    "answer.js",
    "arrhenius.js",
    "ask.js",
    "cards.js",
    "conditions.js",
    "csv.js",
    "dendrite.js",
    "elements.js",
    "how.js",
    "list.js",
    "materials.js",
    "pareto.js",
    "plots.js",
    "scale.js",
    "service.js",
    "snippets.js",
    "state.js",
    "structure.js",
    "table.js",
    "units.js",
)
PAGE_PATHS = frozenset(ROOT + name for name in (*OWN_FILES, PLOTLY))
"""What a browser fetches for the page. It holds nothing of a model, so it needs no token."""

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}
# Plotly sets styles of its own on what it draws; scripts, pictures and connections are ours alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
DOCUMENT_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept",
}
A_YEAR = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"  # a browser keeps it, and asks by its tag whether it still holds
SMALL = 1024  # bytes; below it compression gains nothing


@dataclass(frozen=True)
class PageFile:
    """A file as it is sent."""

    content: bytes
    media_type: str
    cache: str

    @cached_property
    def tag(self) -> str:
        """Its ETag."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> bytes:
        """Its gzip form; of plotly it takes a quarter of a second, once."""
        return gzip.compress(self.content, 6, mtime=0)


class PageFiles:
    """All files by path. May be asked from several threads."""

    def __init__(self) -> None:
        """Raises FileNotFoundError where a file was left out of the installation."""
        folder = files("serving") / "page"
        self._files = {
            ROOT + name: PageFile(
                (folder / name).read_bytes(), MEDIA_TYPES[name.rpartition(".")[2]], ASK_AGAIN
            )
            for name in OWN_FILES
        }
        self.plotly_version = version("plotly")
        plotly = files("plotly") / "package_data" / PLOTLY
        self._files[ROOT + PLOTLY] = PageFile(plotly.read_bytes(), MEDIA_TYPES["js"], A_YEAR)
        document = (folder / DOCUMENT).read_text("utf-8")
        self.document = document.replace("{plotly_version}", self.plotly_version)
        self._lock = threading.Lock()

    def response(self, request: Request) -> Response:
        """The file at the request's path, or 304 where the browser has it already."""
        file = self._files[request.url.path]
        headers = {
            "Cache-Control": file.cache,
            "ETag": file.tag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=304, headers=headers)
        content = file.content
        if len(content) > SMALL and "gzip" in request.headers.get("accept-encoding", ""):
            with self._lock:
                content = file.compressed
            headers["Content-Encoding"] = "gzip"
        return Response(content, media_type=file.media_type, headers=headers)
