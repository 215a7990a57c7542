"""Relations between the moduli of an isotropic solid.

Valid for polycrystal averages such as Voigt-Reuss-Hill moduli. Arguments broadcast; where a
modulus is not positive the answer is NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# Above this K/G a metal tends to be ductile; doi 10.1080/14786440808520496. For ionic solids it
# is a hint and no more: sulfides pass it and still crack.
PUGH_DUCTILE_RATIO = 1.75


def poisson_ratio(shear_modulus_gpa: npt.ArrayLike, bulk_modulus_gpa: npt.ArrayLike) -> FloatArray:
    """nu = (3K - 2G) / (6K + 2G); between -1 and 0.5 for positive moduli."""
    shear, bulk = _positive(shear_modulus_gpa, bulk_modulus_gpa)
    return np.asarray((3.0 * bulk - 2.0 * shear) / (6.0 * bulk + 2.0 * shear))


def youngs_modulus_gpa(
    shear_modulus_gpa: npt.ArrayLike, bulk_modulus_gpa: npt.ArrayLike
) -> FloatArray:
    """E = 9KG / (3K + G), in GPa."""
    shear, bulk = _positive(shear_modulus_gpa, bulk_modulus_gpa)
    return np.asarray(9.0 * bulk * shear / (3.0 * bulk + shear))


def pugh_ratio(shear_modulus_gpa: npt.ArrayLike, bulk_modulus_gpa: npt.ArrayLike) -> FloatArray:
    """K/G, Pugh's ductility hint; see PUGH_DUCTILE_RATIO."""
    shear, bulk = _positive(shear_modulus_gpa, bulk_modulus_gpa)
    return np.asarray(bulk / shear)


def shear_modulus_from_youngs_gpa(
    youngs_modulus_gpa: npt.ArrayLike, bulk_modulus_gpa: npt.ArrayLike
) -> FloatArray:
    """G = 3KE / (9K - E), in GPa; NaN where E >= 9K, which no isotropic solid reaches."""
    youngs, bulk = _positive(youngs_modulus_gpa, bulk_modulus_gpa)
    denominator = 9.0 * bulk - youngs
    denominator = np.where(denominator > 0.0, denominator, np.nan)
    return np.asarray(3.0 * bulk * youngs / denominator)


def _positive(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    one = np.asarray(first, dtype=np.float64)
    two = np.asarray(second, dtype=np.float64)
    return np.where(one > 0.0, one, np.nan), np.where(two > 0.0, two, np.nan)
