"""Metal electrodes that an electrolyte faces, and the size of their ions.

Surface energies are of the most stable face and of one origin for all four metals: density
functional theory, doi 10.1016/S0039-6028(98)00363-X. Ionic radii are lines through Shannon's
radii (doi 10.1107/S0567739476001551) at coordination numbers 4, 6 and 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from scipy.constants import N_A

FloatArray = npt.NDArray[np.float64]

_SURFACE = (
    "Vitos, Ruban, Skriver, Kollar, Surf. Sci. 411, 186 (1998), 10.1016/S0039-6028(98)00363-X"
)
_SHANNON = "Shannon, Acta Cryst. A32, 751 (1976), 10.1107/S0567739476001551"
_ELEMENTS = "element table of pymatgen (WebElements)"
_AHMAD = "Ahmad and Viswanathan, Phys. Rev. Lett. 119, 056003 (2017)"


@dataclass(frozen=True)
class Electrode:
    """One metal, with the source of each constant in `sources`."""

    symbol: str
    shear_modulus_gpa: float
    poisson_ratio: float
    molar_volume_m3_mol: float
    surface_energy_j_m2: float
    valence: float
    ionic_radius_slope_angstrom: float  # per neighbour
    ionic_radius_intercept_angstrom: float
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ElectrodeColumns:
    """The same constants for a block of materials, each array of shape (n,) or (n, 1)."""

    shear_modulus_gpa: FloatArray
    poisson_ratio: FloatArray
    molar_volume_m3_mol: FloatArray
    surface_energy_j_m2: FloatArray
    valence: FloatArray
    ionic_radius_slope_angstrom: FloatArray
    ionic_radius_intercept_angstrom: FloatArray

    def rows(self, rows: slice) -> ElectrodeColumns:
        """Some of the rows as columns of shape (m, 1), ready to broadcast against draws."""
        return ElectrodeColumns(
            **{f.name: getattr(self, f.name)[rows].reshape(-1, 1) for f in fields(self)}
        )


AnyElectrode = Electrode | ElectrodeColumns

# Median of the mean Voronoi coordination of Li in the 12,950 compounds of the Ahmad set (doi
# 10.1021/acscentsci.8b00229), and the relative width of v there (half of its 16 to 84 % range).
TYPICAL_COORDINATION_NUMBER = 5.08
TYPICAL_VOLUME_RATIO_RELATIVE_SD = 0.31

LITHIUM = Electrode(
    symbol="Li",
    shear_modulus_gpa=3.4,
    poisson_ratio=0.42,
    molar_volume_m3_mol=1.3e-5,
    surface_energy_j_m2=0.556,
    valence=1.0,
    ionic_radius_slope_angstrom=0.0825,
    ionic_radius_intercept_angstrom=0.26167,
    sources=(
        ("shear_modulus_gpa", _AHMAD),
        ("poisson_ratio", _AHMAD),
        ("molar_volume_m3_mol", _AHMAD),
        ("surface_energy_j_m2", f"{_AHMAD}; the (110) face in {_SURFACE}"),
        ("ionic_radius", f"{_AHMAD}; the line through {_SHANNON}"),
    ),
)
SODIUM = Electrode(
    symbol="Na",
    # From E = 4.6 GPa, measured acoustically, and K = 6.3 GPa. The often repeated E = 10 and
    # G = 3.3 GPa do not agree with each other and K.
    shear_modulus_gpa=1.669,
    poisson_ratio=0.378,
    molar_volume_m3_mol=2.378e-5,
    surface_energy_j_m2=0.253,
    valence=1.0,
    ionic_radius_slope_angstrom=0.0475,
    ionic_radius_intercept_angstrom=0.77833,
    sources=(
        (
            "shear_modulus_gpa",
            "E of Wang, Chang, Wolfenstine, Sakamoto, Materialia (2020), "
            f"10.1016/j.mtla.2020.100792, with K of the {_ELEMENTS}",
        ),
        ("poisson_ratio", "the same E and K, isotropic relation"),
        ("molar_volume_m3_mol", _ELEMENTS),
        ("surface_energy_j_m2", f"(110) face, {_SURFACE}"),
        ("ionic_radius", _SHANNON),
    ),
)
MAGNESIUM = Electrode(
    symbol="Mg",
    shear_modulus_gpa=17.0,
    poisson_ratio=0.29,
    molar_volume_m3_mol=1.400e-5,
    surface_energy_j_m2=0.792,
    valence=2.0,
    ionic_radius_slope_angstrom=0.08,
    ionic_radius_intercept_angstrom=0.24667,
    sources=(
        ("shear_modulus_gpa", _ELEMENTS),
        ("poisson_ratio", _ELEMENTS),
        ("molar_volume_m3_mol", _ELEMENTS),
        ("surface_energy_j_m2", f"(0001) face, {_SURFACE}"),
        ("ionic_radius", _SHANNON),
    ),
)
POTASSIUM = Electrode(
    symbol="K",
    shear_modulus_gpa=1.3,
    poisson_ratio=0.316,
    molar_volume_m3_mol=4.594e-5,
    surface_energy_j_m2=0.135,
    valence=1.0,
    ionic_radius_slope_angstrom=0.035,
    ionic_radius_intercept_angstrom=1.21,
    sources=(
        ("shear_modulus_gpa", _ELEMENTS),
        ("poisson_ratio", f"G and K = 3.1 GPa of the {_ELEMENTS}, isotropic relation"),
        ("molar_volume_m3_mol", _ELEMENTS),
        ("surface_energy_j_m2", f"(110) face, {_SURFACE}"),
        ("ionic_radius", _SHANNON),
    ),
)
ELECTRODES: dict[str, Electrode] = {
    metal.symbol: metal for metal in (LITHIUM, SODIUM, MAGNESIUM, POTASSIUM)
}


def electrode_columns(symbols: Sequence[str | None]) -> ElectrodeColumns:
    """The constants for each symbol, shape (n,); NaN for a metal that is not in the table."""
    names = [f.name for f in fields(ElectrodeColumns)]
    rows: dict[str | None, tuple[float, ...]] = {
        symbol: tuple(getattr(metal, name) for name in names)
        for symbol, metal in ELECTRODES.items()
    }
    unknown = (np.nan,) * len(names)
    table = np.array([rows.get(symbol, unknown) for symbol in symbols], dtype=np.float64)
    table = table.reshape(len(symbols), len(names))
    return ElectrodeColumns(**{name: table[:, i].copy() for i, name in enumerate(names)})


def ionic_radius_angstrom(
    coordination_number: npt.ArrayLike, electrode: AnyElectrode = LITHIUM
) -> FloatArray:
    """Radius of the metal's ion among that many anions, by the line through Shannon's radii."""
    neighbours = np.asarray(coordination_number, dtype=np.float64)
    return np.asarray(
        electrode.ionic_radius_slope_angstrom * neighbours
        + electrode.ionic_radius_intercept_angstrom
    )


def volume_ratio(
    coordination_number: npt.ArrayLike, electrode: AnyElectrode = LITHIUM
) -> FloatArray:
    """v: volume of a mole of ions in the electrolyte over that of the metal (dimensionless).

    `coordination_number` is the mean over the mobile ions, by Voronoi weights in the Ahmad set.
    """
    radius_m = ionic_radius_angstrom(coordination_number, electrode) * 1e-10
    return np.asarray(4.0 / 3.0 * np.pi * radius_m**3 * N_A / electrode.molar_volume_m3_mol)


def typical_volume_ratio(electrode: AnyElectrode = LITHIUM) -> tuple[FloatArray, FloatArray]:
    """(v, its standard deviation) for a material of which only the mobile ion is known.

    The coordination number and the relative width are those of Li compounds, carried over to the
    other ions for want of a better number.
    """
    ratio = volume_ratio(TYPICAL_COORDINATION_NUMBER, electrode)
    return ratio, np.asarray(TYPICAL_VOLUME_RATIO_RELATIVE_SD * ratio)
