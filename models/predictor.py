"""The one way from materials to predictions: HTTP, lists, the command line and benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from features.material import Material
from features.table import feature_table
from models.bundle import Manifest, open_bundle
from models.card import ModelCard
from models.carrier_density import MobileIons
from models.composition_distance import fractions_of
from models.dendrite_reference import DendriteReference
from models.dendrite_uncertainty import ModulusDistribution
from models.domain import Domain, Look
from models.electrodes import electrode_columns
from models.estimates import Estimate, Part, estimate
from models.explanation import Contribution
from models.intervals import COVERAGE_RANGE, LEVEL_RANGE
from models.labels import FloatArray
from models.moduli_model import ModuliModel, ModuliPrediction
from models.neighbours import MeasuredMaterials
from models.plated_metal import plated_metals, plating_notes
from models.prediction import MOST_QUANTILES, PredictionBlock, prediction_frame
from models.suitability import SuitabilityPanel, suitability_panel
from models.targets import (
    ACTIVATION_ENERGY,
    MODULI_TARGETS,
    TARGETS,
    TRANSPORT_TARGETS,
    Target,
)
from models.transport_model import TransportModel, TransportPrediction
from models.transport_picture import (
    DEFAULT_HAVEN_RATIO,
    DEFAULT_SEPARATOR_THICKNESS_UM,
    PairEstimate,
    log10_conductivity_curve,
    transport_picture,
)
from models.verdict import DomainVerdict, notes_in_words
from models.volume_ratio import volume_ratios

PANEL_COVERAGE = 0.9
FEATURE_GROUPS = ("composition", "symmetry", "structure", "transport", "ranked_elements")


LEARNED_IN_WORDS = {
    "log10_conductivity_s_cm": "log10 conductivity (S/cm)",
    "activation_energy_ev": "activation energy (eV)",
    "log10_shear_modulus_gpa": "log10 shear modulus (GPa)",
    "log10_bulk_modulus_gpa": "log10 bulk modulus (GPa)",
}


@dataclass(frozen=True)
class _Asked:
    """The interval and quantiles that are wanted."""

    coverage: float
    levels: tuple[float, ...]


class Predictor:
    """A loaded champion. Reading is safe: every file is checked before it is opened."""

    def __init__(
        self,
        manifest: Manifest,
        transport: TransportModel,
        moduli: ModuliModel,
        domain: Domain,
        dendrite: DendriteReference,
        measured: MeasuredMaterials,
        card: ModelCard | None = None,
    ) -> None:
        self.manifest = manifest
        self.card = card
        self.version = manifest.version
        self._transport = transport
        self._moduli = moduli
        self._domain = domain
        self._dendrite = dendrite
        self._measured = measured

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Open a bundle. Raises BundleError (none there) or AlteredBundle (names the file)."""
        manifest = open_bundle(path)
        manifest.check_layout()
        return cls(
            manifest,
            TransportModel.load(path),
            ModuliModel.load(path),
            Domain.load(path),
            DendriteReference.load(path),
            MeasuredMaterials.load(path),
            ModelCard.load(path),
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
        quantiles: Sequence[float] = (),
        neighbours: bool = False,
        explain: bool = False,
        electrode: str | None = None,
    ) -> PredictionBlock:
        """Predict a block.

        ``densities_g_cm3`` is empty or has one entry a material; it serves the diffusion
        coefficient only. ``neighbours`` looks up the nearest measured materials, ``explain`` takes
        the boosted trees' predictions apart. ``electrode`` is the metal of the dendrite criteria,
        a key of models.electrodes.ELECTRODES; None for that of the mobile ion. Raises ValueError
        for a number that is not accepted.
        """
        kelvin = _checked(coverage, temperatures_k, quantiles)
        features = feature_table(materials, groups=FEATURE_GROUPS)
        look = self._domain.look(materials, features, kelvin.tolist())
        has_ion = np.array([m.mobile_ion is not None for m in materials], dtype=bool)
        prediction = self._transport.predict(features)
        asked = _Asked(coverage, tuple(quantiles))
        transport = self._transport_estimates(features, prediction, look, has_ion, asked)
        moduli = self._moduli.predict(features)
        stiffness = self._moduli_estimates(moduli, look, asked)
        estimates = transport | stiffness
        domain = DomainVerdict.of(look, estimates)
        sigma, energy, shear, bulk = (estimates[target.name] for target in TARGETS)
        metals = plated_metals(materials, electrode)
        panel, ratio_source = self._suitability(
            materials,
            metals,
            features,
            stiffness
            if coverage == PANEL_COVERAGE
            else self._moduli_estimates(moduli, look, _Asked(PANEL_COVERAGE, ())),
            self._moduli.residual_correlation(moduli),
            coverage,
        )
        pair = PairEstimate(
            sigma.mean,
            sigma.below,
            sigma.above,
            energy.mean,
            energy.below,
            energy.above,
            self._transport.residual_correlation(prediction),
        )
        curve = log10_conductivity_curve(pair, kelvin) if len(kelvin) else None
        surroundings = self._measured.around(fractions_of(features)) if neighbours else None
        return PredictionBlock(
            frame=prediction_frame(materials, pair, shear, bulk, panel),
            temperatures_k=kelvin,
            curve=curve,
            dendrite=panel,
            electrodes=metals,
            volume_ratio_source=ratio_source,
            notes=[
                notes + more
                for notes, more in zip(
                    notes_in_words(domain, surroundings),
                    plating_notes(metals, electrode),
                    strict=True,
                )
            ],
            in_domain=domain.in_domain,
            transport=transport_picture(
                pair,
                MobileIons.of(materials, densities_g_cm3),
                temperatures_k=kelvin,
                curve=curve,
                haven_ratio=haven_ratio,
                separator_thickness_um=separator_thickness_um,
            ),
            estimates=estimates,
            quantile_levels=tuple(quantiles),
            domain=domain,
            surroundings=surroundings,
            contributions=self._contributions(features, has_ion) if explain else None,
        )

    def _transport_estimates(
        self,
        features: pd.DataFrame,
        prediction: TransportPrediction,
        look: Look,
        has_ion: npt.NDArray[np.bool_],
        asked: _Asked,
    ) -> dict[str, Estimate]:
        mean = np.where(has_ion[:, None], prediction.mean, np.nan)
        outside = np.array([bool(reasons) for reasons in look.transport_reasons], dtype=bool)
        parts = self._transport.parts(features, prediction, look.transport_distance, outside)
        found = _estimates(TRANSPORT_TARGETS, mean, parts, asked)
        found[ACTIVATION_ENERGY.name] = found[ACTIVATION_ENERGY.name].not_below(
            ACTIVATION_ENERGY.plausible[0]
        )
        return found

    def _moduli_estimates(
        self, prediction: ModuliPrediction, look: Look, asked: _Asked
    ) -> dict[str, Estimate]:
        mean = prediction.mean
        # A Poisson ratio above zero needs 3 K > 2 G: physics outranks the two separate fits.
        mean[:, 0] = np.minimum(mean[:, 0], mean[:, 1] + np.log10(1.5) - 1e-3)
        outside = np.array([bool(reasons) for reasons in look.moduli_reasons], dtype=bool)
        parts = self._moduli.parts(prediction, look.moduli_distance, outside)
        return _estimates(MODULI_TARGETS, mean, parts, asked)

    def _contributions(
        self, features: pd.DataFrame, has_ion: npt.NDArray[np.bool_]
    ) -> dict[str, list[list[Contribution]]]:
        """By target name, one list a material; empty where there is no mobile ion to predict."""
        found: dict[str, list[list[Contribution]]] = {}
        for target in TRANSPORT_TARGETS:
            found[target.name] = [
                each if known else []
                for each, known in zip(
                    self._transport.explain(target.name, features), has_ion, strict=True
                )
            ]
        return found | {t.name: self._moduli.explain(t.name, features) for t in MODULI_TARGETS}

    def _suitability(
        self,
        materials: Sequence[Material],
        metals: Sequence[str | None],
        features: pd.DataFrame,
        stiffness: Mapping[str, Estimate],
        correlation: FloatArray,
        coverage: float,
    ) -> tuple[SuitabilityPanel, list[str | None]]:
        """Every dendrite criterion against the metal of each material (n,).

        The half widths of ``stiffness``, which has PANEL_COVERAGE whatever interval is asked for,
        become standard deviations of a normal distribution of (log10 G, log10 K); correlation:
        (n,) of their errors.
        Also says which way each volume ratio was found.
        """
        metal = electrode_columns(metals)
        per_width = 1.0 / float(ndtri(0.5 + PANEL_COVERAGE / 2))
        shear, bulk = (stiffness[target.name] for target in MODULI_TARGETS)
        half = [0.5 * (each.below + each.above) for each in (shear, bulk)]
        deviation = np.column_stack(half) * per_width
        covariance = deviation[:, :, None] * deviation[:, None, :]
        covariance[:, 0, 1] *= correlation
        covariance[:, 1, 0] *= correlation
        ratios = volume_ratios(materials, features, metal, self._dendrite.volume_ratio, metals)
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


