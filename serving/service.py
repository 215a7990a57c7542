"""The BentoML service. BentoML serves the process and its health, the rest is ours.

What is answered is an ASGI application of its own beside BentoML's, because BentoML's input
handling names fields and shapes errors in ways that a documented body cannot have.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Sequence
from typing import Any, TypeVar

import bentoml
import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, Router

from features.structure_pool import StructurePool
from models.predictor import Predictor
from serving import metrics
from serving.answering import Question, answer_questions, question
from serving.champion import ChampionWatch, champion_source
from serving.errors import MalformedBodyError, NotJsonError, OverloadedError
from serving.gate import RequestGate
from serving.logs import log_as_json
from serving.model_page import elements_page, model_page
from serving.openapi import PREDICT_EXAMPLE, RANK_EXAMPLE, openapi, page
from serving.rank_schema import RankRequest
from serving.schema import PredictRequest, first_fault
from serving.settings import Settings
from serving.worker import PredictionWorker

Asked = TypeVar("Asked", bound=PredictRequest)
JSON = "application/json"
POOL_ANSWER_LIMIT_S = 1.0


def _service() -> Any:
    return bentoml.get_current_service()


async def predict(request: Request) -> Response:
    """POST /predict: one answer or one refusal for each material, in order."""
    return await _answer(await _body(request, PredictRequest))


async def rank(request: Request) -> Response:
    """POST /rank: the same answers, best first."""
    return await _answer(await _body(request, RankRequest))


async def model(_: Request) -> Response:
    """GET /model: the card of the model that answers."""
    service = _service()
    return Response(
        orjson.dumps(model_page(service.champion.manifest, service.settings)), media_type=JSON
    )


async def elements(_: Request) -> Response:
    """GET /elements: which elements the model has seen."""
    return Response(orjson.dumps(elements_page(_service().champion.manifest)), media_type=JSON)


async def description(_: Request) -> Response:
    """GET /openapi.json."""
    return Response(orjson.dumps(_service().description()), media_type=JSON)


async def documentation(_: Request) -> Response:
    """GET /docs: the same to be read."""
    return HTMLResponse(page(_service().description()))


async def index(_: Request) -> Response:
    """GET /: where things are."""
    paths = ["POST /predict", "POST /rank", "GET /model", "GET /elements", "GET /docs"]
    paths += ["GET /openapi.json", "GET /livez", "GET /readyz", "GET /metrics"]
    return Response(orjson.dumps({"service": "frenkel", "paths": paths}), media_type=JSON)


def metrics_page(_: Request) -> Response:
    """GET /metrics: Prometheus text. A plain function, so it runs off the event loop."""
    return Response(metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})


async def _body(request: Request, shape: type[Asked]) -> Asked:
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


async def _answer(asked: PredictRequest) -> Response:
    return Response(await _service().answer(asked), media_type=JSON)


router = Router(
    routes=[
        Route("/predict", predict, methods=["POST"]),
        Route("/rank", rank, methods=["POST"]),
        Route("/model", model, methods=["GET"]),
        Route("/elements", elements, methods=["GET"]),
        Route("/openapi.json", description, methods=["GET"]),
        Route("/docs", documentation, methods=["GET"]),
        Route("/", index, methods=["GET"]),
        Route("/metrics", metrics_page, methods=["GET"]),
    ],
    redirect_slashes=False,
)


@bentoml.asgi_app(router, path="/")
@bentoml.service(
    name="frenkel",
    workers=Settings().workers,
    traffic={"timeout": 60},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class FrenkelService:
    """The champion model and the processes that read structures, once a server process."""

    def __init__(self) -> None:
        """Start the processes and load the champion.

        Raises BundleError where there is none, and AlteredBundle, by file, where a byte differs.
        """
        log_as_json()
        metrics.forget_dead()
        self.settings = Settings()
        self.under_way = 0
        self.pool = StructurePool(
            self.settings.structure_processes,
            time_limit_s=self.settings.structure_time_limit_s,
            memory_limit_bytes=self.settings.structure_memory_mb * 2**20,
            on_restart=metrics.POOL_RESTARTS.inc,
        )
        self.pool.start()
        self._version_shown: str | None = None
        self._examples: dict[str, Any] = {}
        self.watch = ChampionWatch(
            champion_source(self.settings.champion),
            self.settings.champion_poll_s,
            self._show_model,
        )
        self.worker: PredictionWorker[Question, bytes] = PredictionWorker(
            self._answer_together,
            max_waiting=self.settings.max_waiting,
            batch_rows=self.settings.batch_rows,
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.watch.look)

    @property
    def champion(self) -> Predictor:
        """The model that answers now."""
        return self.watch.champion

    async def answer(self, asked: PredictRequest) -> bytes:
        """The JSON text that answers a request. Raises OverloadedError."""
        metrics.STRUCTURES_WAITING.set(self.pool.waiting)
        if (
            self.under_way >= self.settings.max_waiting
            or self.pool.waiting >= self.settings.max_waiting_structures
        ):
            raise OverloadedError("too many requests wait already", headers={"Retry-After": "1"})
        self.under_way += 1
        metrics.UNDER_WAY.set(self.under_way)
        try:
            read = await question(asked, self.pool)
            return await self.worker.ask(read, read.kind, len(read.entries))
        finally:
            self.under_way -= 1
            metrics.UNDER_WAY.set(self.under_way)

    def description(self) -> dict[str, Any]:
        """The OpenAPI description, with real answers of the model that answers now."""
        champion = self.champion
        if self._examples.get("version") != champion.version:
            self._examples = {"version": champion.version, "openapi": self._describe(champion)}
        found: dict[str, Any] = self._examples["openapi"]
        return found

    def _describe(self, champion: Predictor) -> dict[str, Any]:
        answers: dict[str, Any] = {
            "/model": model_page(champion.manifest, self.settings),
            "/elements": elements_page(champion.manifest),
        }
        examples: dict[str, PredictRequest] = {
            "/predict": PredictRequest.model_validate_json(json.dumps(PREDICT_EXAMPLE)),
            "/rank": RankRequest.model_validate_json(json.dumps(RANK_EXAMPLE)),
        }
        for path, asked in examples.items():
            entries = [material.text() for material in asked.materials]
            (text,) = answer_questions(
                champion, [Question(asked, entries, [None] * len(entries))], counted=False
            )
            answers[path] = orjson.loads(text)
        return openapi(answers)

    async def __is_ready__(self) -> bool:
        """For GET /readyz: the pool answers. That the champion is loaded is known by then."""
        return await asyncio.to_thread(self.pool.is_alive, POOL_ANSWER_LIMIT_S)

    @bentoml.on_shutdown
    def close(self) -> None:
        """Runs when the last request has been answered."""
        self.watch.close()
        self.worker.close()
        self.pool.close()

    def _answer_together(self, questions: Sequence[Question]) -> list[bytes]:
        metrics.BATCH_REQUESTS.observe(len(questions))
        return answer_questions(self.champion, questions)

    def _show_model(self, champion: Predictor) -> None:
        metrics.show_model(champion.version, self._version_shown)
        self._version_shown = champion.version


FrenkelService.add_asgi_middleware(RequestGate)  # type: ignore[attr-defined]
