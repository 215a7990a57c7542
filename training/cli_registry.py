"""``frenkel-train promote``, ``rollback`` and ``compare``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.held_out_rows import HeldOutRows

BundleOption = Annotated[
    Path | None,
    typer.Option("--bundle", help="Folder that is served (FRENKEL_BUNDLE or ./bundle)."),
]


def promote(
    version: Annotated[
        str,
        typer.Argument(help="Number, alias or bundle version; the challenger unless said."),
    ] = "challenger",
    bundle: BundleOption = None,
) -> None:
    """Make a registered version the champion, whatever was decided of it, and serve it."""
    from training import registry, tracking

    with _named_errors():
        number = registry.number_of(version)
        _check(number, bundle)
        registry.promote(number)
        tracking.tag_version(number, {"promoted": "by hand"})
        _serve(bundle)


def rollback(bundle: BundleOption = None) -> None:
    """Go back to the champion before this one."""
    from training import registry
    from training.tracking import PREVIOUS

    with _named_errors():
        before = registry.aliases().get(PREVIOUS)
        if before is not None:
            _check(before, bundle)
        registry.rollback()
        _serve(bundle)


def compare(
    one: Annotated[str, typer.Argument(help="Number, alias, bundle version, or bundle folder.")],
    other: Annotated[str, typer.Argument(help="As before; its errors less those of the first.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the table and plots.")
    ] = None,
) -> None:
    """Compare two versions on the held-out rows that both have."""
    from training.comparison import compare_rows, comparison_table
    from training.comparison_plots import write_comparison

    with _named_errors():
        before, after = _rows_of(one), _rows_of(other)
        comparisons = compare_rows(before, after)
        typer.echo(comparison_table(comparisons, (one, other)))
        if not comparisons:
            typer.echo("no protocol has enough held-out rows in common", err=True)
        if out is not None:
            write_comparison(out, before, after, (one, other))


def _rows_of(name: str) -> dict[str, HeldOutRows]:
    from models.bundle import MANIFEST
    from training import registry

    if (Path(name) / MANIFEST).is_file():
        return _read_rows(Path(name), name)
    with registry.bundle_of(registry.number_of(name)) as folder:
        return _read_rows(folder, name)


def _read_rows(folder: Path, name: str) -> dict[str, HeldOutRows]:
    from models.bundle import BundleError, open_bundle
    from training.held_out_rows import load_rows

    open_bundle(folder)
    rows = load_rows(folder)
    if rows is None:
        raise BundleError(f"'{name}' keeps no held-out rows: it was trained before there were any")
    return rows


def _check(number: str, bundle: Path | None) -> None:
    """Before anything is changed. Raises BundleError for a version or a folder that is none."""
    from models.bundle import default_bundle_path, open_bundle
    from training import registry
    from training.publication import check_place

    check_place(bundle or default_bundle_path())
    with registry.bundle_of(number) as folder:
        open_bundle(folder).check_layout()


def _serve(bundle: Path | None) -> None:
    from models.bundle import default_bundle_path
    from training.publication import place_champion

    target = bundle or default_bundle_path()
    number = place_champion(target)
    typer.echo(f"version {number} is the champion, in '{target}' and in the registry")


@contextmanager
def _named_errors() -> Iterator[None]:
    """Connect to the registry; what the user got wrong ends as one line."""
    from models.bundle import BundleError
    from training import tracking
    from training.registry import RegistryError

    tracking.connect()
    try:
        yield
    except (RegistryError, BundleError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