def _estimates(
    targets: Sequence[Target], mean: FloatArray, parts: Mapping[str, list[Part]], asked: _Asked
) -> dict[str, Estimate]:
    """The estimate of each target; mean: (n, targets)."""
    return {
        target.name: estimate(
            mean[:, column],
            parts[target.name],
            coverage=asked.coverage,
            levels=asked.levels,
            words=LEARNED_IN_WORDS[target.name],
        )
        for column, target in enumerate(targets)
    }


def _checked(
    coverage: float, temperatures_k: Sequence[float], quantiles: Sequence[float]
) -> FloatArray:
    """The temperatures as an array. Raises ValueError for a number that is not accepted."""
    low, high = COVERAGE_RANGE
    if not low <= coverage <= high:
        raise ValueError(f"coverage must be between {low} and {high}, not {coverage}")
    low, high = LEVEL_RANGE
    if not all(low <= level <= high for level in quantiles) or len(quantiles) > MOST_QUANTILES:
        raise ValueError(f"quantiles must be at most {MOST_QUANTILES} between {low} and {high}")
    kelvin = np.asarray(temperatures_k, dtype=np.float64)
    if not (np.isfinite(kelvin).all() and (kelvin > 0).all()):
        raise ValueError("temperatures must be finite and above absolute zero")
    return kelvin
