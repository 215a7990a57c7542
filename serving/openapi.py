"""The OpenAPI description of the service, and the same as a plain page.

It needs nothing from elsewhere: no script, no font, no style sheet is fetched.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.answer_schema import PredictResponse
from serving.cell_drawing import Cell, CellRequest
from serving.formula_check import FormulaCheck
from serving.model_page import ElementsPage, ModelPage
from serving.rank_schema import RankRequest, RankResponse
from serving.schema import PredictRequest

Json = dict[str, Any]
JSON, HTML, TEXT = "application/json", "text/html", "text/plain"
TIMED_OUT = "the answer took too long, and the work on it was stopped"

PREDICT_EXAMPLE: Json = {
    "materials": [{"id": "argyrodite", "formula": "Li6PS5Cl"}, {"id": "typo", "formula": "Xx3"}],
    "temperatures_c": [25, 60],
    "coverage": 0.9,
}
RANK_EXAMPLE: Json = {
    "materials": [{"formula": "Li6PS5Cl"}, {"formula": "Li7La3Zr2O12"}, {"formula": "Na3PS4"}],
    "filters": [{"property": "log10_conductivity_s_cm", "at_least": -4, "min_probability": 0.2}],
    "top": 2,
}
CELL_EXAMPLE: Json = {
    "structure": "LiCl\n5.13\n0 .5 .5\n.5 0 .5\n.5 .5 0\nLi Cl\n1 1\ndirect\n0 0 0\n.5 .5 .5\n",
    "format": "poscar",
}
PARAMETER_EXAMPLE = "Li6PS5Cl"
BODY_FAULTS = {
    "400": "the body is not JSON or not of this shape",
    "408": "the body did not arrive in time",
    "413": "the body is too large",
    "415": "the body is not declared as plain JSON",
    "429": "too many requests are under way; Retry-After says when to come back",
    "504": TIMED_OUT,
}
NOT_READY = {"503": "it cannot"}
EVERYWHERE = {"401": "the bearer token is missing or wrong (where the service has one)"}


class ErrorDetail(BaseModel):
    """What is wrong, and the path of the field at fault where there is one."""

    code: str
    message: str
    field: str | None
    request_id: str


class ErrorBody(BaseModel):
    """Every answer with a status of 400 or more."""

    error: ErrorDetail


MODELS = (
    PredictRequest,
    PredictResponse,
    RankRequest,
    RankResponse,
    ModelPage,
    ElementsPage,
    CellRequest,
    Cell,
    FormulaCheck,
    ErrorBody,
)


def openapi(answers: Mapping[str, Any]) -> Json:
    """The description; ``answers`` has a real answer of this service to each path's example."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in MODELS],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Frenkel",
            "version": _version(),
            "description": "Transport, mechanics and dendrite criteria of solid electrolytes, "
            "each with an interval, from a formula or a crystal structure.",
        },
        "paths": {
            "/predict": _post("Predict", PredictRequest, PredictResponse, PREDICT_EXAMPLE, answers),
            "/rank": _post("Rank", RankRequest, RankResponse, RANK_EXAMPLE, answers),
            "/cell": _post("Cell", CellRequest, Cell, CELL_EXAMPLE, answers),
            "/parse": _get(
                "What a formula is read as", FormulaCheck, "/parse", answers, asks_for_formula=True
            ),
            "/model": _get("The card of the model that answers", ModelPage, "/model", answers),
            "/elements": _get(
                "Which elements the model has seen", ElementsPage, "/elements", answers
            ),
            "/map": _other("The stability map of the dendrite criteria, by metal", "map", [JSON]),
            "/plain": _other(
                "The answer for one formula as a page without scripts",
                "plain",
                [HTML],
                _formula(),
                {"429": BODY_FAULTS["429"], "504": TIMED_OUT},
            ),
            "/": _other("The page for a browser, else where things are", "index", [JSON, HTML]),
            "/livez": _other("Whether the process lives", "livez", [TEXT]),
            "/readyz": _other("Whether it can answer", "readyz", [TEXT], faults=NOT_READY),
            "/metrics": _other("Counts and times for Prometheus", "metrics", [TEXT]),
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def page(description: Json) -> str:
    """The description as HTML without scripts."""
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Frenkel API</title>",
        "<style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "pre{background:#f4f4f4;padding:1em;overflow:auto;max-height:30em}</style>",
        f"<h1>Frenkel {html.escape(description['info']['version'])}</h1>",
        f"<p>{html.escape(description['info']['description'])}</p>",
        "<p>The whole description, with every field: <a href='/openapi.json'>openapi.json</a>.</p>",
    ]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2>{method.upper()} {html.escape(path)}</h2>")
            parts.append(f"<p>{html.escape(operation['summary'])}</p>")
            for parameter in operation.get("parameters", []):
                query = f"{path}?{parameter['name']}={parameter['example']}"
                parts += ["<h3>Request</h3>", f"<pre>{html.escape(query)}</pre>"]
            if "requestBody" in operation:
                asked = operation["requestBody"]["content"][JSON]["example"]
                parts += ["<h3>Request</h3>", _shown(asked)]
            given = operation["responses"]["200"]["content"].get(JSON, {})
            if "example" in given:
                parts += ["<h3>Answer</h3>", _shown(given["example"])]
    return "\n".join(parts)


def _shown(value: Any) -> str:
    return f"<pre>{html.escape(json.dumps(value, indent=1, ensure_ascii=False))}</pre>"


def _post(
    summary: str,
    asked: type[BaseModel],
    given: type[BaseModel],
    example: Json,
    answers: Mapping[str, Any],
) -> Json:
    path = f"/{summary.lower()}"
    body = {"schema": _reference(asked), "example": example}
    operation = {
        "summary": summary,
        "operationId": summary.lower(),
        "requestBody": {"required": True, "content": {JSON: body}},
        "responses": _responses(given, answers.get(path), BODY_FAULTS | EVERYWHERE),
    }
    return {"post": operation}


def _get(
    summary: str,
    given: type[BaseModel],
    path: str,
    answers: Mapping[str, Any],
    *,
    asks_for_formula: bool = False,
) -> Json:
    faults = dict(EVERYWHERE)
    operation: Json = {"summary": summary, "operationId": path.strip("/")}
    if asks_for_formula:
        operation["parameters"] = _formula(required=True)
        faults["400"] = "the parameter is missing"
    operation["responses"] = _responses(given, answers.get(path), faults)
    return {"get": operation}


def _other(
    summary: str,
    name: str,
    kinds: Sequence[str],
    parameters: Sequence[Json] = (),
    faults: Mapping[str, str] | None = None,
) -> Json:
    """A GET whose answer has no schema of ours."""
    good = {"description": "the answer", "content": {kind: {} for kind in kinds}}
    operation: Json = {
        "summary": summary,
        "operationId": name,
        "responses": {"200": good, **_faults(EVERYWHERE | dict(faults or {}))},
    }
    if parameters:
        operation["parameters"] = list(parameters)
    return {"get": operation}


def _formula(*, required: bool = False) -> list[Json]:
    text = {"schema": {"type": "string"}, "example": PARAMETER_EXAMPLE}
    return [{"name": "formula", "in": "query", "required": required, **text}]


def _responses(given: type[BaseModel], example: Any, faults: Mapping[str, str]) -> Json:
    good: Json = {"schema": _reference(given)}
    if example is not None:
        good["example"] = example
    return {
        "200": {"description": "the answer", "content": {JSON: good}},
        **_faults(faults),
    }


def _faults(faults: Mapping[str, str]) -> Json:
    error = {JSON: {"schema": _reference(ErrorBody)}}
    return {status: {"description": words, "content": error} for status, words in faults.items()}


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _version() -> str:
    try:
        return version("frenkel")
    except PackageNotFoundError:
        return "not installed"
