"""The command ``frenkel rank``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from serving.asked import UserError
from serving.cli_score import CoverageOption


def rank(
    source: Annotated[
        Path, typer.Argument(metavar="SCORED", help="A list that frenkel score has written.")
    ],
    target: Annotated[Path, typer.Argument(metavar="OUT", help=".csv, .jsonl or .parquet.")],
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="E.g. 'shear_modulus_gpa<20'; may be repeated, all must hold.",
        ),
    ] = None,
    goal: Annotated[
        list[str] | None,
        typer.Option(
            "--goal",
            help="Of the Pareto front, repeated: conductivity, activation-energy, chi, wavelength, "
            "score. Default: the first two and chi, or the score where there is no chi.",
        ),
    ] = None,
    top: Annotated[int | None, typer.Option("--top", min=1, help="Write the best N only.")] = None,
    threshold: Annotated[
        float, typer.Option(help="log10 conductivity (S/cm) to lie above, for the probability.")
    ] = -4.0,
    coverage: CoverageOption = 0.9,
    acquire: Annotated[
        int | None,
        typer.Option(
            "--acquire",
            min=1,
            help="Instead: the next N to measure, by expected improvement over --threshold and "
            "diversity.",
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", help=".png or .html: the best, with intervals.")
    ] = None,
) -> None:
    """Order a scored list: Pareto front first, then by the probability to conduct."""
    from serving.acquire import acquire_table
    from serving.rank import (
        GOALS,
        RankOptions,
        default_goals,
        rank_table,
        rows_without_goals,
        write_list,
    )
    from serving.rank_plot import check_plot, plot_ranked
    from serving.rows import ListError
    from serving.scored_lists import read_scored
    from serving.writers import check_output

    unknown = sorted(set(goal or []) - set(GOALS))
    if unknown:
        raise UserError(f"--goal: there is no {unknown[0]}; accepted are {', '.join(GOALS)}")
    if not 0.0 < coverage < 1.0:
        raise UserError("--coverage: must lie between 0 and 1, as the list was scored with")
    if not math.isfinite(threshold):
        raise UserError("--threshold: must be a finite number, log10 of S/cm")
    if acquire is not None and (goal or top or plot):
        raise UserError("--acquire goes without --goal, --top and --plot")
    try:
        if acquire is not None:
            check_output(target, source)
            scored = read_scored(source)
            options = RankOptions((), tuple(where or []), None, threshold, coverage)
            chosen = acquire_table(scored, options, acquire)
            write_list(chosen, target)
            typer.echo(
                f"{scored.num_rows} rows: {chosen.num_rows} to measure next -> {target}", err=True
            )
            return
        if plot is not None:
            check_plot(plot)
        check_output(target, source)
        scored = read_scored(source)
        goals = tuple(goal or default_goals(scored.schema.names))
        options = RankOptions(goals, tuple(where or []), top, threshold, coverage)
        ranked, lacking = rank_table(scored, options), rows_without_goals(scored, options)
        write_list(ranked, target)
        if plot is not None:
            plot_ranked(ranked, plot, coverage)
    except ListError as error:
        raise UserError(str(error)) from error
    front = sum(ranked.column("on_pareto_front").to_pylist())
    without = f"; {lacking} left out, which lack one of these" if lacking else ""
    typer.echo(
        f"{scored.num_rows} rows: {ranked.num_rows} ranked by {', '.join(goals)}, {front} of them "
        f"on the Pareto front{without} -> {target}",
        err=True,
    )
