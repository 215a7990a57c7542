"""The one place where randomness starts: every seed is derived from ROOT_SEED and a name."""

from __future__ import annotations

import hashlib

ROOT_SEED = 20190919


def seed_for(*names: str | int) -> int:
    """A 31-bit seed that depends only on ROOT_SEED and ``names``, not on call order."""
    text = "/".join([str(ROOT_SEED), *(str(name) for name in names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
