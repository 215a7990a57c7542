"""What the page looks like: its states as pictures in docs/."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DOCS = Path(__file__).parent.parent / "docs"
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
WIDE, PHONE = (1280, 900), (390, 844)
LIMIT_MS = 30_000
CUBIC_LLZO = """data_llzo
_cell_length_a 12.9682
_cell_length_b 12.9682
_cell_length_c 12.9682
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'I a -3 d'
_symmetry_Int_Tables_number 230
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0.375 0 0.25 0.54
Li2 Li 0.0970 0.6853 0.5770 0.448
La La 0.125 0 0.25 1
Zr Zr 0 0 0 1
O O 0.2823 0.1012 0.1955 1
"""


@dataclass(frozen=True)
class Shot:
    """A state of the page: how it is reached, and what of it is shown."""

    name: str
    reach: Callable[[Page], None]
    size: tuple[int, int] = WIDE
    dark: bool = False
    height: int | None = None  # of the picture; None for what the window shows


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield found
        finally:
            found.close()


def take(found: Browser, address: str, shots: tuple[Shot, ...] | None = None) -> list[Path]:
    """Write every picture; the paths."""
    written = []
    for shot in SHOTS if shots is None else shots:
        width, height = shot.size
        page = found.new_page(
            base_url=address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if shot.dark else "light",
            reduced_motion="reduce",
        )
        page.set_default_timeout(LIMIT_MS)
        shot.reach(page)
        page.wait_for_timeout(600)  # plotly's last frame
        path = DOCS / f"page_{shot.name}.png"
        if shot.height is None:
            page.screenshot(path=path)
        else:
            clip = {"x": 0, "y": 0, "width": width, "height": shot.height}
            page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
        page.close()
        written.append(path)
    return written


def opened(page: Page, path: str = "/") -> None:
    """The page once it is ready."""
    page.goto(path)
    page.wait_for_selector("html[data-ready]")


def ask(page: Page, formula: str) -> None:
    """Type a formula and wait until all of its answer is drawn."""
    opened(page)
    page.fill("#formula", formula)
    page.press("#formula", "Enter")
    page.wait_for_selector("#contributions")
    page.wait_for_selector("#stability-map .plot[data-drawn]")
    page.wait_for_selector("#arrhenius .plot[data-drawn]")


def _wrong(page: Page) -> None:
    opened(page)
    page.fill("#formula", "Li7La3Zr2O12Xx")
    page.wait_for_selector("#read.wrong")
    page.press("#formula", "Enter")
    page.wait_for_selector("#fault:not([hidden])")


def _structure(page: Page) -> None:
    opened(page)
    content = {"name": "llzo.cif", "mimeType": "text/plain", "buffer": CUBIC_LLZO.encode()}
    page.set_input_files("#file", content)  # type: ignore[arg-type]
    page.wait_for_selector("#structure .plot[data-drawn]")
    page.wait_for_selector("#stability-map .plot[data-drawn]")
    page.wait_for_timeout(2000)  # software rendering of three dimensions
    page.evaluate("document.querySelector('#structure').scrollIntoView()")


def candidates(count: int, bad: int) -> str:
    """A list of formulas, some of them wrong, in an order of its own; the same each time."""
    chance = random.Random(7)
    made = [
        f"{ion}{lithium}{metal}{anion}{size}"
        for ion in ("Li", "Na")
        for metal in ("P", "Ge", "Sn", "Y", "In", "Zr", "Ti", "Al", "Sb")
        for lithium in (3, 4, 5)
        for anion, size in (("S", 4), ("Cl", 6), ("O", 4), ("Br", 6), ("Se", 4))
    ]
    formulas = chance.sample(made, count - bad)
    for wrong in ("Li3PSx4", "Xx2O3", "Li((PS4", "not a formula", "Li0PS4")[:bad]:
        formulas.insert(chance.randrange(len(formulas)), wrong)
    return "\n".join(["formula", *formulas])


def fill_list(page: Page, text: str) -> None:
    """Paste a list and wait until all of it is answered."""
    opened(page, "/?view=list")
    page.fill("#list", text)
    page.click("#predict-list")
    page.wait_for_selector("#results")


def _list(page: Page) -> None:
    fill_list(page, candidates(200, 5))
    page.wait_for_selector("#pareto .plot[data-drawn]")


def _list_refused(page: Page) -> None:
    _list(page)
    page.select_option("#kind", "refused")
    page.evaluate("document.querySelector('#results').scrollIntoView()")


def _how(page: Page) -> None:
    page.goto("/?view=how")
    page.wait_for_selector(".how")


SHOTS = (
    Shot("start", opened),
    Shot("formula", lambda page: ask(page, "Li6PS5Cl"), height=1780),
    Shot("dark", lambda page: ask(page, "Li7La3Zr2O12"), dark=True, height=1780),
    Shot("wrong", _wrong),
    Shot("structure", _structure),
    Shot("list", _list, height=1660),
    Shot("list_refused", _list_refused),
    Shot("how", _how),
    Shot("phone", lambda page: ask(page, "Li3YCl6"), size=PHONE, height=1600),
)
