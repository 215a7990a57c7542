"""What the service is attacked with: every known hazard, then texts and bodies at random."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.serving.conftest import DISORDERED_CIF, POSCAR
from tests.serving.hostile_texts import HOSTILE, broken, formula_like

Case = tuple[str, bytes]  # path and body
SEED_FREE = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def hazards() -> Iterator[Case]:
    """Every text that is known to harm a parser, alone and beside a good one."""
    for kind, text in HOSTILE.values():
        material = {"formula": text} if kind == "formula" else {"structure": text, "format": kind}
        yield "/predict", _body(material)
        yield "/rank", _body(material, {"formula": "LiCl"})


def fuzzed(description: dict[str, Any], each: int) -> Iterator[Case]:
    """``each`` formulas, CIFs, POSCARs and bodies that hypothesis and schemathesis think of."""
    for formula in drawn(formula_like(), each):
        yield "/predict", _body({"formula": formula})
    for text in drawn(broken(DISORDERED_CIF), each):
        yield "/predict", _body({"structure": text, "format": "cif"})
    for text in drawn(broken(POSCAR), each):
        yield "/predict", _body({"structure": text, "format": "poscar"})
    schema = schemathesis.openapi.from_dict(description)
    operations = [found.ok() for found in schema.get_all_operations()]
    with_body = [operation for operation in operations if operation.method.upper() == "POST"]
    for operation in with_body:
        for case in drawn(operation.as_strategy(), each // 2 // len(with_body)):
            yield operation.path, json.dumps(case.body, default=str).encode()
    for body in drawn(st.binary(max_size=500), each // 2):
        yield "/predict", body


def drawn(strategy: SearchStrategy[Any], count: int) -> list[Any]:
    """So many examples, the same in every run."""
    found: list[Any] = []
    keep: Callable[[Any], None] = found.append

    @given(strategy)
    @settings(SEED_FREE, max_examples=count)
    def draw(example: Any) -> None:
        keep(example)

    draw()
    return found


def _body(*materials: dict[str, Any]) -> bytes:
    return json.dumps({"materials": materials}).encode()
