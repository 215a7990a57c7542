"""Whether a training becomes the champion: not worse within noise, and no check failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.bundle import BundleError, open_bundle
from models.predictor import Predictor
from training import registry
from training.acceptance import failed_checks
from training.comparison import Comparison, compare_rows, comparison_table
from training.held_out_rows import HeldOutRows, load_rows
from training.tracking import CHAMPION, tag_version

logger = logging.getLogger("frenkel.training")

# Others may promote while a training is judged; the judgement is then made anew, this often.
ATTEMPTS = 5


@dataclass(frozen=True)
class Verdict:
    """What was decided of a version. against: the champion's number, None for the first one.

    reasons: why it stays a challenger, or what to know about a promotion.
    """

    promoted: bool
    against: str | None
    reasons: list[str]
    comparisons: list[Comparison]

    def in_words(self) -> str:
        """The reasons as one line, cut to what MLflow stores."""
        return "; ".join(self.reasons)[:5000]

    def to_markdown(self, number: str) -> str:
        """The verdict as a report."""
        state = "the champion" if self.promoted else "a challenger"
        lines = [f"# Version {number} is {state}", ""]
        lines += [f"- {reason}" for reason in self.reasons]
        if self.comparisons:
            lines += ["", comparison_table(self.comparisons, ("champion", "this training"))]
        return "\n".join(lines) + "\n"


def judge(
    champion: Mapping[str, HeldOutRows] | None,
    trained: Mapping[str, HeldOutRows],
    failures: list[str],
    against: str | None,
) -> Verdict:
    """The verdict on a training with held-out rows ``trained`` and failed checks ``failures``.

    champion: its held-out rows; None where ``against`` has none, or where there is no champion.
    """
    if failures:
        return Verdict(False, against, failures, [])
    if against is None:
        return Verdict(True, None, ["the first one"], [])
    if champion is None:
        reason = f"version {against}, the champion before it, keeps no held-out rows to compare"
        return Verdict(True, against, [reason], [])
    comparisons = compare_rows(champion, trained)
    missing = sorted(champion.keys() - {each.protocol for each in comparisons})
    reasons = [
        f"{each.protocol}: held-out error {each.after:.4f} against {each.before:.4f} on the "
        f"{each.rows} rows of both, {each.difference:+.4f} [{each.lower:+.4f}, {each.upper:+.4f}]"
        for each in comparisons
        if each.worse
    ]
    reasons += [f"{name}: too few held-out rows in common with the champion" for name in missing]
    if reasons:
        return Verdict(False, against, reasons, comparisons)
    reason = f"not worse than version {against} within noise on {len(comparisons)} protocols"
    return Verdict(True, against, [reason], comparisons)


def settle(
    number: str,
    bundle: Path,
    check: Callable[[Predictor], list[str]] = failed_checks,
) -> Verdict:
    """Judge a registered version against the champion, and promote it or keep it as challenger.

    bundle: the version's own bundle. If another champion is made meanwhile, the judgement is made
    anew against that one. Needs ``tracking.connect``.
    """
    trained = load_rows(bundle)
    if trained is None:
        raise BundleError(f"'{bundle}' keeps no held-out rows, so it cannot be judged")
    failures = check(Predictor.load(bundle))
    for _ in range(ATTEMPTS):
        against = registry.aliases().get(CHAMPION)
        verdict = judge(champion_rows(against), trained, failures, against)
        if verdict.promoted and registry.succeed(number, against):
            tag_version(number, {"promoted": verdict.in_words()})
            return verdict
        if not verdict.promoted and registry.aliases().get(CHAMPION) == against:
            break
    else:
        reason = f"the champion changed {ATTEMPTS} times while this was judged"
        verdict = Verdict(False, against, [reason], [])
    registry.keep_as_challenger(number, verdict.in_words())
    return verdict


def champion_rows(number: str | None) -> dict[str, HeldOutRows] | None:
    """The held-out rows of a version; None where it has none or there is no version."""
    if number is None:
        return None
    try:
        with registry.bundle_of(number) as folder:
            open_bundle(folder)
            return load_rows(folder)
    except BundleError as error:
        logger.warning("the champion, version %s, is no whole bundle: %s", number, error)
        return None
