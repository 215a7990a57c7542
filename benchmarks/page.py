"""The web page: ``python -m benchmarks.page [--pictures-only]``.

Needs a trained bundle (FRENKEL_BUNDLE) and Chromium. Measures the time from Enter in the formula
box to the drawn cards, by the browser's own clock, for distinct formulas one after the other, with
browser and service on the same machine; and writes the pictures of docs/.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from benchmarks._figures import Figure, write_results
from benchmarks._page_shots import CHROMIUM, browser, candidates, opened, take
from benchmarks._service_process import OURS, served
from models.bundle import default_bundle_path
from training.evaluate import Estimate

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUESTIONS = 40
GOAL_MS = 300.0
COUNT = "performance.getEntriesByName('enter-to-card').length"
TIMES = "performance.getEntriesByName('enter-to-card').map(each => each.duration)"


def enter_to_card_ms(page: Page, formulas: Sequence[str]) -> list[float]:
    """Milliseconds from Enter to the frame that shows the cards, one a formula."""
    opened(page)
    page.wait_for_function("() => window.Plotly")  # it is read while a question is being typed
    for number, formula in enumerate(formulas, start=1):
        page.fill("#formula", formula)
        page.press("#formula", "Enter")
        page.wait_for_function(f"() => {COUNT} === {number}")
        page.wait_for_selector("#contributions")
        page.wait_for_selector("#arrhenius .plot[data-drawn]")
    times: list[float] = page.evaluate(TIMES)
    return times


def figures(times_ms: Sequence[float]) -> list[Figure]:
    """Median and 95th percentile, with what nine tenths of the questions took around them."""
    low, middle, high = np.percentile(times_ms, [5, 50, 95])
    count = len(times_ms)
    note = "distinct formulas, one after the other; interval: 5th to 95th percentile"
    return [
        Figure.of(
            "page",
            f"ms from Enter to drawn card, {name}",
            Estimate(float(value), float(low), float(high), count),
            at_most=GOAL_MS,
            note=note,
        )
        for name, value in (("median", middle), ("95th percentile", high))
    ]


def main() -> None:
    """Measure, write the results, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures-only", action="store_true", help="nothing is measured")
    pictures_only = parser.parse_args().pictures_only
    if not CHROMIUM.exists():
        raise SystemExit(f"there is no {CHROMIUM}; apt-get install chromium")
    with (
        TemporaryDirectory() as folder,
        served(OURS, default_bundle_path(), Path(folder)) as server,
        browser() as found,
    ):
        address = f"http://127.0.0.1:{server.port}"
        if not pictures_only:
            page = found.new_page(base_url=address)
            formulas = candidates(QUESTIONS + 1, 0).splitlines()[1:]
            times = enter_to_card_ms(page, formulas)[1:]  # the first one warms both sides
            page.close()
            write_results("page", None, figures(times))
        for path in take(found, address):
            print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
