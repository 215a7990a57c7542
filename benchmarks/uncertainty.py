"""Intervals and domain: ``python -m benchmarks.uncertainty [--quick] [transport] [moduli]``.

Protocols: i held-out papers and compositions, ii held-out chemical systems (with their papers), iii
OBELiX's official test, iv matbench's own folds. In each fold our model learns its blend and its
intervals inside the training rows, and mapie's CV+, a quantile forest and the raw spread of our
candidates are judged on the same rows. Choices (inputs of the error scale, strata, limits) were
made on grouped folds inside the training rows; the official test made none, and was looked at four
times: the first intervals, those with materials alike twice, and with the papers of ii held out.

Naming one of the two groups of targets leaves the other out, and keeps its earlier figures. About
25 minutes on two cores: the models of transport are lean, those of the moduli learn from half of
the rows. --quick: small ones, to try the script. The results say which.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks._figures import RESULTS, Figure, read_results, write_results
from benchmarks._judged import Judged, domain_figures, figures
from benchmarks._uncertainty_moduli import MATBENCH, NAMES, moduli_protocols
from benchmarks._uncertainty_plots import save_curves, save_plots
from benchmarks._uncertainty_transport import transport_protocols
from features.material import Material
from features.table import feature_table
from models.domain import Domain
from models.moduli_model import ModuliConfig
from models.transport_candidates import TransportConfig
from training.known_materials import fit_domain
from training.preparation import (
    MODULI_PROPERTIES,
    TRANSPORT_FEATURES,
    TRANSPORT_PROPERTIES,
    Prepared,
    prepare,
)
from training.profiles import FULL, small_profile
from training.sources import cache_dir
from training.tables import Dataset, load_dataset

NO_ELECTROLYTES = (
    *("Fe", "CuZn", "Li17Sn4", "LiAl", "Li", "Na", "Mg", "Cu3Au", "Ni3Al", "LiZn", "Mg2Cu"),
    *("XeF2", "XeF4", "KrF2", "XeO3", "LiXeF7", "ClF3", "BrF5", "IF7", "ICl"),
    *("C6H12O6", "C2H6O", "C10H8", "C3H7NO", "CH4", "C8H8", "C60H36", "LiC2H3O2"),
    *("H2O", "CO2", "SF6", "PCl5", "SiO2", "Al2O3", "Si", "O2", "S8", "GaAs"),
)
"""Metals, alloys, noble-gas compounds, organics, interhalogens, molecules, insulators without a
mobile ion."""
ELECTROLYTES = (
    *("Li7La3Zr2O12", "Li6.4La3Zr1.4Ta0.6O12", "Li6PS5Cl", "Li6PS5Br", "Li10GeP2S12", "Li3PS4"),
    *("Li7P3S11", "Li1.3Al0.3Ti1.7(PO4)3", "Li1.5Al0.5Ge1.5(PO4)3", "Li0.33La0.56TiO3", "Li3N"),
    *("LiBH4", "Li14Zn(GeO4)4", "Li2.88PO3.73N0.14", "Li3OCl", "Li3InCl6", "Li4SiO4", "Li3PO4"),
    *("Li3YCl6", "Li4SnS4", "Li4GeS4", "LiTa2PO8", "Na3Zr2Si2PO12", "Li7PS6", "LiI"),
)
"""Well-known electrolytes of families that the training data hold."""


FORMULA_FEATURES = ("composition", "ranked_elements")


@dataclass(frozen=True)
class Size:
    """Settings of the models of the outer folds, and what the results say of either group."""

    transport: TransportConfig
    moduli: ModuliConfig
    every_nth_composition: int
    transport_folds: int
    moduli_folds: int
    transport_note: str
    moduli_note: str


def size_named(quick: bool) -> Size:
    """Lean models of transport (their blend and intervals from two inner folds) and full ones of
    the moduli, or small ones of both."""
    if quick:
        small = small_profile()
        return Size(
            replace(small.transport, folds=2),
            small.moduli,
            12,
            2,
            2,
            "small models",
            "small models, every twelfth composition",
        )
    transport, moduli = FULL.transport, FULL.moduli
    trees = {"rounds": 250, "learning_rate": 0.07, "bags": 1}
    return Size(
        replace(
            transport,
            folds=2,
            sigma_trees=replace(transport.sigma_trees, **trees),
            energy_trees=replace(transport.energy_trees, **trees),
            network=replace(transport.network, members=3, epochs=40),
        ),
        moduli,
        2,
        3,
        3,
        "lean models",
        "full models, every second composition",
    )


def domain_lists(domain: Domain) -> list[Figure]:
    """What share of either list lies outside the data, by composition alone."""
    found = []
    for name, formulas, goal in (
        ("non-electrolytes flagged", NO_ELECTROLYTES, 1.0),
        ("known electrolytes not flagged", ELECTROLYTES, 1.0),
    ):
        materials = [Material.from_formula(formula) for formula in formulas]
        features = feature_table(materials, groups=("composition",))
        reasons = domain.look(materials, _with_missing(features, domain)).transport_reasons
        right = [bool(each) == (name == "non-electrolytes flagged") for each in reasons]
        wrong = [f for f, good in zip(formulas, right, strict=True) if not good]
        share = float(np.mean(right))
        found.append(
            Figure(
                "domain",
                name,
                share,
                share,
                share,
                len(right),
                goal=f">= {goal:g}",
                met=share >= goal,
                note=f"not so: {', '.join(wrong)}" if wrong else "",
            )
        )
    return found


def _with_missing(features: pd.DataFrame, domain: Domain) -> pd.DataFrame:
    """The table with the columns that a bare formula lacks."""
    lacking = [
        c for space, _ in domain.spaces.values() for c in space.columns if c not in features.columns
    ]
    return features.reindex(columns=[*features.columns, *lacking])


def _thinned(dataset: Dataset, every: int) -> Dataset:
    """The moduli of matbench, of every n-th composition."""
    frame = dataset.measurements
    frame = frame[frame["property"].isin(MODULI_PROPERTIES) & (frame["source"] == MATBENCH)]
    keys = frame["composition_key"].drop_duplicates()
    kept = frame[frame["composition_key"].isin(set(keys.iloc[::every]))]
    return dataset.with_measurements(kept.reset_index(drop=True))


def main(arguments: list[str]) -> None:
    """Run every protocol, write the results and the two plots."""
    logging.basicConfig(level=logging.WARNING)
    size = size_named("--quick" in arguments)
    dataset = load_dataset()
    transport = prepare(dataset, TRANSPORT_PROPERTIES, TRANSPORT_FEATURES, cache_dir())
    thinned = _thinned(dataset, size.every_nth_composition)
    moduli = prepare(thinned, MODULI_PROPERTIES, FORMULA_FEATURES, cache_dir())
    asked = {"transport", "moduli"} & set(arguments) or {"transport", "moduli"}
    found: dict[tuple[str, str], Judged] = {}
    if "transport" in asked:
        found |= transport_protocols(transport, size.transport, size.transport_folds)
    if "moduli" in asked:
        found |= moduli_protocols(moduli, size.moduli, size.moduli_folds)
    results = domain_lists(fit_domain(transport, _every(dataset)))
    for (protocol, target), rows in found.items():
        note = size.moduli_note if target in NAMES.values() else size.transport_note
        results += figures(protocol, target, rows, note)
        results += domain_figures(protocol, target, rows, note)
    write_results("uncertainty", dataset, [*results, *_kept(found)])
    save_curves(found)
    save_plots()


def _kept(found: dict[tuple[str, str], Judged]) -> list[Figure]:
    """The figures of earlier runs on targets that this run left out."""
    path = RESULTS / "uncertainty.json"
    if not path.is_file():
        return []
    earlier = read_results("uncertainty")
    judged_now = {target for _, target in found}
    return [
        each
        for each in earlier
        if each.protocol != "domain" and not each.metric.startswith(tuple(judged_now))
    ]


def _every(dataset: Dataset) -> Prepared:
    return prepare(dataset, MODULI_PROPERTIES, ("composition",), cache_dir())


if __name__ == "__main__":
    main(sys.argv[1:])
