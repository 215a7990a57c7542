"""The BentoML service. BentoML serves the process and its health, the rest is ours.

``POST /predict`` is an ASGI application of its own beside BentoML's, because BentoML's input
handling names fields and shapes errors in ways that a documented body cannot have.
"""

from __future__ import annotations

import json
from typing import Any

import bentoml
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from models.bundle import default_bundle_path
from models.predictor import Predictor
from serving import metrics
from serving.answers import response
from serving.blocks import ScoredBlock, score_block
from serving.errors import MalformedBodyError, NotJsonError
from serving.gate import RequestGate
from serving.schema import PredictRequest, first_fault
from serving.settings import Settings
from serving.worker import PredictionWorker


async def predict(request: Request) -> Response:
    """POST /predict: one answer or one refusal for each material, in order."""
    _require_json(request)
    body = await request.body()
    try:
        asked = PredictRequest.model_validate_json(body)
    except ValidationError as error:
        fault = first_fault(error)
        raise MalformedBodyError(fault.message, code=fault.code, field=fault.field) from error
    service: Any = bentoml.get_current_service()
    text = await service.worker.run(_answer, service.predictor, asked)
    return Response(text, media_type="application/json")


async def index(_: Request) -> Response:
    """GET /: where things are."""
    paths = ["POST /predict", "GET /livez", "GET /readyz", "GET /metrics"]
    return JSONResponse({"service": "frenkel", "paths": paths})


def metrics_page(_: Request) -> Response:
    """GET /metrics: Prometheus text. A plain function, so it runs off the event loop."""
    return Response(metrics.exposition(), headers={"Content-Type": metrics.CONTENT_TYPE})


def _require_json(request: Request) -> None:
    """Raises NotJsonError unless the body is declared as JSON, as it is."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise NotJsonError("send the body as Content-Type: application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotJsonError("send the body without Content-Encoding")


def _answer(predictor: Predictor, asked: PredictRequest) -> str:
    """The answer to a well-formed request, as JSON text. Runs on the prediction thread."""
    scored = score_block(
        predictor,
        [material.text() for material in asked.materials],
        coverage=asked.coverage,
        temperatures_k=asked.temperatures_k,
        haven_ratio=asked.haven_ratio,
        separator_thickness_um=asked.separator_thickness_um,
        quantiles=asked.quantiles,
        neighbours=True,
        explain=asked.explain,
    )
    _count(scored)
    body = response(
        predictor, [material.id for material in asked.materials], scored, asked.temperatures_c
    )
    return json.dumps(body, allow_nan=False)


def _count(scored: ScoredBlock) -> None:
    outside = sum(part.prediction.in_domain.count(False) for part in scored.parts)
    metrics.count_materials(
        scored.answered,
        outside,
        [rejection.code for rejection in scored.rejections if rejection is not None],
    )


router = Router(
    routes=[
        Route("/predict", predict, methods=["POST"]),
        Route("/", index, methods=["GET"]),
        Route("/metrics", metrics_page, methods=["GET"]),
    ],
    redirect_slashes=False,
)


@bentoml.asgi_app(router, path="/")
@bentoml.service(
    name="frenkel",
    traffic={"timeout": 60},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class FrenkelService:
    """The champion model, loaded once a process."""

    def __init__(self) -> None:
        """Load the bundle. Raises BundleError where there is none or a byte was changed."""
        self.predictor = Predictor.load(default_bundle_path())
        self.worker = PredictionWorker(Settings().max_waiting)

    @bentoml.on_shutdown
    def close(self) -> None:
        """Drop what still waits."""
        self.worker.close()


FrenkelService.add_asgi_middleware(RequestGate)  # type: ignore[attr-defined]
