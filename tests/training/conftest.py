"""The printed Laskowski table and its digitised form, for the tests of their readers."""

from __future__ import annotations

import os

import pandas as pd
import pytest

from training.archives import read_members
from training.fetching import fetch
from training.sources import cache_dir, mirror_dir, source_named

_LINES = "data/misc/laskowski_semi-fromatted.csv"


@pytest.fixture(scope="session")
def laskowski_text() -> str:
    """The printed lines, fetched as training fetches them; skips where they cannot be had."""
    fetched = fetch(source_named("laskowski"), cache_dir(), mirror=mirror_dir())
    if fetched.path is None:
        pytest.skip(f"the printed table cannot be fetched: {fetched.status.reason}")
    return read_members(fetched.path, (_LINES,))[_LINES].decode("utf-8")


@pytest.fixture(scope="session")
def laskowski_digitized() -> pd.DataFrame:
    """The authors' digitised table from the data mirror; skips without a mirror."""
    if not os.environ.get("FRENKEL_DATA_MIRROR"):
        pytest.skip("FRENKEL_DATA_MIRROR is not set, so there is no digitised table to compare")
    source = source_named("laskowski_digitized")
    fetched = fetch(source, cache_dir(), mirror=mirror_dir(), offline=True)
    assert fetched.path is not None, fetched.status.reason
    return pd.read_csv(fetched.path, encoding="utf-8-sig")
