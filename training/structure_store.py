"""Crystal structures on disk as JSON lines, read one by one when they are asked for."""

from __future__ import annotations

import gzip
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from pymatgen.core.structure import Structure
from pymatgen.io.cif import CifParser


class StructureStore(Mapping[str, Structure]):
    """Structures by key. Each is built from its line at the first look and then remembered."""

    def __init__(self, lines: dict[str, str]) -> None:
        self._lines = lines
        self._built: dict[str, Structure] = {}

    @classmethod
    def read(cls, path: Path) -> StructureStore:
        """The store that ``write_structures`` wrote: a line is ``key<TAB>JSON``."""
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            pairs = (line.rstrip("\n").partition("\t") for line in stream)
            return cls({key: text for key, _, text in pairs})

    @classmethod
    def of(cls, structures: Mapping[str, Structure]) -> StructureStore:
        """A store of structures at hand."""
        return cls({key: structure_to_line(each) for key, each in structures.items()})

    def __getitem__(self, key: str) -> Structure:
        if key not in self._built:
            self._built[key] = structure_from_line(self._lines[key])
        return self._built[key]

    def __contains__(self, key: object) -> bool:
        return key in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def write(self, path: Path) -> None:
        """All structures in one gzip file; the same structures give the same bytes."""
        text = "".join(f"{key}\t{line}\n" for key, line in self._lines.items())
        path.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=5, mtime=0))


def structure_to_line(structure: Structure) -> str:
    """Lattice (Angstrom), fractional coordinates and site contents as one line of JSON."""
    sites = [
        [{str(kind): amount for kind, amount in site.species.items()}, *site.frac_coords.tolist()]
        for site in structure
    ]
    record = {"lattice": structure.lattice.matrix.tolist(), "sites": sites}
    return json.dumps(record, separators=(",", ":"))


def structure_from_line(line: str) -> Structure:
    """The structure of one line; partial occupancies come back as they were."""
    record = json.loads(line)
    contents = [site[0] for site in record["sites"]]
    places = np.array([site[1:] for site in record["sites"]], dtype=np.float64)
    return Structure(np.array(record["lattice"]), contents, places)


def structure_from_cif(text: str) -> Structure:
    """The first structure of a CIF from a checked source, without oxidation states.

    Raises ValueError if there is none.
    """
    with warnings.catch_warnings():
        # pymatgen warns of rounded coordinates and occupancies that sum to 1.0001.
        warnings.simplefilter("ignore")
        found = CifParser.from_str(text, occupancy_tolerance=1.01).parse_structures(primitive=False)
    structure = found[0]
    structure.remove_oxidation_states()
    return structure
