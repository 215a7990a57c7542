"""What the tests of the pool let its processes do: functions that another process finds by name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from features.limits import InvalidMaterial
from features.material import Material
from features.structure_jobs import StructureJob


class UnsendableError(Exception):
    """Cannot be made again from what pickle keeps of it."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first + second)


def obey(job: StructureJob) -> Material | InvalidMaterial:
    """Do what the text says; a formula is answered."""
    word, _, value = job.text.partition(" ")
    match word:
        case "hang":
            while True:
                pass
        case "sleep":
            time.sleep(float(value))
            return Material.from_formula("LiCl")
        case "note":
            Path(value).touch()
            time.sleep(0.9)
            return Material.from_formula("LiCl")
        case "fill":
            return Material.from_formula(f"LiCl{len(bytearray(int(value) * 2**20))}")
        case "exit":
            os._exit(int(value))
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError
        case "fail":
            raise UnsendableError("secret", "words")
        case "process":
            high, low = divmod(os.getpid(), 5000)  # amounts may not be as large as these numbers
            return Material.from_formula(f"Li{high + 1}Cl{low + 1}")
    return Material.from_formula(job.text)
