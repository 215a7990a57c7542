"""What a server process is and does: the champion, the structure processes and the paths."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, Router

from features.structure_pool import StructurePool
from models.predictor import Predictor
from serving import metrics
from serving.answering import Question, answer_questions, question
from serving.cell_drawing import CellRequest, cell, cell_reading, read_job
from serving.champion import ChampionWatch, champion_source
from serving.errors import ClientGoneError, MalformedBodyError, NotJsonError, OverloadedError
from serving.formula_check import formula_check
from serving.model_page import elements_page, model_page
from serving.openapi import (
    CELL_EXAMPLE,
    PARAMETER_EXAMPLE,
    PREDICT_EXAMPLE,
    RANK_EXAMPLE,
    openapi,
    page,
)
from serving.page_routes import PageRoutes, prefers_html
from serving.rank_schema import RankRequest
from serving.record import Recorder
from serving.schema import PredictRequest, first_fault
from serving.settings import Settings
from serving.worker import PredictionWorker

Asked = TypeVar("Asked", bound=BaseModel)
Found = TypeVar("Found")
JSON = "application/json"
POOL_ANSWER_LIMIT_S = 1.0
POOL_START_LIMIT_S = 30.0
PATHS = (
    "GET /",
    "POST /predict",
    "POST /rank",
    "POST /cell",
    "GET /parse",
    "GET /map",
    "GET /plain",
    "GET /model",
    "GET /elements",
    "GET /docs",
    "GET /openapi.json",
    "GET /livez",
    "GET /readyz",
    "GET /metrics",
)


class App:
    """Made in the event loop of a server process; ``router`` answers its requests."""

    def __init__(self, settings: Settings) -> None:
        """Start the structure processes and load the champion.

        Raises BundleError where there is none, and AlteredBundle, by file, where a byte differs.
        """
        self.settings = settings
        self.pool = StructurePool(
            settings.structure_processes,
            time_limit_s=settings.structure_time_limit_s,
            memory_limit_bytes=settings.structure_memory_mb * 2**20,
            reader=read_job,
            on_restart=metrics.POOL_RESTARTS.inc,
        )
        self.pool.start()
        self.page = PageRoutes(self._answered)
        self.recorder = None if settings.record is None else Recorder(settings.record)
        self.router = self._routes()
        self._reading = 0
        self._version_shown: str | None = None
        self._description: tuple[str, dict[str, Any]] = ("", {})
        self.watch = ChampionWatch(
            champion_source(settings.champion), settings.champion_poll_s, self._show_model
        )
        self.worker: PredictionWorker[Question, bytes] = PredictionWorker(
            self._answer_together,
            max_waiting=settings.max_waiting,
            batch_rows=settings.batch_rows,
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.watch.look)
        self.watch.look()  # a SIGHUP during the start was not heard
        self.pool.is_alive(POOL_START_LIMIT_S)  # no connection is taken before it can be answered

    @property
    def champion(self) -> Predictor:
        """The model that answers now."""
        return self.watch.champion

    async def is_ready(self) -> bool:
        """Whether the pool answers. That the champion is loaded is known by then."""
        return await asyncio.to_thread(self.pool.is_alive, POOL_ANSWER_LIMIT_S)

    def close(self) -> None:
        """To be called when the last request has been answered."""
        self.watch.close()
        self.worker.close()
        self.pool.close()

    def _routes(self) -> Router:
        return Router(
            routes=[
                Route("/predict", self.predict, methods=["POST"]),
                Route("/rank", self.rank, methods=["POST"]),
                Route("/cell", self.cell, methods=["POST"]),
                Route("/model", self.model, methods=["GET"]),
                Route("/elements", self.elements, methods=["GET"]),
                Route("/openapi.json", self.openapi, methods=["GET"]),
                Route("/docs", self.documentation, methods=["GET"]),
                Route("/", self.index, methods=["GET"]),
                Route("/metrics", metrics_page, methods=["GET"]),
                *self.page.routes(),
            ],
            redirect_slashes=False,
        )

    async def predict(self, request: Request) -> Response:
        """POST /predict: one answer or one refusal for each material, in order."""
        return await self._answer(request, await asked_body(request, PredictRequest))

    async def rank(self, request: Request) -> Response:
        """POST /rank: the same answers, best first."""
        return await self._answer(request, await asked_body(request, RankRequest))

    async def model(self, _: Request) -> Response:
        """GET /model: the card of the model that answers."""
        return as_json(_model_page(self.champion, self.settings))

    async def elements(self, _: Request) -> Response:
        """GET /elements: which elements the model has seen."""
        return as_json(elements_page(self.champion.manifest))

    async def openapi(self, _: Request) -> Response:
        """GET /openapi.json."""
        return as_json(await asyncio.to_thread(self._described))

    async def documentation(self, _: Request) -> Response:
        """GET /docs: the same to be read."""
        return HTMLResponse(page(await asyncio.to_thread(self._described)))

    async def index(self, request: Request) -> Response:
        """GET /: the page for a browser, else where things are."""
        if prefers_html(request.headers.get("accept", "")):
            return self.page.document(request)
        return as_json({"service": "frenkel", "paths": PATHS}, Vary="Accept")

    async def cell(self, request: Request) -> Response:
        """POST /cell: the unit cell of a structure, to be drawn."""
        asked = await asked_body(request, CellRequest)
        found = await self._while_there(request, cell_reading(asked, self.pool))
        return as_json(cell(found))

    async def _answer(self, request: Request, asked: PredictRequest) -> Response:
        """The answer to a well-formed request. Raises OverloadedError, ClientGoneError."""
        has_structures = any(material.format is not None for material in asked.materials)
        if has_structures:
            read = await self._while_there(request, question(asked, self.pool))
        else:
            read = await question(asked, self.pool)
        text = await self.worker.ask(read, read.kind, len(read.entries))
        return Response(text, media_type=JSON)

    async def _answered(self, asked: PredictRequest) -> bytes:
        """The answer to a request without structures."""
        read = await question(asked, self.pool)
        return await self.worker.ask(read, read.kind, len(read.entries))

    async def _while_there(self, request: Request, work: Coroutine[Any, Any, Found]) -> Found:
        """Read in the pool, for as long as the sender stays.

        What waits here is bounded apart from the line of those that only wait for the model:
        structures that take long never keep a formula out.
        """
        metrics.STRUCTURES_WAITING.set(self.pool.waiting)
        if (
            self._reading >= self.settings.max_waiting
            or self.pool.waiting >= self.settings.max_waiting_structures
        ):
            work.close()
            raise OverloadedError("too many structures wait already", headers={"Retry-After": "5"})
        self._reading += 1
        metrics.READING.set(self._reading)
        reading = asyncio.create_task(work)
        leaving = asyncio.create_task(_disconnected(request))
        try:
            await asyncio.wait({reading, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                raise ClientGoneError("the connection was closed before the answer")
            return reading.result()
        finally:
            self._reading -= 1
            metrics.READING.set(self._reading)
            reading.cancel()
            leaving.cancel()

    def _answer_together(self, questions: Sequence[Question]) -> list[bytes]:
        metrics.BATCH_REQUESTS.observe(len(questions))
        metrics.QUEUE.set(self.worker.waiting)
        return answer_questions(self.champion, questions, recorder=self.recorder)

    def _described(self) -> dict[str, Any]:
        """The OpenAPI description, with real answers of the model that answers now."""
        champion = self.champion
        version, known = self._description
        if version != champion.version:
            known = openapi(self._examples(champion))
            self._description = (champion.version, known)
        return known

    def _examples(self, champion: Predictor) -> dict[str, Any]:
        asked: dict[str, PredictRequest] = {
            "/predict": PredictRequest.model_validate_json(json.dumps(PREDICT_EXAMPLE)),
            "/rank": RankRequest.model_validate_json(json.dumps(RANK_EXAMPLE)),
        }
        structure = CellRequest.model_validate(CELL_EXAMPLE)
        answers: dict[str, Any] = {
            "/cell": cell(asyncio.run(cell_reading(structure, self.pool))),
            "/parse": formula_check(PARAMETER_EXAMPLE),
            "/model": _model_page(champion, self.settings),
            "/elements": elements_page(champion.manifest),
        }
        for path, body in asked.items():
            entries = [material.text() for material in body.materials]
            example = Question(body, entries, [None] * len(entries))
            (text,) = answer_questions(champion, [example], counted=False)
            answers[path] = orjson.loads(text)
        return answers

    def _show_model(self, champion: Predictor) -> None:
        metrics.show_model(champion.version, self._version_shown)
        self._version_shown = champion.version


async def asked_body(request: Request, shape: type[Asked]) -> Asked:
    """The checked body. Raises NotJsonError or MalformedBodyError."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise NotJsonError("send the body as Content-Type: application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotJsonError("send the body without Content-Encoding")
    body = await request.body()
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        fault = first_fault(error)
        raise MalformedBodyError(fault.message, code=fault.code, field=fault.field) from error


def _model_page(champion: Predictor, settings: Settings) -> dict[str, Any]:
    return model_page(champion.manifest, settings, champion.card)


async def _disconnected(request: Request) -> None:
    """Returns when the sender has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def as_json(body: Any, **headers: str) -> Response:
    """An answer of status 200."""
    return Response(orjson.dumps(body), media_type=JSON, headers=headers)


def metrics_page(_: Request) -> Response:
    """GET /metrics: Prometheus text. A plain function, so it runs off the event loop."""
    return Response(metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})
