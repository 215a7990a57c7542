"""The last look at an answer: no number leaves that JSON has no name for.

orjson writes NaN and infinity as null, which would be a missing value without a reason.
"""

from __future__ import annotations

import math
from typing import Any

Json = dict[str, Any]


def refuse_not_finite(items: list[Json]) -> list[Json]:
    """The same items; one with a number that is not finite becomes an error item."""
    return [item if _is_finite(item) else _refusal(item["id"]) for item in items]


def _is_finite(value: object) -> bool:
    """Whether every float in nested dicts and lists is finite."""
    waiting: list[Any] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, float):
            if not math.isfinite(each):
                return False
        elif isinstance(each, dict):
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return True


def _refusal(identifier: object) -> Json:
    error = {
        "code": "not_finite",
        "message": "the model gave no finite number for this material",
        "field": None,
    }
    return {"id": identifier, "status": "error", "error": error}
