"""The one way from materials to predictions: HTTP, lists, the command line and benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from features.material import Material
from features.table import feature_table
from models.arrhenius import activation_energy_slope_per_ev, log10_conductivity_at
from models.bundle import Manifest, open_bundle
from models.carrier_density import MobileIons
from models.dendrite_reference import DendriteReference
from models.dendrite_uncertainty import ModulusDistribution
from models.domain import Domain
from models.electrodes import electrode_columns
from models.intervals import COVERAGE_RANGE
from models.labels import FloatArray
from models.moduli_model import ModuliModel
from models.suitability import SuitabilityPanel, suitability_panel
from models.targets import (
    ACTIVATION_ENERGY,
    MODULI_TARGETS,
    TRANSPORT_TARGETS,
)
from models.transport_model import TransportModel
from models.transport_picture import (
    DEFAULT_HAVEN_RATIO,
    DEFAULT_SEPARATOR_THICKNESS_UM,
    PairEstimate,
    TransportPicture,
    transport_picture,
)
from models.volume_ratio import volume_ratios

PROPERTIES = (
    "log10_conductivity_s_cm",
    "activation_energy_ev",
    "shear_modulus_gpa",
    "bulk_modulus_gpa",
    "dendrite_suppression_score",
)
FEATURE_GROUPS = ("composition", "symmetry", "structure", "transport", "ranked_elements")


@dataclass(frozen=True)
class PredictionBlock:
    """Predictions of a block of n materials, in order.

    frame: formula, mobile_ion, then value, _lower and _upper of each of PROPERTIES; NaN only
    where ``notes`` says why. curve: "value", "lower", "upper" of log10 sigma (S/cm), each
    (n, temperatures). dendrite: every criterion, arrays (n,), against the metal of the mobile ion.
    volume_ratio_source: how v was found, a key of models.volume_ratio.SOURCES_IN_WORDS.
    notes and in_domain: one entry a material. transport: prefactor, diffusion and resistance,
    with notes of their own.
    """

    frame: pd.DataFrame
    temperatures_k: FloatArray
    curve: dict[str, FloatArray] | None
    dendrite: SuitabilityPanel
    volume_ratio_source: list[str | None]
    notes: list[list[str]]
    in_domain: list[bool]
    transport: TransportPicture


@dataclass(frozen=True)
class _Estimate:
    """A mean and a half width at the asked coverage, each (n,)."""

    mean: FloatArray
    half: FloatArray


class Predictor:
    """A loaded champion. Reading is safe: every file is checked before it is opened."""

    def __init__(
        self,
        manifest: Manifest,
        transport: TransportModel,
        moduli: ModuliModel,
        domain: Domain,
        dendrite: DendriteReference,
    ) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self._transport = transport
        self._moduli = moduli
        self._domain = domain
        self._dendrite = dendrite

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Open a bundle. Raises BundleError (none there) or AlteredBundle (names the file)."""
        manifest = open_bundle(path)
        return cls(
            manifest,
            TransportModel.load(path),
            ModuliModel.load(path),
            Domain.load(path),
            DendriteReference.load(path),
        )

    def predict(
        self,
        materials: Sequence[Material],
        *,
        coverage: float = 0.9,
        temperatures_k: Sequence[float] = (),
        haven_ratio: float = DEFAULT_HAVEN_RATIO,
        separator_thickness_um: float = DEFAULT_SEPARATOR_THICKNESS_UM,
        densities_g_cm3: Sequence[float | None] = (),
    ) -> PredictionBlock:
        """Predict a block.

        ``densities_g_cm3`` is empty or has one entry a material; it serves the diffusion
        coefficient only. Raises ValueError for a number that is not accepted.
        """
        low, high = COVERAGE_RANGE
        if not low <= coverage <= high:
            raise ValueError(f"coverage must be between {low} and {high}, not {coverage}")
        kelvin = np.asarray(temperatures_k, dtype=np.float64)
        if not (np.isfinite(kelvin).all() and (kelvin > 0).all()):
            raise ValueError("temperatures must be finite and above absolute zero")
        notes = [self._domain.reasons(material) for material in materials]
        features = feature_table(materials, groups=FEATURE_GROUPS)
        has_ion = np.array([m.mobile_ion is not None for m in materials], dtype=bool)
        sigma, energy = self._transport_estimates(features, coverage, has_ion)
        shear, bulk = self._moduli_estimates(features, coverage)
        frame = pd.DataFrame(
            {
                "formula": [material.formula for material in materials],
                "mobile_ion": [material.mobile_ion for material in materials],
            }
        )
        _add(frame, "log10_conductivity_s_cm", sigma.mean, sigma.half)
        low_energy, _ = ACTIVATION_ENERGY.plausible
        _add(frame, "activation_energy_ev", energy.mean, energy.half, lowest=low_energy)
        _add_log(frame, "shear_modulus_gpa", shear)
        _add_log(frame, "bulk_modulus_gpa", bulk)
        panel, ratio_source = self._suitability(materials, features, shear, bulk, coverage)
        frame["dendrite_suppression_score"] = panel.score
        frame["dendrite_suppression_score_lower"] = panel.score_lower
        frame["dendrite_suppression_score_upper"] = panel.score_upper
        curve = self._curve(sigma, energy, kelvin) if len(kelvin) else None
        in_domain = [not reasons for reasons in notes]
        picture = transport_picture(
            PairEstimate(
                sigma.mean,
                sigma.half,
                energy.mean,
                energy.half,
                self._transport.residual_correlation,
            ),
            MobileIons.of(materials, densities_g_cm3),
            temperatures_k=kelvin,
            curve=curve,
            haven_ratio=haven_ratio,
            separator_thickness_um=separator_thickness_um,
        )
        return PredictionBlock(frame, kelvin, curve, panel, ratio_source, notes, in_domain, picture)

    def _transport_estimates(
        self,
        features: pd.DataFrame,
        coverage: float,
        has_ion: npt.NDArray[np.bool_],
    ) -> tuple[_Estimate, _Estimate]:
        prediction = self._transport.predict(features)
        mean = np.where(has_ion[:, None], prediction.mean, np.nan)
        sigma, energy = (
            _Estimate(
                mean[:, column],
                self._transport.half_width(target.name, prediction, column, coverage),
            )
            for column, target in enumerate(TRANSPORT_TARGETS)
        )
        return sigma, energy

    def _moduli_estimates(
        self, features: pd.DataFrame, coverage: float
    ) -> tuple[_Estimate, _Estimate]:
        prediction = self._moduli.predict(features)
        mean = prediction.mean
        # A Poisson ratio above zero needs 3 K > 2 G: physics outranks the two separate fits.
        mean[:, 0] = np.minimum(mean[:, 0], mean[:, 1] + np.log10(1.5) - 1e-3)
        shear, bulk = (
            _Estimate(
                mean[:, column],
                self._moduli.half_width(target.name, prediction, column, coverage),
            )
            for column, target in enumerate(MODULI_TARGETS)
        )
        return shear, bulk

    def _curve(
        self, sigma: _Estimate, energy: _Estimate, temperatures_k: FloatArray
    ) -> dict[str, FloatArray]:
        """log10 sigma at each temperature; errors of sigma and E_a combine with their correlation.

        The interval is narrowest where sigma is known best, at room temperature: where the two
        errors would cancel, only the part of the E_a error that sigma's does not explain counts.
        """
        value = log10_conductivity_at(
            sigma.mean[:, None], energy.mean[:, None], temperatures_k[None, :]
        )
        slope = activation_energy_slope_per_ev(temperatures_k)[None, :] * energy.half[:, None]
        width = sigma.half[:, None]
        correlation = self._transport.residual_correlation
        joint = width**2 + slope**2 + 2 * correlation * width * slope
        alone = width**2 + (1 - correlation**2) * slope**2
        half = np.sqrt(np.maximum(joint, alone))
        return {"value": value, "lower": value - half, "upper": value + half}

    def _suitability(
        self,
        materials: Sequence[Material],
        features: pd.DataFrame,
        shear: _Estimate,
        bulk: _Estimate,
        coverage: float,
    ) -> tuple[SuitabilityPanel, list[str | None]]:
        """Every dendrite criterion against the metal of each material's own mobile ion.

        The half widths become standard deviations of a normal distribution of (log10 G, log10 K).
        Also says which way each volume ratio was found.
        """
        metal = electrode_columns([material.mobile_ion for material in materials])
        per_width = 1.0 / norm.ppf(0.5 + coverage / 2)
        deviation = np.column_stack([shear.half, bulk.half]) * per_width
        covariance = deviation[:, :, None] * deviation[:, None, :]
        covariance[:, 0, 1] *= self._moduli.residual_correlation
        covariance[:, 1, 0] *= self._moduli.residual_correlation
        ratios = volume_ratios(materials, features, metal, self._dendrite.volume_ratio)
        distribution = ModulusDistribution(
            log10_mean=np.column_stack([shear.mean, bulk.mean]),
            log10_covariance=covariance,
            volume_ratio=ratios.value,
            volume_ratio_sd=ratios.deviation,
        )
        ranks = self._dendrite.ranks
        panel = suitability_panel(
            distribution,
            electrode=metal,
            coverage=coverage,
            chi_ranks=None if ranks is None else ranks.chi,
            wave_number_ranks=None if ranks is None else ranks.wave_number,
        )
        return panel, ratios.source


def _add(
    frame: pd.DataFrame,
    name: str,
    mean: FloatArray,
    half: FloatArray,
    *,
    lowest: float = -np.inf,
) -> None:
    frame[name] = mean
    frame[f"{name}_lower"] = np.maximum(mean - half, lowest)
    frame[f"{name}_upper"] = mean + half


def _add_log(frame: pd.DataFrame, name: str, estimate: _Estimate) -> None:
    """A modulus learned on the log10 scale, served in GPa."""
    frame[name] = 10.0**estimate.mean
    frame[f"{name}_lower"] = 10.0 ** (estimate.mean - estimate.half)
    frame[f"{name}_upper"] = 10.0 ** (estimate.mean + estimate.half)
