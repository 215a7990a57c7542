"""What is asked of a running service, protocol by protocol; ``benchmarks.service`` says why."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np

from benchmarks._figures import Figure
from benchmarks._scale_formulas import formulas
from benchmarks._service_hostile import Case, fuzzed, hazards
from benchmarks._service_load import Answers, Connection, body_of, load
from benchmarks._service_process import OURS, Server, served, wait_until
from models.bundle import AlteredBundle, open_bundle, seal
from models.seeds import seed_for
from tests.serving.hostile_texts import slow_cif
from training.evaluate import Estimate
from training.sources import cache_dir
from training.tables import load_dataset

HANG_EVERY = 20
BACK_WITHIN_S = 10.0
RESAMPLED = 200
WARM_UP = 60


class Material:
    """Bodies to ask with: endless formulas that nobody has asked before, and real structures."""

    def __init__(self, cifs: Sequence[str]) -> None:
        self._formulas = formulas("service benchmark")
        self._cifs = itertools.cycle([{"structure": text, "format": "cif"} for text in cifs])
        self._random = random.Random(seed_for("service benchmark"))

    def formulas(self, count: int = 1) -> Iterator[bytes]:
        """``count`` formulas a request."""
        while True:
            yield body_of(*({"formula": next(self._formulas)} for _ in range(count)))

    def structures(self) -> Iterator[bytes]:
        """One measured structure a request."""
        while True:
            yield body_of(next(self._cifs))

    def mixed(self) -> Iterator[bytes]:
        """Mostly formulas; every tenth a structure, a block of 8, a bad formula or no JSON."""
        kinds = [self.formulas(), self.formulas(8), self.structures()]
        bad = itertools.cycle([body_of({"formula": "Xx3"}), b"{", b'{"materials": 1}'])
        while True:
            kind = self._random.choices([*kinds, bad], [85, 5, 5, 5])[0]
            yield next(kind)


def measured_cifs(count: int) -> list[str]:
    """CIFs of structures in the training data, the same ones in every run."""
    structures = load_dataset(cache_dir()).structures
    keys = sorted(structures)
    chosen = random.Random(seed_for("service benchmark")).sample(keys, min(count, len(keys)))
    return [structures[key].to(fmt="cif") for key in chosen]


def percentile(values: Sequence[float], percent: float) -> Estimate:
    """A percentile with its bootstrap 95 % interval. NaN without values."""
    if not values:
        return Estimate(np.nan, np.nan, np.nan, 0)
    sample = np.asarray(values)
    rng = np.random.default_rng(seed_for("service benchmark"))
    drawn = rng.choice(sample, (RESAMPLED, len(sample)))
    low, high = np.percentile(np.percentile(drawn, percent, axis=1), [2.5, 97.5])
    return Estimate(float(np.percentile(sample, percent)), float(low), float(high), len(sample))


def single(value: float, count: int = 1) -> Estimate:
    """A figure that was measured once."""
    return Estimate(value, value, value, count)


def speed(server: Server, material: Material, scale: float) -> list[Figure]:
    """one, load32, block256, cif8."""
    load(server.port, material.formulas(), clients=4, requests=WARM_UP)
    load(server.port, material.formulas(256), clients=1, requests=2)
    load(server.port, material.structures(), clients=4, requests=16)
    one = load(server.port, material.formulas(), clients=1, requests=max(20, int(300 * scale)))
    many = load(server.port, material.formulas(), clients=32, seconds=12 * scale)
    blocks = load(server.port, material.formulas(256), clients=1, requests=max(3, int(20 * scale)))
    cifs = load(server.port, material.structures(), clients=8, seconds=12 * scale)
    rates = [256_000.0 / each for each in blocks.good_ms]
    good = len(many.good_ms)
    return [
        Figure.of("one", "p50, ms", percentile(one.good_ms, 50), at_most=8),
        Figure.of("one", "p99, ms", percentile(one.good_ms, 99), at_most=30),
        Figure.of("load32", "requests/s", single(good / many.wall_s, good), at_least=400),
        Figure.of("load32", "p99, ms", percentile(many.good_ms, 99), at_most=250),
        Figure.of("load32", "errors", single(many.errors, len(many.status)), at_most=0),
        Figure.of("block256", "materials/s", percentile(rates, 50), at_least=5000),
        Figure.of("cif8", "p95, ms", percentile(cifs.good_ms, 95), at_most=300),
        Figure.of("cif8", "requests/s", single(len(cifs.good_ms) / cifs.wall_s, len(cifs.good_ms))),
        Figure.of("cif8", "errors", single(cifs.errors, len(cifs.status)), at_most=0),
    ]


def poison(server: Server, material: Material, scale: float) -> list[Figure]:
    """p99 of good requests beside hanging ones against without, and what is left behind."""
    seconds = 15 * scale
    without = load(server.port, material.formulas(), clients=8, seconds=seconds)
    pause_s = HANG_EVERY * without.wall_s / max(1, len(without.status))
    size = server.size()
    hanging = Answers()

    async def hang(port: int, over: asyncio.Event) -> None:
        body = body_of({"structure": slow_cif(), "format": "cif"})

        async def one() -> None:
            connection = Connection(port)
            started = time.perf_counter()
            try:
                status = await connection.post("/predict", body)
            finally:
                connection.close()
            hanging.add(status, time.perf_counter() - started)

        under_way = set()
        while not over.is_set():
            under_way.add(asyncio.create_task(one()))
            await asyncio.sleep(pause_s)
        for task in under_way:
            task.cancel()  # they hang up
        await asyncio.gather(*under_way, return_exceptions=True)

    beside = load(server.port, material.formulas(), clients=8, seconds=seconds, beside=hang)
    try:
        back_s = wait_until(lambda: _is_back(server.size(), size), 6 * BACK_WITHIN_S)
    except TimeoutError:
        back_s = float("inf")
    before, after = percentile(without.good_ms, 99), percentile(beside.good_ms, 99)
    ratio = after.value / before.value
    note = (
        f"p99 {before.value:.1f} ms without, {after.value:.1f} ms beside a hanging CIF every "
        f"{1000 * pause_s:.0f} ms; {len(hanging.status)} of those answered, statuses "
        f"{sorted(set(hanging.status))}"
    )
    spread = replace(after, value=ratio, lower=after.lower / before.value,
                     upper=after.upper / before.value)  # fmt: skip
    return [
        Figure.of("poison", "p99 ratio, good requests", spread, at_most=2, note=note),
        Figure.of("poison", "errors among the good", single(beside.errors, len(beside.status)),
                  at_most=0),
        Figure.of("poison", "s until processes and threads are back", single(min(back_s, 999.0)),
                  at_most=BACK_WITHIN_S),
    ]  # fmt: skip


def _is_back(now: tuple[int, int], before: tuple[int, int]) -> bool:
    """Whether there are no more processes and threads than before."""
    return now[0] <= before[0] and now[1] <= before[1]


def memory(server: Server, material: Material, requests: int) -> list[Figure]:
    """Slope of the memory of all processes over mixed requests, after as many as a fifth."""
    load(server.port, material.mixed(), clients=8, requests=requests // 5)
    asked, rss = [], []
    for part in range(21):
        if part:
            load(server.port, material.mixed(), clients=8, requests=requests // 20)
        asked.append(part * (requests // 20))
        rss.append(server.rss_kb())
    (slope, _), covariance = np.polyfit(asked, rss, 1, cov=True)
    width = 1.96 * float(np.sqrt(covariance[0, 0]))
    estimate = Estimate(float(slope), float(slope) - width, float(slope) + width, asked[-1])
    note = f"{rss[0] / 1024:.0f} MB before, {rss[-1] / 1024:.0f} MB after"
    return [Figure.of("rss", "slope, kB a request", estimate, at_most=1, note=note)]


def hostile(server: Server, each: int) -> list[Figure]:
    """Hazards and random texts; the worst status, time, growth, and whom the service called."""
    description = httpx.get(f"http://127.0.0.1:{server.port}/openapi.json", timeout=60).json()
    cases = [*hazards(), *fuzzed(description, each)]
    random.Random(seed_for("service benchmark")).shuffle(cases)
    strangers: set[str] = set()
    before = server.rss_kb()

    async def watch(_: int, over: asyncio.Event) -> None:
        while not over.is_set():
            strangers.update(await asyncio.to_thread(server.strangers))
            await asyncio.sleep(0.25)

    answers = asyncio.run(_asked(server.port, cases, watch))
    growth = (server.rss_kb() - before) / 1024
    count = len(cases)
    broken = sum(status >= 500 or status == 0 for status in answers.status)
    statuses = {status: answers.status.count(status) for status in sorted(set(answers.status))}
    return [
        Figure.of("hostile", "answers of 500 and more, or none", single(broken, count), at_most=0,
                  note=f"statuses {statuses}"),
        Figure.of("hostile", "longest answer, s", single(max(answers.seconds), count), at_most=6),
        Figure.of("hostile", "growth, MB", single(growth, count)),
        Figure.of("hostile", "addresses called", single(len(strangers), count), at_most=0),
    ]  # fmt: skip


async def _asked(
    port: int, cases: Sequence[Case], watch: Callable[[int, asyncio.Event], Awaitable[None]]
) -> Answers:
    answers = Answers()
    left = iter(cases)
    over = asyncio.Event()
    watching = asyncio.ensure_future(watch(port, over))

    async def client() -> None:
        connection = Connection(port)
        for path, body in left:
            started = time.perf_counter()
            status = await connection.post(path, body)
            answers.add(status, time.perf_counter() - started)
        connection.close()

    await asyncio.gather(*(client() for _ in range(4)))
    over.set()
    await watching
    return answers


def altered(bundle: Path, folder: Path) -> list[Figure]:
    """How many of the altered bundles are refused at load, by the name of the file."""
    copied = Path(shutil.copytree(bundle, folder / "altered"))
    names = sorted(path.name for path in copied.iterdir() if path.name != "manifest.sha256")
    refused = 0
    for name in names:
        content = (copied / name).read_bytes()
        middle = len(content) // 2
        changed = bytes([content[middle] ^ 1])
        (copied / name).write_bytes(content[:middle] + changed + content[middle + 1 :])
        refused += _refused_file(copied) == name
        (copied / name).write_bytes(content)
    manifest = open_bundle(copied)
    (copied / "planted.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    refused += _refused_file(copied) == "planted.pkl"
    seal(copied, manifest)
    refused += _refused_file(copied) == "planted.pkl"
    tried = len(names) + 2
    return [Figure.of("altered", "share refused by name", single(refused / tried, tried),
                      at_least=1)]  # fmt: skip


def _refused_file(bundle: Path) -> str | None:
    try:
        open_bundle(bundle)
    except AlteredBundle as refused:
        return refused.file
    return None


def cold(bundle: Path, folder: Path, times: int) -> list[Figure]:
    """Seconds from the command to ready, the longest of several starts."""
    starts = []
    for _ in range(times):
        with served(OURS, bundle, folder) as server:
            starts.append(server.cold_s)
    worst = Estimate(max(starts), min(starts), max(starts), times)
    return [Figure.of("cold", "s from start to ready, longest", worst, at_most=15)]


CUBE = """data_cube
_cell_length_a 5.13
_cell_length_b 5.13
_cell_length_c 5.13
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Li1 Li 0 0 0
Cl1 Cl 0.5 0.5 0.5
"""
