"""The answer for one formula as a page that needs no scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from serving.render import ROWS, TRANSPORT_ROWS, digits

Json = Mapping[str, Any]

HEAD = (
    "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
    "<meta name='viewport' content='width=device-width, initial-scale=1'>"
    "<title>{title}</title><link rel='stylesheet' href='/page/page.css'>"
    "<link rel='icon' href='/page/icon.svg'></head><body class='plain'><main>"
)
FORM = (
    "<h1>Frenkel</h1><form action='/plain' method='get' class='ask'>"
    "<label for='formula'>Formula of a solid electrolyte</label>"
    "<div class='ask-row'><input id='formula' name='formula' value='{formula}' maxlength='200'>"
    "<button type='submit'>Predict</button></div></form>"
)
ROOM_C = 25.0  # stands among the properties
NEIGHBOUR_HEAD = ("material", "log10 S/cm", "at °C", "E_a (eV)", "distance", "source")


def plain_page(formula: str, answer: Json | None, fault: str | None) -> str:
    """``answer`` is that of POST /predict; ``fault`` says why there is none."""
    parts = [
        HEAD.format(title=escape(f"{formula} · Frenkel")),
        FORM.format(formula=escape(formula)),
    ]
    if answer is not None:
        item = answer["predictions"][0]
        if item["status"] == "ok":
            parts += _answer(item)
        else:
            fault = item["error"]["message"]
    if fault is not None:
        parts.append(f"<p class='fault' role='alert'>No prediction: {escape(fault)}</p>")
    if answer is not None:
        parts.append(f"<p class='quiet'>model {escape(answer['model']['version'])}</p>")
    parts.append("</main></body></html>")
    return "\n".join(parts)


def _answer(item: Json) -> list[str]:
    rows = []
    for key, words, unit in (*ROWS, *TRANSPORT_ROWS):
        interval = item[key]
        if interval is not None:
            value, low, high = (digits(interval[end]) for end in ("value", "lower", "upper"))
            rows.append((words, value, f"{low} to {high}", unit))
    for point in item["conductivity_curve"]:
        sigma = point["log10_conductivity_s_cm"]
        if sigma is not None and point["temperature_c"] != ROOM_C:
            value, low, high = (digits(sigma[end]) for end in ("value", "lower", "upper"))
            words = f"log10 conductivity at {point['temperature_c']:g} °C"
            rows.append((words, value, f"{low} to {high}", "S/cm"))
    domain = item["domain"]
    verdict = "inside" if domain["in_domain"] else "outside"
    near = [
        (
            each["formula"],
            _or_dash(each["log10_conductivity_s_cm"]),
            _or_dash(each["temperature_c"]),
            _or_dash(each["activation_energy_ev"]),
            digits(each["distance"]),
            each["doi"] or "-",
        )
        for each in item["neighbours"]
    ]
    return [
        f"<h2>{escape(item['formula'])}</h2>",
        _table(
            "Predicted properties; the interval holds the true value with the coverage asked for",
            ("property", "value", "interval", "unit"),
            rows,
        ),
        f"<h2>How sure</h2><p>{verdict.capitalize()} the training data.</p>",
        _items([*domain["reasons"], *item["notes"], *item["transport_notes"]]),
        "<h2>Nearest measured materials</h2>",
        _table("Measured, from the training data", NEIGHBOUR_HEAD, near),
    ]


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    columns = "".join(f"<th scope='col'>{escape(each)}</th>" for each in head)
    lines = "".join(
        f"<tr><th scope='row'>{escape(row[0])}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f"<div class='scroll'><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{columns}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _items(sentences: list[str]) -> str:
    listed = dict.fromkeys(sentences)  # a reason may stand in the notes as well
    return "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in listed) + "</ul>"


def _or_dash(value: float | None) -> str:
    return "-" if value is None else digits(value)
