"""Figures and table of docs/dendrites.md: ``python -m benchmarks.dendrite_page [FORMULA]``.

The table is of known moduli and needs no model; the asked material on the map is predicted by the
bundle at hand (FRENKEL_BUNDLE).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.material import Material
from models.bundle import default_bundle_path
from models.dendrite_uncertainty import ModulusDistribution
from models.predictor import Predictor
from models.stability_map import AskedMaterial, save_stability_map, stability_map
from models.suitability import SuitabilityPanel, suitability_panel

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, END = "<!-- known:begin -->", "<!-- known:end -->"
ASKED = "Li6PS5Cl"


@dataclass(frozen=True)
class Known:
    """A material with moduli that are not ours."""

    name: str
    shear_modulus_gpa: float
    bulk_modulus_gpa: float
    volume_ratio: float


# The first four: DFT rows of Ahmad 2018 (10.1021/acscentsci.8b00229), mp-867695, mp-675926,
# mp-985583, mp-2251. The garnet: measured (10.1038/s41563-019-0431-3), v of mp-942733.
KNOWN = (
    Known("Li2WS4", 3.0, 6.0, 0.0553),
    Known("LiBH4", 4.0, 6.0, 0.1724),
    Known("Li3PS4", 11.0, 21.0, 0.0572),
    Known("Li3N", 34.0, 52.0, 0.1253),
    Known("Li7La3Zr2O12", 60.0, 100.0, 0.0653),
)
# Relative width of G and K in the second half of the table: what a good prediction has.
UNCERTAIN_LOG10 = 0.1


def table() -> str:
    """The five materials with exact moduli, and the score if they were known to 26 % only."""
    exact, vague = _panel(0.0), _panel(UNCERTAIN_LOG10)
    lines = [
        "| material | G, K (GPa) | v | chi (kJ/mol/nm) | lambda (nm) | G/(2 G_Li) "
        "| margin + wavelength + stable = score | G, K to 26 %: P(chi < 0) | score |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row, known in enumerate(KNOWN):
        parts = [float(part[row]) for part in exact.score_parts.values()]
        lines.append(
            f"| {known.name} | {known.shear_modulus_gpa:g}, {known.bulk_modulus_gpa:g} "
            f"| {known.volume_ratio:.3f} | {exact.terms.chi[row]:.2f} "
            f"| {exact.critical_wavelength_nm[row]:.2f} | {exact.monroe_newman_ratio[row]:.2f} "
            f"| {' + '.join(f'{part:.3f}' for part in parts)} = {exact.score[row]:.3f} "
            f"| {vague.probability_chi_negative[row]:.3f} | {vague.score[row]:.3f} |"
        )
    return "\n".join(lines)


def _panel(deviation: float) -> SuitabilityPanel:
    moduli = np.log10([[each.shear_modulus_gpa, each.bulk_modulus_gpa] for each in KNOWN])
    covariance = deviation**2 * np.array([[1.0, 0.8], [0.8, 1.0]])
    return suitability_panel(
        ModulusDistribution(
            moduli,
            np.tile(covariance, (len(KNOWN), 1, 1)),
            np.array([each.volume_ratio for each in KNOWN]),
            np.zeros(len(KNOWN)),
        )
    )


def asked(formula: str, predictor: Predictor) -> AskedMaterial:
    """The prediction for a formula, with its 90 % intervals."""
    block = predictor.predict([Material.from_formula(formula)])
    shear = [float(block.frame[f"shear_modulus_gpa{end}"][0]) for end in ("", "_lower", "_upper")]
    panel = block.dendrite
    ratio = (panel.volume_ratio, panel.volume_ratio_lower, panel.volume_ratio_upper)
    return AskedMaterial(
        f"{formula}, predicted",
        (shear[0], shear[1], shear[2]),
        (float(ratio[0][0]), float(ratio[1][0]), float(ratio[2][0])),
    )


def main(formula: str = ASKED) -> None:
    """Write the table into the page and the map beside it."""
    page = DOCS / "dendrites.md"
    head, rest = page.read_text().split(BEGIN)
    page.write_text(f"{head}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}")
    material = asked(formula, Predictor.load(default_bundle_path()))
    save_stability_map(stability_map([material]), DOCS / "stability_map.png")


if __name__ == "__main__":
    main(*sys.argv[1:2])
