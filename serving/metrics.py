"""Counts and times for Prometheus.

BentoML's own request metrics are switched off: they carry the path as it came, so that anyone
could fill the memory by asking for many paths. The metrics here have a fixed set of labels.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from serving.page_files import PAGE_PATHS
from serving.page_files import ROOT as PAGE_ROOT

CONTENT_TYPE = CONTENT_TYPE_LATEST
HEALTH_PATHS = frozenset({"/livez", "/readyz", "/healthz"})
KNOWN_PATHS = HEALTH_PATHS | {
    "/",
    "/predict",
    "/rank",
    "/model",
    "/elements",
    "/openapi.json",
    "/docs",
    "/metrics",
    "/cell",
    "/map",
    "/parse",
    "/plain",
    *PAGE_PATHS,
}
"""Every path of the service."""

REQUEST_SECONDS = Histogram(
    "frenkel_request_seconds",
    "Time from a request to its answer",
    ["endpoint", "status"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
)
MATERIALS = Counter("frenkel_materials", "Materials answered", ["status", "reason"])
OUT_OF_DOMAIN = Counter("frenkel_out_of_domain", "Materials answered outside the data")
BATCH_REQUESTS = Histogram(
    "frenkel_batch_requests",
    "Requests that one model call answered",
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
# Gauges of processes that have ended do not count; `forget_dead` says which have.
READING = Gauge(
    "frenkel_requests_reading",
    "Requests whose structures are being read",
    multiprocess_mode="livesum",
)
QUEUE = Gauge(
    "frenkel_requests_waiting", "Requests that wait for the model", multiprocess_mode="livesum"
)
STRUCTURES_WAITING = Gauge(
    "frenkel_structures_waiting", "Structures that wait to be read", multiprocess_mode="livesum"
)
POOL_RESTARTS = Counter(
    "frenkel_structure_process_restarts", "Processes reading structures that were killed or died"
)
MODEL = Gauge(
    "frenkel_model_info",
    "1 for the model that answers",
    ["version"],
    multiprocess_mode="livemax",
)


def count_request(path: str, status: int, seconds: float) -> None:
    """Note one answered request."""
    endpoint = path if path in KNOWN_PATHS else "other"
    if path in PAGE_PATHS:
        endpoint = PAGE_ROOT  # one label for all files of the page
    REQUEST_SECONDS.labels(endpoint, str(status)).observe(seconds)


def count_materials(answered: int, out_of_domain: int, reasons: list[str]) -> None:
    """Note the materials of one request; ``reasons`` has one code for each refused material."""
    if answered:
        MATERIALS.labels("ok", "").inc(answered)
    if out_of_domain:
        OUT_OF_DOMAIN.inc(out_of_domain)
    for reason in reasons:
        MATERIALS.labels("error", reason).inc()


def show_model(version: str, before: str | None) -> None:
    """Note which model answers from now on, and which did before."""
    if before is not None and before != version:
        MODEL.labels(before).set(0)
    MODEL.labels(version).set(1)


def forget_dead() -> None:
    """Drop the gauges of processes that were killed before they could."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder is None:
        return
    for path in Path(folder).glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            with suppress(FileNotFoundError):  # another process was first
                mark_process_dead(int(pid), folder)


def exposition() -> bytes:
    """All metrics in the text format, summed over the service's processes."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    forget_dead()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)
