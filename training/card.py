"""Fills in the model card from what a training run had and what it held out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.elements import MOBILE_IONS
from features.material import Material
from models.card import WORST, CardFailure, CardFigure, CardLimit, CardSource, ModelCard
from models.targets import TARGETS
from training.held_out_rows import HeldOutRows
from training.own_rows import SOURCE as OWN
from training.preparation import TRANSPORT_PROPERTIES
from training.sources import source_named
from training.tables import Dataset

# A kind of anion counts as the only one where it has at least this share of all anions.
ALONE = 0.8
ANION_KINDS = {
    "oxides": ("O",),
    "chalcogenides (S, Se, Te)": ("S", "Se", "Te"),
    "halides": ("F", "Cl", "Br", "I"),
    "nitrides": ("N",),
}
# Which tables of measured values a source went into, where they are not called like it. The clean
# formulas of Laskowski and the table of known Li compounds hold no values that are learned.
TABLES = {
    "liverpool": ("liverpool", "liverpool_fit"),
    "laskowski_digitized": (),
    "xu2020_training": ("xu2020",),
    "xu2020_test": ("xu2020",),
    "matbench_log_gvrh": ("matbench",),
    "matbench_log_kvrh": ("matbench",),
    "matbench_compositions": ("matbench",),
    "ahmad2018_stability": (),
}
HYDRIDES, MIXED, OTHERS = "hydrides", "mixed anions", "none of these"
VIEWS_IN_WORDS = {
    "": "formula",
    "crystal": "space group or structure",
    "symmetry": "space group",
    "structure": "structure",
}
SUMMARY = (
    "Predicts the ionic conductivity with its temperature dependence, the activation energy and "
    "the shear and bulk modulus of inorganic solid electrolytes from a formula or a crystal "
    "structure, each with an interval that was calibrated on held-out rows."
)
INTENDED_USE = [
    "to put lists of candidate electrolytes in an order for measurement; mobile ion with data: {}",
    "to tell, with an interval, about what conductivity and stiffness a composition may have",
    "by people who read the verdict on the domain and the nearest measured materials beside it",
]
NOT_INTENDED_FOR = [
    "taking the place of a measurement, or any decision about the safety of a cell",
    "polymers, liquids, organic and molecular compounds, glasses told apart from crystals",
    "grain boundaries, porosity and contacts: predictions are like the tables, mostly of sinters",
    "electronic conductivity, electrochemical stability windows, interfaces",
]
PROTOCOLS = [
    "conductivity and activation energy: folds by paper; the compositions of a fold are taken out "
    "of the rows that its model learns from, so neither paper nor composition of a row was seen",
    "moduli: one fold of compositions is held out; no structure or space group of them was seen",
    "errors are mean absolute ones of the blend that is served; a measurement that is an upper "
    "bound counts as an error only where the prediction lies above it",
    "the held-out rows, with their errors, are in held_out.npz of the bundle",
]
REPRODUCIBILITY = [
    "two trainings of one commit on one machine, with equal data and packages, give the same files",
    "on another machine the last digits of anything learned may differ, because the order of "
    "additions in BLAS, torch and XGBoost depends on the processor and the number of threads: the "
    "boosted trees, kernels and networks, the blend weights, calibrations and held-out rows made "
    "of them",
    "the same on every machine with the same packages: the tables, the measured materials and the "
    "features rounded to 8 digits",
]


def model_card(dataset: Dataset, protocols: Mapping[str, HeldOutRows]) -> ModelCard:
    """The card of a model; ``protocols`` has its held-out rows by target and view."""
    return ModelCard(
        name="Frenkel, a property predictor for solid electrolytes",
        summary=SUMMARY,
        intended_use=[use.format(_ions(dataset)) for use in INTENDED_USE],
        not_intended_for=NOT_INTENDED_FOR,
        data=_data(dataset),
        missing_data=[
            f"{status.name}: {status.reason}"
            for status in dataset.sources
            if status.needed and not status.available
        ],
        protocols=PROTOCOLS,
        figures=_figures(protocols),
        limits=_limits(protocols),
        known_failures=_failures(protocols),
        reproducibility=REPRODUCIBILITY,
    )


def _ions(dataset: Dataset) -> str:
    """The mobile ions whose transport was measured, in words."""
    rows = dataset.measurements
    measured = rows[rows["property"].isin(TRANSPORT_PROPERTIES)]
    return " and ".join(ion for ion in MOBILE_IONS if (measured["mobile_ion"] == ion).any())


def anion_kind(material: Material) -> str:
    """The kind of the anions by share of atoms; hydrides are those without another anion."""
    share = dict(material.fractions)
    amount = {
        kind: sum(share.get(symbol, 0.0) for symbol in symbols)
        for kind, symbols in ANION_KINDS.items()
    }
    total = sum(amount.values())
    if total == 0.0:
        return HYDRIDES if "H" in share else OTHERS
    kind = max(amount, key=lambda name: amount[name])
    return kind if amount[kind] >= ALONE * total else MIXED


def _data(dataset: Dataset) -> list[CardSource]:
    count = dataset.measurements["source"].astype(str).value_counts()
    listed = []
    for status in dataset.sources:
        if not status.available:
            continue
        values = sum(int(count.get(name, 0)) for name in TABLES.get(status.name, (status.name,)))
        if status.name == OWN:
            known = CardSource(
                name=OWN,
                provides=f"own measurements in {status.reason}",
                citation="unpublished",
                licence="the owner's",
                doi=None,
                values=values,
            )
        else:
            source = source_named(status.name)
            known = CardSource(
                name=source.name,
                provides=source.provides,
                citation=source.citation,
                licence=source.licence,
                doi=source.doi,
                values=values,
            )
        listed.append(known)
    return listed


def _figures(protocols: Mapping[str, HeldOutRows]) -> list[CardFigure]:
    unit = {target.name: target.unit for target in TARGETS}
    return [
        CardFigure(
            property=name.partition(".")[0],
            view=VIEWS_IN_WORDS[name.partition(".")[2]],
            unit=unit[name.partition(".")[0]],
            rows=len(rows),
            mean_absolute_error=float(rows.error.mean()),
        )
        for name, rows in protocols.items()
    ]


def _limits(protocols: Mapping[str, HeldOutRows]) -> list[CardLimit]:
    limits = []
    for name, rows in protocols.items():
        if "." in name:
            continue
        made = {formula: Material.from_formula(formula) for formula in set(rows.formula.tolist())}
        kind = np.array([anion_kind(made[text]) for text in rows.formula.tolist()])
        ion = np.array([made[text].mobile_ion or "none" for text in rows.formula.tolist()])
        orders = (
            ("anion", kind, (*ANION_KINDS, HYDRIDES, MIXED, OTHERS)),
            ("mobile ion", ion, (*MOBILE_IONS, *sorted(set(ion.tolist()) - set(MOBILE_IONS)))),
        )
        for by, values, order in orders:
            for of in order:
                chosen = values == of
                if chosen.any():
                    limits.append(
                        CardLimit(
                            property=name,
                            kind=by,  # type: ignore[arg-type]
                            of=of,
                            rows=int(chosen.sum()),
                            mean_absolute_error=float(rows.error[chosen].mean()),
                        )
                    )
    return limits


def _failures(protocols: Mapping[str, HeldOutRows]) -> list[CardFailure]:
    failures = []
    for name, rows in protocols.items():
        if "." in name:
            continue
        for at in np.argsort(-rows.error, kind="stable")[:WORST].tolist():
            failures.append(
                CardFailure(
                    property=name,
                    formula=str(rows.formula[at]),
                    source=str(rows.source[at]),
                    bound="<" if rows.is_bound[at] else "=",
                    measured=float(rows.label[at]),
                    predicted=float(rows.prediction[at]),
                    error=float(rows.error[at]),
                )
            )
    return failures
