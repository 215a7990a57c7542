"""The public data sets this project trains on: where each lies, its hash, licence and citation.

Nothing is fetched here; ``training.fetching`` walks the places in order.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Via = Literal["cache", "mirror", "package index", "https", "file"]


@dataclass(frozen=True)
class PackageFile:
    """A release file of a Python package that happens to carry data.

    ``members`` are the only names read from the archive (fnmatch patterns, relative to the
    archive's own top folder for a source distribution).
    """

    requirement: str
    kind: Literal["sdist", "wheel"]
    filename: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """One data set in one file. ``sha256`` is that of the file, whichever place it comes from."""

    name: str
    provides: str
    citation: str
    licence: str
    doi: str | None
    sha256: str
    package: PackageFile | None = None
    https: tuple[str, ...] = ()
    mirror: str | None = None

    @property
    def filename(self) -> str:
        """The name of the file in the cache."""
        if self.package is not None:
            return self.package.filename
        return (self.mirror or self.https[0]).rsplit("/", 1)[-1]


@dataclass(frozen=True)
class SourceStatus:
    """What became of one source. ``reason`` also names places that held an altered file."""

    name: str
    available: bool
    via: Via | None
    sha256: str | None
    reason: str | None
    needed: bool = True


class NoSources(RuntimeError):
    """None of the data sets could be had; the message names each one and why."""

    def __init__(self, statuses: Sequence[SourceStatus]) -> None:
        self.statuses = tuple(statuses)
        lines = [f"  {status.name}: {status.reason}" for status in statuses if status.needed]
        super().__init__(
            "no data set is within reach, so nothing can be trained:\n" + "\n".join(lines)
        )


_OBELIX_SHA256 = "d62fbff470c925ac8cd07ac34cc854ad35fafb895777146ced847d31ec7a1a56"
_RAW = "https://raw.githubusercontent.com"
_MATBENCH = f"{_RAW}/materialsproject/matbench/936176db18ca4cd7b38cbd957c017a5bac770c6b"
_XU = f"{_RAW}/EXJUSTICE/LISICON_NASICON_IonicConductivity_Classification"
_XU_COMMIT = "0191a36c5583e108c413754d36e65f0592172db7"


def _obelix_package(*members: str) -> PackageFile:
    return PackageFile("obelix-data==1.2.0", "sdist", "obelix_data-1.2.0.tar.gz", members)


SOURCES: tuple[Source, ...] = (
    Source(
        name="obelix",
        provides="room-temperature conductivity of 599 Li electrolytes, official split, 321 CIFs",
        citation="OBELiX, a curated dataset of crystal structures and measured ionic "
        "conductivities for lithium solid-state electrolytes (2025), release 1.2.0",
        licence="CC BY 4.0",
        doi=None,
        sha256=_OBELIX_SHA256,
        package=_obelix_package(
            "data/processed.csv",
            "data/raw.xlsx",
            "data/train_idx.csv",
            "data/test_idx.csv",
            "data/randomized_cifs/*.cif",
        ),
    ),
    Source(
        name="liverpool",
        provides="820 Li conductivities between 5 and 873 C",
        citation="LiIonDatabase, University of Liverpool, as carried by obelix-data 1.2.0",
        licence="facts; carried by a package under MIT and CC BY 4.0",
        doi=None,
        sha256=_OBELIX_SHA256,
        package=_obelix_package("data/misc/LiIonDatabase.csv"),
    ),
    Source(
        name="laskowski",
        provides="printed room-temperature conductivities and activation energies with references",
        citation="Laskowski et al., Energy Environ. Sci. 16, 1264 (2023), supplementary table, "
        "as carried by obelix-data 1.2.0",
        licence="facts; carried by a package under MIT and CC BY 4.0",
        doi="10.1039/d2ee03499a",
        sha256=_OBELIX_SHA256,
        package=_obelix_package(
            "data/misc/laskowski_semi-fromatted.csv", "data/misc/doi_lookup_table.csv"
        ),
    ),
    Source(
        name="laskowski_digitized",
        provides="clean formulas for the Laskowski table, 1,346 rows in the printed order",
        citation="Laskowski et al., Energy Environ. Sci. 16, 1264 (2023), authors' digitised form",
        licence="none stated; facts",
        doi="10.1039/d2ee03499a",
        sha256="509735b9515300d3e116df1092045f069e67d05cf0c9ca44d1ff60a7194c071a",
        https=(
            f"{_RAW}/FALL-ML/materials-discovery/c6fcc59aa6395a9358865a809095531975e916ce"
            "/data/digitized_data_for_SSEs.csv",
        ),
        mirror="conductivity/laskowski2023-digitized.csv",
    ),
    Source(
        name="xu2020_training",
        provides="conductivity and activation energy of Na NASICONs",
        citation="Xu et al. (2020), training part",
        licence="CC BY 4.0",
        doi="10.1088/2399-6528/ab92d8",
        sha256="c325a12f7a262725f1f4b765f8621d1c226922a66f8df3cb979c28c2d9cad0fe",
        https=(f"{_XU}/{_XU_COMMIT}/TrainingData.csv",),
        mirror="conductivity/xu2020-nasicon-training.csv",
    ),
    Source(
        name="xu2020_test",
        provides="conductivity of 57 Na and Li NASICONs",
        citation="Xu et al. (2020), test part",
        licence="CC BY 4.0",
        doi="10.1088/2399-6528/ab92d8",
        sha256="3c901bfe76866164a014bed433ab70e984c2f2f2fc7bddc564e4868b01c21cdf",
        https=(f"{_XU}/{_XU_COMMIT}/TestData_NaLi.csv",),
        mirror="conductivity/xu2020-nasicon-test.csv",
    ),
    Source(
        name="elastic_tensor_2015",
        provides="shear and bulk moduli of 1,181 crystals with structures",
        citation="de Jong et al., Sci. Data 2, 150009 (2015), as carried by matminer 0.3.9",
        licence="BSD-3-Clause (matminer); data CC0",
        doi="10.1038/sdata.2015.9",
        sha256="3faf9e83464f3d48f68a759bf476ad24da4c8c3e950c8f340cb917d3bb906400",
        package=PackageFile(
            "matminer==0.3.9",
            "sdist",
            "matminer-0.3.9.tar.gz",
            ("matminer/datasets/elastic_tensor.csv",),
        ),
    ),
    Source(
        name="matbench_log_gvrh",
        provides="log10 shear modulus of 10,987 compositions with space groups",
        citation="Dunn et al., npj Comput. Mater. 6, 138 (2020)",
        licence="MIT",
        doi="10.1038/s41524-020-00406-3",
        sha256="4895201003e4da1592fe2bad4ba7c627f204e755fd929c43984b0ca5c6d34e40",
        https=(f"{_MATBENCH}/scripts/artifacts/matbench_log_gvrh.json.bz2",),
        mirror="elasticity/matbench_log_gvrh.json.bz2",
    ),
    Source(
        name="matbench_log_kvrh",
        provides="log10 bulk modulus of 10,987 compositions with space groups",
        citation="Dunn et al., npj Comput. Mater. 6, 138 (2020)",
        licence="MIT",
        doi="10.1038/s41524-020-00406-3",
        sha256="c61c243695d00ba290e1787b3a6c9d849a7da0b3f2339f847d1dfa173eec9d75",
        https=(f"{_MATBENCH}/scripts/artifacts/matbench_log_kvrh.json.bz2",),
        mirror="elasticity/matbench_log_kvrh.json.bz2",
    ),
    Source(
        name="matbench_compositions",
        provides="the same 10,987 compositions and moduli without space groups",
        citation="Dunn et al., npj Comput. Mater. 6, 138 (2020), as carried by crabnet 2.0.8",
        licence="MIT",
        doi="10.1038/s41524-020-00406-3",
        sha256="4901565abaa5b4cd1a7841b9de647a3906df21676b226a7abf972d113f92054a",
        package=PackageFile(
            "crabnet==2.0.8",
            "wheel",
            "crabnet-2.0.8-py3-none-any.whl",
            ("crabnet/data/matbench/elasticity_log10([GK]_VRH).csv",),
        ),
    ),
    Source(
        name="mp_binaries",
        provides="shear and bulk moduli of 3,953 binary compounds with structures",
        citation="Materials Project, binary PBE elasticity 2025.1, as carried by matcalc",
        licence="BSD-3-Clause; data CC BY 4.0",
        doi=None,
        sha256="5689599491322805bda913663eeef8d567f64ada80c90173d50fb7b6fb0b5896",
        https=(
            f"{_RAW}/materialsvirtuallab/matcalc/aa76b41edb9ffb62f7efb2b5d3a3f7a8b2b4747d"
            "/benchmark_data/mp-binary-pbe-elasticity-2025.1.json.gz",
        ),
        mirror="elasticity/mp-binary-pbe-elasticity-2025.1.json.gz",
    ),
    Source(
        name="ahmad2018",
        provides="shear and bulk moduli of 546 Li compounds with structures",
        citation="Ahmad et al., ACS Cent. Sci. 4, 996 (2018)",
        licence="BSD-3-Clause",
        doi="10.1021/acscentsci.8b00229",
        sha256="ed0af7c49ddb65811942cb5af0a7ff0bc6c640ffb0a240f93c35c0bfd5a99716",
        https=(
            f"{_RAW}/ahzeeshan/screening-ml/7c9b3e898ca26361a8535afbe1e3f1492028f0d7"
            "/data-gen/training-set-data.json",
        ),
        mirror="elasticity/ahmad2018-training-set-data.json",
    ),
    Source(
        name="ahmad2018_stability",
        provides="volume ratio, chi and critical wavelength of 12,950 Li compounds, for ranks",
        citation="derived from the data files of Ahmad et al., ACS Cent. Sci. 4, 996 (2018)",
        licence="BSD-3-Clause",
        doi="10.1021/acscentsci.8b00229",
        sha256="7887e985a6232991413744b53fb08c4c28684106ca26a008945f55f23781f411",
        mirror="dendrite/ahmad2018-isotropic-stability.csv.gz",
    ),
)


def source_named(name: str) -> Source:
    """The registered source of that name; KeyError names the known ones."""
    for source in SOURCES:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in SOURCES)
    raise KeyError(f"no source is called {name!r}; known: {known}")


def cache_dir() -> Path:
    """``FRENKEL_CACHE`` or ``./.cache/frenkel``; the folder is not made here."""
    return Path(os.environ.get("FRENKEL_CACHE") or Path(".cache") / "frenkel")


def mirror_dir() -> Path | None:
    """The folder named by ``FRENKEL_DATA_MIRROR``, if set."""
    named = os.environ.get("FRENKEL_DATA_MIRROR")
    return Path(named) if named else None
