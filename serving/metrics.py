"""Counts and times for Prometheus.

BentoML's own request metrics are switched off: they carry the path as it came, so that anyone
could fill the memory by asking for many paths. The metrics here have a fixed set of labels.
"""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
KNOWN_PATHS = frozenset({"/predict", "/livez", "/readyz", "/healthz", "/metrics"})

REQUEST_SECONDS = Histogram(
    "frenkel_request_seconds",
    "Time from a request to its answer",
    ["endpoint", "status"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
)
MATERIALS = Counter("frenkel_materials", "Materials answered", ["status", "reason"])
OUT_OF_DOMAIN = Counter("frenkel_out_of_domain", "Materials answered outside the data")


def count_request(path: str, status: int, seconds: float) -> None:
    """Note one answered request."""
    endpoint = path if path in KNOWN_PATHS else "other"
    REQUEST_SECONDS.labels(endpoint, str(status)).observe(seconds)


def count_materials(answered: int, out_of_domain: int, reasons: list[str]) -> None:
    """Note the materials of one request; ``reasons`` has one code for each refused material."""
    if answered:
        MATERIALS.labels("ok", "").inc(answered)
    if out_of_domain:
        OUT_OF_DOMAIN.inc(out_of_domain)
    for reason in reasons:
        MATERIALS.labels("error", reason).inc()


def exposition() -> bytes:
    """All metrics in the text format, summed over the service's processes."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)
