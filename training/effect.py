"""What own data did to the held-out errors, before and after."""

from __future__ import annotations

from collections.abc import Mapping

from training.comparison import compare_rows, comparison_table, own_rows_table
from training.held_out_rows import HeldOutRows
from training.own_rows import SOURCE

MEANING = (
    "The rows in both trainings are the same measurements with the same values, and each was held "
    "out in both: the difference is what changed for them. The interval is that of a paired "
    "bootstrap over papers. Apart from the own rows the two trainings may differ in code, settings "
    "and data; their versions are above."
)


def effect_of_own_data(
    before: Mapping[str, HeldOutRows] | None,
    after: Mapping[str, HeldOutRows],
    before_name: str,
    left_out: list[str],
) -> str:
    """Markdown: held-out errors of the champion until now and of this training.

    before: None where there is no champion, or one that keeps no held-out rows.
    """
    parts = ["# Effect of the own rows"]
    if before is None:
        parts.append(f"Nothing to compare with: {before_name}.")
    else:
        names = (before_name, "with own rows")
        parts += [comparison_table(compare_rows(before, after), names), MEANING]
    own = own_rows_table(after, SOURCE)
    parts.append(own or "No own row is one that held-out errors are counted on.")
    if left_out:
        parts.append("Left out:\n\n" + "\n".join(f"- {line}" for line in left_out))
    return "\n\n".join(parts) + "\n"
