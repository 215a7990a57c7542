"""The client in docs/service.md is the one that works."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.server

PAGE = Path(__file__).parents[2] / "docs" / "service.md"


@pytest.fixture(scope="module")
def documented() -> ModuleType:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    module = ModuleType("documented")
    import sys

    sys.modules["documented"] = module
    exec(compile(code, str(PAGE), "exec"), module.__dict__)
    return module


def test_it_predicts(server: str, documented: ModuleType) -> None:
    good, bad = documented.Frenkel(server).predict(["Li6PS5Cl", "Xx3"])
    assert good.formula == "Li6PS5Cl"
    sigma = good.properties["log10_conductivity_s_cm"]
    assert sigma.lower < sigma.value < sigma.upper
    assert good.refusal is None
    assert "placeholder" in bad.refusal


def test_it_says_what_was_refused(server: str, documented: ModuleType) -> None:
    with pytest.raises(documented.FrenkelError) as refused:
        documented.Frenkel(server).predict(["LiCl"] * 257)
    assert (refused.value.status, refused.value.code) == (400, "too_many_materials")


def test_every_setting_is_in_the_table() -> None:
    from serving.settings import Settings

    text = PAGE.read_text()
    missing = [name for name in Settings.model_fields if f"FRENKEL_{name.upper()}`" not in text]
    assert missing == ["block_rows"]  # of `frenkel score`, not of the service
