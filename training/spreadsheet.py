"""The first sheet of an .xlsx file as rows of text, with the standard library alone."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_PART_BYTES = 50_000_000


def read_first_sheet(content: bytes) -> list[dict[str, str]]:
    """Rows below the header, each a mapping from header text to cell text.

    Empty cells are left out. Numbers come as the text stored in the file. The file is one whose
    hash was checked, so the XML is trusted; its size is bounded all the same.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        strings = _shared_strings(_part(book, "xl/sharedStrings.xml"))
        rows = _cells(_part(book, "xl/worksheets/sheet1.xml"), strings)
    header = rows[0]
    return [
        {header[column]: text for column, text in row.items() if column in header}
        for row in rows[1:]
    ]


def _part(book: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if book.getinfo(name).file_size > _PART_BYTES:
        raise ValueError(f"{name} is larger than {_PART_BYTES} bytes")
    return ElementTree.fromstring(book.read(name))


def _shared_strings(root: ElementTree.Element) -> list[str]:
    return [
        "".join(text.text or "" for text in item.iter(f"{_MAIN}t"))
        for item in root.iter(f"{_MAIN}si")
    ]


def _cells(root: ElementTree.Element, strings: list[str]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for row in root.iter(f"{_MAIN}row"):
        cells: dict[str, str] = {}
        for cell in row:
            value = cell.find(f"{_MAIN}v")
            column = re.match("[A-Z]+", cell.get("r", ""))
            if value is None or value.text is None or column is None:
                continue
            shared = cell.get("t") == "s"
            cells[column.group()] = strings[int(value.text)] if shared else value.text
        rows.append(cells)
    return rows
