# %% [markdown]
# # From a list of formulas to a shopping list
#
# A screen as one would do it in an afternoon: forty solid electrolytes by formula, predictions
# with intervals, demands, a choice of what to measure first, and what to buy for it.
#
# The cells run in an editor that knows `# %%` (VS Code, Spyder, Jupyter with jupytext), or all at
# once: `.venv/bin/python examples/screening.py`. It needs a trained model (`make train`).

# %%
from collections import Counter

import numpy as np
import pandas as pd
from pymatgen.core.periodic_table import Element

from features.material import InvalidMaterial, Material
from features.table import fraction_matrix
from models.acquisition import diverse_batch, expected_improvement, upward_deviation
from models.bundle import default_bundle_path
from models.predictor import Predictor
from models.ranking import pareto_front, probability_above

COVERAGE = 0.9
GRAMS_EACH = 2.0

# %% [markdown]
# ## The list
#
# Known families with substitutions. One formula has a slip, as real lists do.

# %%
FORMULAS = [
    "Li6PS5Cl", "Li6PS5Br", "Li6PS5I", "Li5.5PS4.5Cl1.5", "Li5.3PS4.3Cl1.7",
    "Li6.6P0.4Ge0.6S5I", "Li6.6Si0.6Sb0.4S5I", "Li10GeP2S12", "Li10SnP2S12", "Li10SiP2S12",
    "Li9.54Si1.74P1.44S11.7Cl0.3", "Li3PS4", "Li7P3S11", "Li4SnS4", "Li3SbS4", "Li7La3Zr2O12",
    "Li6.4La3Zr1.4Ta0.6O12", "Li6.25Al0.25La3Zr2O12", "Li0.34La0.56TiO3",
    "Li1.3Al0.3Ti1.7P3O12", "Li1.5Al0.5Ge1.5P3O12", "LiTi2P3O12", "LiZr2P3O12", "Li14ZnGe4O16",
    "Li2.88PO3.73N0.14", "Li3OCl", "Li3YCl6", "Li3InCl6", "Li3YBr6", "Li2ZrCl6", "Li3ScCl6",
    "Li2.5Y0.5Zr0.5Cl6", "LiTaOCl4", "LiBH4", "Na3PS4", "Na3SbS4", "Na2.9Sb0.9W0.1S4",
    "Na3Zr2Si2PO12", "Na3.4Zr2Si2.4P0.6O12", "Na2ZrCl6", "Li3Yy6",
]  # fmt: skip

materials: list[Material] = []
for text in FORMULAS:
    try:
        materials.append(Material.from_formula(text))
    except InvalidMaterial as error:
        print(f"left out: {text}: {error.message}")

# %% [markdown]
# ## Predictions
#
# The same call that the service makes. `frame` has each property with its interval; the verdict on
# the domain says where the data do not reach.

# %%
predictor = Predictor.load(default_bundle_path())
block = predictor.predict(materials, coverage=COVERAGE, neighbours=True)
table = block.frame.assign(
    in_domain=block.in_domain,
    chi=block.dendrite.terms.chi,
    measured=[bool(around.measured) for around in block.surroundings or []],
)
columns = ["formula", "log10_conductivity_s_cm", "activation_energy_ev", "in_domain"]
print(table[columns].round(2).to_string(index=False))

# %% [markdown]
# ## Demands
#
# At least one chance in four to conduct better than 1 mS/cm, and inside the domain. The front is
# of the materials that no other one beats in conductivity, activation energy and chi at once.

# %%
sigma, lower, upper = (
    table[f"log10_conductivity_s_cm{ending}"].to_numpy(float) for ending in ("", "_lower", "_upper")
)
table["chance_above_1_ms_cm"] = probability_above(sigma, lower, upper, COVERAGE, -3.0)
table["on_front"] = pareto_front(
    np.column_stack([sigma, -table["activation_energy_ev"], -table["chi"]])
)
wanted = table[(table["chance_above_1_ms_cm"] >= 0.25) & table["in_domain"]]
columns = ["formula", "log10_conductivity_s_cm", "chance_above_1_ms_cm", "on_front", "measured"]
wanted = wanted.sort_values("chance_above_1_ms_cm", ascending=False)
print(wanted[columns].round(2).to_string(index=False))

# %% [markdown]
# ## What to make first
#
# Expected improvement over 1 mS/cm among what nobody has measured, spread over different
# compositions: five near relatives of one good conductor would tell little more than one of them.
# `frenkel rank --acquire 6` does the same with a scored list.

# %%
deviation = upward_deviation(sigma, upper, COVERAGE)
improvement = expected_improvement(sigma, deviation, -3.0)
improvement[~table["in_domain"].to_numpy(bool) | table["measured"].to_numpy(bool)] = np.nan
order = diverse_batch(improvement, fraction_matrix(materials), 6)
chosen = table.iloc[order].assign(expected_improvement=improvement[order])
columns = ["formula", "log10_conductivity_s_cm", "expected_improvement"]
print(chosen[columns].round(2).to_string(index=False))

# %% [markdown]
# ## What to buy
#
# Grams of each element in two grams of each choice. Precursors follow from them: sulfides from
# Li2S and P2S5, chlorides from the binary chlorides, and so on.

# %%
grams: Counter[str] = Counter()
for index in order:
    mass = {
        symbol: share * float(Element(symbol).atomic_mass)
        for symbol, share in materials[index].fractions
    }
    for symbol, part in mass.items():
        grams[symbol] += GRAMS_EACH * part / sum(mass.values())
shopping_list = pd.Series(grams, name="grams").sort_values(ascending=False).round(2)
print(shopping_list.to_string())
