"""What the dendrite panel takes from data: a model of v, and ranks among known compounds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.rank_table import RankTable
from models.volume_ratio import VolumeRatioModel

_RANKS = "dendrite_ranks.json"
_REFERENCE = "Li compounds of Ahmad 2018 (10.1021/acscentsci.8b00229) with known moduli"


@dataclass(frozen=True)
class DendriteRanks:
    """Quantiles of chi (kJ mol-1 nm-1) and k_crit (1/m) against lithium metal."""

    chi: RankTable
    wave_number: RankTable

    @classmethod
    def of(
        cls, chi_kj_mol_nm: npt.ArrayLike, critical_wavelength_nm: npt.ArrayLike
    ) -> DendriteRanks:
        """The tables of a sample (n,); NaN is left out. Raises ValueError for nothing to rank."""
        wavelength = np.asarray(critical_wavelength_nm, dtype=np.float64)
        wave_number = 2.0 * np.pi / (wavelength * 1e-9)
        return cls(
            RankTable.from_values("chi_kj_mol_nm", _REFERENCE, chi_kj_mol_nm),
            RankTable.from_values("critical_wave_number_per_m", _REFERENCE, wave_number),
        )


@dataclass(frozen=True)
class DendriteReference:
    """Either part is None where its data were not within reach at training time."""

    volume_ratio: VolumeRatioModel | None = None
    ranks: DendriteRanks | None = None

    def save(self, folder: Path) -> None:
        """Write what there is into an existing folder."""
        if self.volume_ratio is not None:
            self.volume_ratio.save(folder)
        if self.ranks is not None:
            tables = {"chi": self.ranks.chi, "wave_number": self.ranks.wave_number}
            record = {name: table.as_dict() for name, table in tables.items()}
            (folder / _RANKS).write_text(json.dumps(record))

    @classmethod
    def load(cls, folder: Path) -> DendriteReference:
        """Read what ``save`` wrote. Raises KeyError or ValueError for a broken file."""
        ranks = None
        if (folder / _RANKS).is_file():
            record = json.loads((folder / _RANKS).read_text())
            ranks = DendriteRanks(
                RankTable.from_dict(record["chi"]), RankTable.from_dict(record["wave_number"])
            )
        return cls(VolumeRatioModel.load(folder), ranks)
