"""From requests to answers: reading materials, one model call for several requests, JSON text."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import orjson

from features.limits import InvalidMaterial
from features.material import Material
from features.structure_pool import Reading, StructureJob, StructurePool
from models.predictor import Predictor
from serving import metrics
from serving.answers import Json, response
from serving.blocks import MaterialText, Rejection, ScoredBlock, read_material, score_materials
from serving.finite import refuse_not_finite
from serving.rank_schema import RankRequest
from serving.ranked import ranking
from serving.record import Recorder
from serving.schema import PredictRequest


@dataclass(frozen=True)
class Question:
    """A well-formed request. ``read`` has what each structure was read as, None for a formula."""

    asked: PredictRequest | RankRequest
    entries: list[MaterialText]
    read: list[Material | Rejection | None]

    @property
    def kind(self) -> Hashable:
        """Questions of one kind may go into one model call."""
        own = {"materials", *RankRequest.OF_RANKING}
        return tuple(
            (name, repr(getattr(self.asked, name)))
            for name in type(self.asked).model_fields
            if name not in own
        )


async def question(asked: PredictRequest | RankRequest, pool: StructurePool) -> Question:
    """Read the structures of a request, in the pool. If cancelled, their processes are stopped."""
    entries = [material.text() for material in asked.materials]
    rows = [row for row, entry in enumerate(entries) if entry.format != "formula"]
    read: list[Material | Rejection | None] = [None] * len(entries)
    if rows:
        jobs = [StructureJob(entries[row].text, entries[row].format) for row in rows]
        readings: list[Reading] = await asyncio.wrap_future(pool.submit(jobs))
        for row, found in zip(rows, readings, strict=True):
            read[row] = (
                Rejection("invalid_material", found.field, found.message)
                if isinstance(found, InvalidMaterial)
                else found
            )
    return Question(asked, entries, read)


def answer_questions(
    predictor: Predictor,
    questions: Sequence[Question],
    *,
    counted: bool = True,
    recorder: Recorder | None = None,
) -> list[bytes]:
    """The JSON text that answers each question, all of one kind, from one model call.

    ``counted``: whether the materials count in the metrics. ``recorder`` notes what kind of
    materials they are.
    """
    asked = questions[0].asked
    entries = [entry for each in questions for entry in each.entries]
    read = [
        found if found is not None else read_material(entry)
        for each in questions
        for entry, found in zip(each.entries, each.read, strict=True)
    ]
    scored = score_materials(
        predictor,
        entries,
        read,
        coverage=asked.coverage,
        temperatures_k=asked.temperatures_k,
        haven_ratio=asked.haven_ratio,
        separator_thickness_um=asked.separator_thickness_um,
        quantiles=asked.quantiles,
        neighbours=True,
        explain=asked.explain,
        electrode=asked.electrode,
    )
    ids = [material.id for each in questions for material in each.asked.materials]
    body = response(predictor, ids, scored, asked.temperatures_c)
    items = refuse_not_finite(body["predictions"])
    if counted:
        _count(scored, items)
    if recorder is not None:
        recorder.note(read, scored, predictor.version)
    texts = []
    first = 0
    for each in questions:
        last = first + len(each.entries)
        texts.append(_text(body["model"], each.asked, items[first:last]))
        first = last
    return texts


def _text(model: Json, asked: PredictRequest | RankRequest, items: list[Json]) -> bytes:
    if isinstance(asked, RankRequest):
        return orjson.dumps({"model": model, **ranking(asked, items)})
    return orjson.dumps({"model": model, "predictions": items})


def _count(scored: ScoredBlock, items: list[Json]) -> None:
    outside = sum(part.prediction.in_domain.count(False) for part in scored.parts)
    reasons = [item["error"]["code"] for item in items if item["status"] == "error"]
    metrics.count_materials(len(items) - len(reasons), outside, reasons)
