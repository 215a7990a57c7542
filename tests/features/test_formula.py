"""Formula text to amounts: what is read, and what is refused and why."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.elements import SYMBOLS
from features.formula import parse_formula
from features.limits import InvalidMaterial, MaterialLimits


def refusal(text: str, limits: MaterialLimits | None = None) -> str:
    with pytest.raises(InvalidMaterial) as caught:
        parse_formula(text, limits)
    assert caught.value.field == "formula"
    assert str(caught.value) == f"formula: {caught.value.message}"
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("Li7La3Zr2O12", {"Li": 7, "La": 3, "Zr": 2, "O": 12}),
        ("Li6.25Al0.25La3Zr2O12", {"Li": 6.25, "Al": 0.25, "La": 3, "Zr": 2, "O": 12}),
        ("Li1.3Al0.3Ti1.7(PO4)3", {"Li": 1.3, "Al": 0.3, "Ti": 1.7, "P": 3, "O": 12}),
        ("Li₇La₃Zr₂O₁₂", {"Li": 7, "La": 3, "Zr": 2, "O": 12}),
        ("Li7 La3 Zr2 O12", {"Li": 7, "La": 3, "Zr": 2, "O": 12}),
        ("  Na3PS4\n", {"Na": 3, "P": 1, "S": 4}),
        ("LiO.5", {"Li": 1, "O": 0.5}),
        ("{[Li2(OH)0.5]2}3Cl", {"Li": 12, "O": 3, "H": 3, "Cl": 1}),
        ("LiLi2Li", {"Li": 4}),
        ("2Li2O", {"Li": 4, "O": 2}),
        ("0.5(Li2O)", {"Li": 1, "O": 0.5}),
        ("Co", {"Co": 1}),
        ("CO", {"C": 1, "O": 1}),
        ("InF3", {"In": 1, "F": 3}),
        ("Na", {"Na": 1}),
    ],
)
def test_amounts_are_read(text: str, amounts: dict[str, float]) -> None:
    assert parse_formula(text) == pytest.approx(amounts)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("75Li2S·25P2S5", {"Li": 150, "S": 200, "P": 50}),
        ("0.7Li2S-0.3P2S5", {"Li": 1.4, "S": 2.2, "P": 0.6}),
        ("0.7Li2S − 0.3P2S5", {"Li": 1.4, "S": 2.2, "P": 0.6}),
        ("Li7La3Zr2O12·0.5H2O", {"Li": 7, "La": 3, "Zr": 2, "O": 12.5, "H": 1}),
        ("0.9(0.7Li2S·0.3P2S5)·0.1LiI", {"Li": 1.36, "S": 1.98, "P": 0.54, "I": 0.1}),
        ("0.2(Li2S) 0.8(GeS2)", {"Li": 0.4, "S": 1.8, "Ge": 0.8}),
        ("0.5 Li2O * 0.5 P2O5", {"Li": 1, "O": 3, "P": 1}),
        ("LiTi2(PO4)3-0.3Li2O", {"Li": 1.6, "Ti": 2, "P": 3, "O": 12.3}),
    ],
)
def test_the_number_before_a_part_multiplies_that_part(
    text: str, amounts: dict[str, float]
) -> None:
    assert parse_formula(text) == pytest.approx(amounts)


def test_parts_without_a_number_count_once() -> None:
    assert parse_formula("Li2S-P2S5") == {"Li": 2, "S": 6, "P": 2}
    assert parse_formula("Li2S-P2S5") == parse_formula("Li2S·P2S5")


@pytest.mark.parametrize(
    "text",
    [
        "Li7La3Zr2-0.5Ta0.5O12",  # Zr with a subscript 2-0.5
        "Li6PS5-0.5Cl1.5",
        "Li7La3Zr2O12-0.5F0.5",
        "LiTi2-0.3Al0.3(PO4)3",
    ],
)
def test_a_minus_that_reads_as_a_subtraction_is_refused(text: str) -> None:
    assert "could be a subtraction" in refusal(text)


def test_a_space_before_a_number_is_refused_where_it_could_go_either_way() -> None:
    assert "space before the number '7'" in refusal("Li 7La3Zr2O12")
    assert "space before the number '0.5'" in refusal("Li2S 0.5P2S5")


@pytest.mark.parametrize("text", ["MgCl2.6H2O", "LiI.2H2O", "Li(OH).5H2O", "MgCl₂\u20246H₂O"])
def test_a_full_stop_before_water_could_be_either_thing(text: str) -> None:
    assert "hydrate" in refusal(text)
    assert parse_formula("MgCl2·6H2O") == {"Mg": 1, "Cl": 2, "H": 12, "O": 6}


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("Li7-xLa3Zr2-xTaxO12", "x"),
        ("LixCoO2", "x"),
        ("Li3OyCl", "y"),
        ("Li7La3Zr2O12-δ", "δ"),
        ("Li1+xAlxTi2-x(PO4)3", "x"),
    ],
)
def test_a_variable_is_named(text: str, variable: str) -> None:
    assert f"variable '{variable}'" in refusal(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("D2O", "deuterium"),
        ("LiT", "tritium"),
        ("LiX", "placeholder"),
        ("Xx3", "placeholder"),
        ("LiM2O4", "'M' is not an element"),
        ("Rf", "H to Lr"),
        ("lio", "does not belong"),
        ("Li+", "charges are not accepted"),
        ("Cl-", "charges are not accepted"),
        ("PF6⁻", "charges are not accepted"),
        ("PO4^3-", "charges are not accepted"),
        ("Li2S + P2S5", "charges are not accepted"),
        ("Li3PS4-5wt%Al2O3", "percent"),
        ("Li2S.P2S5", "full stop"),
        ("Li6,5La3", "',' does not belong"),
        ("La2/3TiO3", "'/' does not belong"),
        ("β-Li3PS4", "'β' does not belong"),
        ("()", "empty"),
        ("Li()2", "empty"),
        ("Li2S--P2S5", "empty"),
        ("·Li", "empty"),
        ("2", "multiplies nothing"),
        ("Li2.5.5", "two numbers"),
        ("(Li", "not closed"),
        ("Li)", "closes none"),
        ("(Li]", "closes none"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    assert reason in refusal(text)


@pytest.mark.parametrize("text", ["", "  ", "nan", "NaN", "None", "null", "N/A", "-"])
def test_a_missing_value_is_not_sodium_nitride(text: str) -> None:
    assert "no formula" in refusal(text)


@pytest.mark.parametrize("value", [None, 7, float("nan"), b"Li", ["Li"]])
def test_what_is_not_text_is_refused(value: object) -> None:
    assert "must be text" in refusal(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Li0", "greater than 0 and at most 10000"),
        ("Li0.0", "greater than 0"),
        ("Li10000.1", "at most 10000"),
        ("0Li2O·Li2S", "leading number is 0"),
        ("(Li9999)9999", "multiplied out"),
        ("Li0." + "0" * 40 + "1O", "of the atoms"),
        ("((((((Li))))))", "deeper than 5"),
        ("".join(SYMBOLS[:21]), "21 elements; at most 20"),
        ("Li" * 101, "202 characters; at most 200"),
    ],
)
def test_each_limit_is_named(text: str, reason: str) -> None:
    assert reason in refusal(text)


def test_the_limits_themselves_are_accepted() -> None:
    assert parse_formula("Li10000") == {"Li": 10000}
    assert parse_formula("(((((Li)))))") == {"Li": 1}
    assert parse_formula("Li" * 100) == {"Li": 100}
    assert len(parse_formula("".join(SYMBOLS[:20]))) == 20


def test_limits_can_be_set() -> None:
    tight = MaterialLimits(formula_characters=10, bracket_depth=1, elements=2, max_amount=3)
    assert "at most 10" in refusal("Li7La3Zr2O12", tight)
    assert "deeper than 1" in refusal("((Li))", tight)
    assert "3 elements" in refusal("LiPS", tight)
    assert "at most 3" in refusal("Li4", tight)


@pytest.mark.parametrize(
    "text",
    [
        "Li" + "9" * 100_000,
        "Li" + "9" * 190,
        "(" * 10_000 + "Li" + ")" * 10_000,
        "(" * 100,
        "inf",
        "1e999",
        "Li1e999",
        "Li1e-999",
        "٣" * 150,
        "(((((Li999)999)999)999)999)999",
        "-" * 200,
        "\x00" * 50,
        "\ud800",
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_hostile_text_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    refusal(text)
    assert time.perf_counter() - started < 0.2


amounts = st.dictionaries(
    st.sampled_from(SYMBOLS),
    st.integers(1, 10_000).map(lambda tenths: tenths / 10),
    min_size=1,
    max_size=8,
)


@given(amounts, st.randoms())
def test_formula_order_does_not_change_the_amounts(expected: dict[str, float], random) -> None:
    parts = [f"{symbol}{amount:g}" for symbol, amount in expected.items()]
    random.shuffle(parts)
    assert parse_formula("".join(parts)) == pytest.approx(expected)


@given(st.text(max_size=250) | st.text(alphabet="LiOPS()[]{}0123456789.-·* x+", max_size=60))
def test_any_text_is_read_in_bounds_or_refused(text: str) -> None:
    try:
        found = parse_formula(text)
    except InvalidMaterial:
        return
    assert found
    assert set(found) <= set(SYMBOLS)
    assert all(0 < amount <= 1e4 for amount in found.values())


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*SYMBOLS, "D", "X", "Na", "N", "O"]),
            st.sampled_from(["", "2", "0.25", "12", "007", "0", "0.0", "99999", "1.", "1.2.3"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_the_short_way_for_plain_formulas_reads_as_the_long_one(
    units: list[tuple[str, str]],
) -> None:
    text = "".join(symbol + number for symbol, number in units)

    def answer(formula: str) -> object:
        try:
            return list(parse_formula(formula).items())
        except InvalidMaterial as error:
            return error.message

    long_way = f"({text})"  # brackets are for the general reader
    if isinstance(expected := answer(long_way), list):
        assert answer(text) == expected
    else:
        assert not isinstance(answer(text), list)
