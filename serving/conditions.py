"""Columns of scored lists as numbers, and the conditions that rows have to meet."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.labels import FloatArray
from serving.arguments import NUMBER
from serving.rows import ListError
from serving.writers import PLAIN_NUMBER

ORDERS = {
    "<=": pc.less_equal,
    ">=": pc.greater_equal,
    "<": pc.less,
    ">": pc.greater,
}
SIGNS = (*ORDERS, "==", "!=")
_CONDITION = re.compile(r"\s*([^<>=!]*[^<>=!\s])\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*")
_NOTHING = r"(?i)^(nan|na|n/a|null|none)?$"


def numbers(table: pa.Table, name: str) -> FloatArray:
    """(n,) values of a column of numbers, NaN where empty. Raises ListError."""
    values = _numbers(column_of(table, name), name)
    return np.asarray(values.to_numpy(), dtype=np.float64)


def holds(table: pa.Table, condition: str) -> pa.ChunkedArray:
    """(n,) whether each row meets "shear_modulus_gpa<20"; an empty cell never does.

    Where the value is a number, cells are compared as numbers, those of CSV, which are text, too;
    "==" and "!=" also take a cell that reads the same. Raises ListError.
    """
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise ListError(
            f"'{condition}' is no condition; write a column, one of {', '.join(SIGNS)} and "
            "a value, e.g. shear_modulus_gpa<20"
        )
    name, sign, text = found.groups()
    column = column_of(table, name)
    if pa.types.is_null(column.type):
        return pa.chunked_array([pa.array(np.zeros(len(column), dtype=bool))])
    try:
        answer = _ordered(column, name, sign, text) if sign in ORDERS else _same(column, text)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ListError(f"'{condition}': {name} holds {column.type}, not '{text}'") from error
    return pc.fill_null(pc.invert(answer) if sign == "!=" else answer, False)


def column_of(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column by its name. Raises ListError."""
    if name not in table.schema.names:
        known = ", ".join(table.schema.names)
        raise ListError(f"the list has no column {name}; its columns are: {known}")
    return table.column(name)


def _ordered(column: pa.ChunkedArray, name: str, sign: str, text: str) -> pa.ChunkedArray:
    if NUMBER.fullmatch(text) and (_is_text(column) or _is_number(column)):
        return ORDERS[sign](_numbers(column, name), float(text))
    return ORDERS[sign](column, pa.scalar(text).cast(column.type))


def _same(column: pa.ChunkedArray, text: str) -> pa.ChunkedArray:
    is_number = NUMBER.fullmatch(text) is not None
    if is_number and _is_number(column):
        return pc.equal(column.cast(pa.float64()), float(text))
    if not _is_text(column):
        return pc.equal(column, pa.scalar(text).cast(column.type))
    same = pc.equal(column, text)
    if text.lower() in ("true", "false"):
        same = pc.equal(pc.utf8_lower(column), text.lower())
    elif is_number:
        same = pc.or_(same, pc.fill_null(pc.equal(_digits(column), float(text)), False))
    return pc.if_else(pc.equal(column, ""), None, same)


def _numbers(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """As float64, null where empty. Raises ListError for what is neither."""
    if _is_number(column) or pa.types.is_null(column.type):
        return column.cast(pa.float64())
    if not _is_text(column):
        raise ListError(f"the column {name} must hold numbers, not {column.type}")
    values = _digits(column)
    empty = pc.fill_null(pc.match_substring_regex(pc.utf8_trim_whitespace(column), _NOTHING), True)
    strange = pc.filter(column, pc.and_(pc.is_null(values), pc.invert(empty)))
    if len(strange):
        raise ListError(f"the column {name} must hold numbers, not '{strange[0].as_py()[:40]}'")
    return values


def _digits(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text as float64, null where it is no number."""
    text = pc.utf8_trim_whitespace(column)
    plain = pc.if_else(pc.match_substring_regex(text, PLAIN_NUMBER), text, None)
    return pc.utf8_ltrim(plain, "+").cast(pa.float64())


def _is_number(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_integer(column.type) or pa.types.is_floating(column.type))


def _is_text(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))
