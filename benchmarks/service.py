"""The service under load and abuse: ``python -m benchmarks.service [--quick] [--only PROTOCOL]``.

Needs a trained bundle (FRENKEL_BUNDLE) and two quiet cores; everything is asked over loopback by
clients on the same machine, whose own work is part of every figure. Protocols:

one: distinct formulas, one client. load32: the same, 32 clients. block256: 256 formulas a request.
cif8: measured crystal structures, 8 clients. poison: 8 clients with formulas, and beside them one
request in twenty is a CIF of 1,900 sites that takes longer than it may. rss: memory of all
processes over 10,000 mixed requests. recovery: processes killed with signal 9. cold: from start to
ready. hostile: every hazard, and 2,000 texts and bodies at random. altered: a byte changed in each
file of the bundle, and a pickle planted. "bare BentoML" is the same model behind BentoML as its
tutorial does it (``_bare_service``), one process of each.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._figures import Figure, line, read_results, write_results
from benchmarks._service_process import BARE, OURS, served
from benchmarks._service_protocols import (
    Material,
    altered,
    cold,
    hostile,
    measured_cifs,
    memory,
    poison,
    single,
    speed,
)
from benchmarks._service_recovery import recovery
from models.bundle import default_bundle_path

BARE_NAME = "bare BentoML"
PROTOCOLS = ("altered", "cold", "speed", "poison", "rss", "hostile", "recovery")


class Record:
    """Figures as they come; kept after each protocol, so that one that fails loses no other's."""

    def __init__(self, written: bool, alone: str | None = None) -> None:
        self.figures: list[Figure] = [] if alone is None else read_results("service")
        self.failed: list[str] = []
        self._written = written
        self._alone = alone

    def run(self, name: str, protocol: Callable[[], list[Figure]]) -> list[Figure]:
        """The figures of a protocol; none where it failed, which is said, or is not asked for."""
        if self._alone not in (None, name):
            return []
        try:
            found = protocol()
        except Exception:
            print(f"protocol {name} failed:", file=sys.stderr)
            traceback.print_exc()
            self.failed.append(name)
            return []
        if not self._written:
            print("\n".join(map(line, found)), flush=True)
        return found

    def keep(self, found: list[Figure]) -> None:
        """Add to the results, in the place of what another run has found for a protocol alone."""
        if self._alone is not None:
            new = {figure.protocol for figure in found}
            self.figures = [figure for figure in self.figures if figure.protocol not in new]
            found = [
                replace(figure, note=f"measured alone, later than the others; {figure.note}")
                for figure in found
            ]
        self.figures += found
        self._write()

    def compare(self, others: list[Figure]) -> None:
        """Put the same figures of another service beside ours."""
        beside = {(figure.protocol, figure.metric): figure.value for figure in others}
        self.figures = [
            replace(figure, baselines={BARE_NAME: beside[figure.protocol, figure.metric]})
            if (figure.protocol, figure.metric) in beside
            else figure
            for figure in self.figures
        ]
        self._write()

    def _write(self) -> None:
        if self._written:
            write_results("service", None, self.figures)


def ours(record: Record, bundle: Path, folder: Path, material: Material, scale: float) -> None:
    """Every protocol against the service."""

    def run(name: str, protocol: Callable[[], list[Figure]]) -> None:
        record.keep(record.run(name, protocol))

    run("altered", lambda: altered(bundle, folder))
    run("cold", lambda: cold(bundle, folder, 2 if scale == 1 else 1))
    with served(OURS, bundle, folder) as server:
        run("speed", lambda: speed(server, material, scale))
        run("poison", lambda: poison(server, material, scale))
        run("rss", lambda: memory(server, material, int(10_000 * scale)))
        run("hostile", lambda: hostile(server, int(500 * scale)))
        run("recovery", lambda: recovery(server, material))


def bare(record: Record, bundle: Path, folder: Path, material: Material, scale: float) -> None:
    """What can be asked of the bare service too, in less time."""
    with served(BARE, bundle, folder) as server:
        cold_s = Figure.of("cold", "s from start to ready, longest", single(server.cold_s))
        found = [cold_s, *record.run("speed, bare", lambda: speed(server, material, scale / 2))]
        found += record.run("rss, bare", lambda: memory(server, material, int(1000 * scale)))
        found += record.run("poison, bare", lambda: poison(server, material, scale / 2))
    record.compare(found)


def main() -> None:
    """Run every protocol and write the results. Exits with 1 if a protocol failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, not written")
    parser.add_argument("--only", choices=PROTOCOLS, help="one anew; the other figures stay")
    asked = parser.parse_args()
    quick = asked.quick
    scale = 0.1 if quick else 1.0
    bundle = default_bundle_path()
    material = Material(measured_cifs(64))
    record = Record(written=not quick, alone=asked.only)
    with TemporaryDirectory() as temporary:
        ours(record, bundle, Path(temporary), material, scale)
        if asked.only is None:
            bare(record, bundle, Path(temporary), material, scale)
    if record.failed:
        raise SystemExit(f"failed: {', '.join(record.failed)}")


if __name__ == "__main__":
    main()
