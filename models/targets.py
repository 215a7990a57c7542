"""The quantities that are learned, and what is known about each before any learning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One learned quantity, on the scale it is learned on.

    ``replicate_scatter`` is how far two careful measurements of one material differ
    (same unit as the target): no interval is ever narrower than that scatter allows.
    ``plausible`` bounds what a served value may be.
    """

    name: str
    unit: str
    replicate_scatter: float
    plausible: tuple[float, float]


# Scatter of replicates: OBELiX (arXiv:2502.14234), 0.41 dex and 0.04 eV. The moduli come from one
# computational method, so their scatter is the difference between repeated DFT entries.
LOG10_CONDUCTIVITY = Target("log10_conductivity_s_cm", "log10(S/cm)", 0.41, (-18.0, 1.0))
ACTIVATION_ENERGY = Target("activation_energy_ev", "eV", 0.04, (0.02, 3.0))
LOG10_SHEAR_MODULUS = Target("log10_shear_modulus_gpa", "log10(GPa)", 0.02, (-1.0, 2.9))
LOG10_BULK_MODULUS = Target("log10_bulk_modulus_gpa", "log10(GPa)", 0.02, (-0.5, 2.9))

TRANSPORT_TARGETS = (LOG10_CONDUCTIVITY, ACTIVATION_ENERGY)
MODULI_TARGETS = (LOG10_SHEAR_MODULUS, LOG10_BULK_MODULUS)
TARGETS = (*TRANSPORT_TARGETS, *MODULI_TARGETS)
