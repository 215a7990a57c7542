"""What the serving tests share: a stand-in for the model, texts, and one real server."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pandas as pd
import pytest

from features.material import Material
from models.carrier_density import MobileIons
from models.dendrite_uncertainty import ModulusDistribution
from models.estimates import Estimate
from models.explanation import Contribution
from models.neighbours import Measured, Neighbour, Surroundings
from models.prediction import PROPERTIES
from models.suitability import SuitabilityPanel, suitability_panel
from models.targets import TARGETS
from models.transport_picture import PairEstimate, transport_picture
from models.verdict import DomainVerdict

REPOSITORY = Path(__file__).parents[2]
START_LIMIT_S = 120
STOP_LIMIT_S = 30

DISORDERED_CIF = """data_mixed_halide
_cell_length_a 4.10
_cell_length_b 4.10
_cell_length_c 4.10
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P 1'
loop_
_symmetry_equiv_pos_as_xyz
'x, y, z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0 0 0 0.5
Na1 Na 0 0 0 0.5
Cl1 Cl 0.5 0.5 0.5 1
"""

POSCAR = """Li Cl
1.0
4.1 0.0 0.0
0.0 4.1 0.0
0.0 0.0 4.1
Li Cl
1 1
direct
0.0 0.0 0.0
0.5 0.5 0.5
"""


class StandIn:
    """Numbers that depend on the formula alone, in place of a trained model.

    It fails on Fe2O3, has no finite number for Fe3O4, and no conductivity without a mobile ion.
    """

    version = "stand-in"
    manifest = SimpleNamespace(data_sha256="0" * 64, trained_at="2026-11-23T00:00:00+00:00")

    def __init__(self) -> None:
        self.calls: list[int] = []

    def predict(
        self,
        materials: Sequence[Material],
        *,
        coverage: float = 0.9,
        temperatures_k: Sequence[float] = (),
        haven_ratio: float = 1.0,
        separator_thickness_um: float = 25.0,
        densities_g_cm3: Sequence[float | None] = (),
        quantiles: Sequence[float] = (),
        neighbours: bool = False,
        explain: bool = False,
        electrode: str | None = None,
    ) -> SimpleNamespace:
        self.calls.append(len(materials))
        formulas = [material.formula for material in materials]
        if "Fe2O3" in formulas:
            raise ArithmeticError("no answer for Fe2O3")
        value = np.array([_numbers(formula) for formula in formulas])
        value[[formula == "Fe3O4" for formula in formulas]] = np.inf
        columns: dict[str, object] = {
            "formula": formulas,
            "mobile_ion": [material.mobile_ion for material in materials],
        }
        still = np.array([material.mobile_ion is None for material in materials])
        value[still, 0] = np.nan
        for position, name in enumerate(PROPERTIES):
            columns[name] = value[:, position]
            columns[f"{name}_lower"] = value[:, position] - coverage
            columns[f"{name}_upper"] = value[:, position] + coverage
        kelvin = np.asarray(temperatures_k, dtype=np.float64)
        sigma = value[:, :1] + 1000 / 298.15 - 1000 / kelvin[None, :]
        curve = {"value": sigma, "lower": sigma - coverage, "upper": sigma + coverage}
        half = np.full(len(formulas), coverage)
        return SimpleNamespace(
            frame=pd.DataFrame(columns),
            temperatures_k=kelvin,
            curve=curve if len(kelvin) else None,
            transport=transport_picture(
                PairEstimate(value[:, 0], half, half, value[:, 1], half, half, -0.5 * half),
                MobileIons.of(materials, densities_g_cm3),
                temperatures_k=kelvin,
                curve=curve if len(kelvin) else None,
                haven_ratio=haven_ratio,
                separator_thickness_um=separator_thickness_um,
            ),
            dendrite=_panel(len(formulas)),
            electrodes=[material.mobile_ion for material in materials],
            volume_ratio_source=["composition"] * len(formulas),
            notes=[["no mobile ion of the data"] if ion else [] for ion in still],
            in_domain=[not ion for ion in still],
            **_reliability(value, still, tuple(quantiles), neighbours, explain),
        )


def _reliability(
    value: np.ndarray,
    still: np.ndarray,
    levels: tuple[float, ...],
    neighbours: bool,
    explain: bool,
) -> dict[str, object]:
    """Estimates, verdict, neighbours and contributions that are the same for every material."""
    rows = len(value)
    one, none = np.ones(rows), [[] for _ in range(rows)]
    names = [target.name for target in TARGETS]
    estimates = {
        name: Estimate(
            value[:, at],
            one,
            one,
            0.3 * one,
            0.4 * one,
            0.5 * one,
            value[:, [at]] + np.array(levels)[None, :],
            none,
        )
        for at, name in enumerate(names)
    }
    reasons = [["no mobile ion of the data"] if ion else [] for ion in still]
    near = Measured("Li3PS4", -6.5, "=", 0.4, 25.0, "10.1/near")
    around = Surroundings([Neighbour(near, 0.5, False)], [])
    moved = [[Contribution("base", None, -5.0), Contribution("other", None, 0.5)]] * rows
    return {
        "estimates": estimates,
        "quantile_levels": levels,
        "domain": DomainVerdict(
            [not ion for ion in still],
            reasons,
            [bool(found) for found in reasons],
            none,
            0.5 * one,
            40.0 * one,
            {name: 0.5 * one for name in names},
        ),
        "surroundings": [around] * rows if neighbours else None,
        "contributions": {name: moved for name in names} if explain else None,
    }


def _panel(rows: int) -> SuitabilityPanel:
    """The real panel of one stiff oxide, for every row."""
    moduli = ModulusDistribution(
        log10_mean=np.tile([1.78, 2.0], (rows, 1)),
        log10_covariance=np.tile(0.01 * np.eye(2), (rows, 1, 1)),
        volume_ratio=np.full(rows, 0.06),
        volume_ratio_sd=np.full(rows, 0.01),
    )
    return suitability_panel(moduli, draws=16)


def _numbers(formula: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(formula.encode()).digest()[:4])
    return np.random.default_rng(seed).normal(size=len(PROPERTIES))


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture(scope="session")
def disordered_cif() -> str:
    return DISORDERED_CIF


@pytest.fixture(scope="session")
def poscar() -> str:
    return POSCAR


@dataclass(frozen=True)
class RunningServer:
    """A server process started as a user starts it."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def running_server(bundle: Path, folder: Path, **settings: str) -> Iterator[RunningServer]:
    """A server with settings of its own; it must also end on SIGTERM."""
    port = free_port()
    environment = os.environ | {
        "FRENKEL_BUNDLE": str(bundle),
        "BENTOML_HOME": str(folder / "bentoml"),
        **{f"FRENKEL_{name.upper()}": value for name, value in settings.items()},
    }
    log = folder / "server.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving.cli", "serve", "--port", str(port)],
            cwd=REPOSITORY,
            env=environment,
            stdout=stream,
            stderr=stream,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(process, address, log)
            yield RunningServer(address, process, log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                pytest.fail(f"the server did not end on SIGTERM:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the one server that most tests share, of a single process."""
    folder = tmp_path_factory.mktemp("server")
    with running_server(bundle, folder, workers="1") as running:
        yield running.address


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"the server did not become ready:\n{log.read_text()[-3000:]}")
