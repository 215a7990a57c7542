"""The words of a CIF file, in one pass: the grammar of CIF 1.1 in time linear in the text.

pymatgen's own reader searches with regular expressions that take minutes on hostile text of a few
kilobytes, so it only ever sees what was read and checked here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from features.limits import InvalidMaterial
from features.species import shown

FIELD = "cif"


@dataclass
class CifBlock:
    """One data block: the values of the tags asked for, keyed by tag in lower case."""

    name: str
    values: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Word:
    text: str
    bare: bool  # not quoted, not a text field


def cif_blocks(text: str, wanted: Collection[str], line_characters: int) -> list[CifBlock]:
    """The data blocks in order, each with its wanted tags only (dots in tags read as underscores).

    Raises InvalidMaterial (field "cif") where the text is not CIF.
    """
    blocks: list[CifBlock] = []
    words = _Stream(_words(text, line_characters))
    while (word := words.take()) is not None:
        keyword = word.text.lower() if word.bare else ""
        if keyword.startswith("data_"):
            blocks.append(CifBlock(word.text[5:]))
        elif not blocks:
            raise InvalidMaterial(
                FIELD, f"does not begin with a data block: {shown(word.text)} stands before 'data_'"
            )
        elif keyword == "loop_":
            _read_loop(words, blocks[-1], wanted)
        elif keyword.startswith("_"):
            value = words.take()
            if value is None or (value.bare and _is_head(value.text)):
                raise InvalidMaterial(FIELD, f"{shown(word.text)} has no value")
            _store(blocks[-1], _tag(keyword), [value.text], wanted)
        else:
            raise InvalidMaterial(FIELD, f"{shown(word.text)} stands where a tag is expected")
    return blocks


def _tag(keyword: str) -> str:
    return keyword.replace(".", "_")


def _is_head(text: str) -> bool:
    """Whether a bare word begins something new, so that it cannot be a value."""
    return text.startswith("_") or text.lower() == "loop_" or text.lower().startswith("data_")


def _store(block: CifBlock, tag: str, values: list[str], wanted: Collection[str]) -> None:
    if tag in wanted:
        if tag in block.values:
            raise InvalidMaterial(FIELD, f"{tag} is given twice")
        block.values[tag] = values


def _read_loop(words: _Stream, block: CifBlock, wanted: Collection[str]) -> None:
    tags: list[str] = []
    while (word := words.peek()) is not None and word.bare and word.text.startswith("_"):
        tags.append(_tag(word.text.lower()))
        words.take()
    values: list[str] = []
    while (word := words.peek()) is not None and not (word.bare and _is_head(word.text)):
        values.append(word.text)
        words.take()
    if not tags:
        raise InvalidMaterial(FIELD, "a loop has no tags")
    if len(values) % len(tags):
        raise InvalidMaterial(
            FIELD, f"the loop of {tags[0]} has {len(values)} values for {len(tags)} columns"
        )
    for column, tag in enumerate(tags):
        if tag in wanted:
            _store(block, tag, values[column :: len(tags)], wanted)


class _Stream:
    """Words with one word of lookahead."""

    def __init__(self, words: Iterator[_Word]) -> None:
        self._words = words
        self._ahead: _Word | None = None

    def peek(self) -> _Word | None:
        if self._ahead is None:
            self._ahead = next(self._words, None)
        return self._ahead

    def take(self) -> _Word | None:
        word = self.peek()
        self._ahead = None
        return word


def _words(text: str, line_characters: int) -> Iterator[_Word]:
    lines = iter(text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for number, line in enumerate(lines, start=1):
        if len(line) > line_characters:
            raise InvalidMaterial(
                FIELD,
                f"line {number} has {len(line)} characters; at most {line_characters} are accepted",
            )
        if line.startswith(";"):
            yield _Word(_text_field(line, lines), bare=False)
        else:
            yield from _line_words(line)


def _text_field(first: str, lines: Iterator[str]) -> str:
    parts = [first[1:]]
    for line in lines:
        if line.startswith(";"):
            return "\n".join(parts)
        parts.append(line)
    raise InvalidMaterial(FIELD, "a text field that begins with ';' is not closed")


def _line_words(line: str) -> Iterator[_Word]:
    position, end = 0, len(line)
    while position < end:
        character = line[position]
        if character.isspace():
            position += 1
        elif character == "#":
            return
        elif character in "'\"":
            close = _closing_quote(line, position)
            yield _Word(line[position + 1 : close], bare=False)
            position = close + 1
        else:
            start = position
            while position < end and not line[position].isspace():
                position += 1
            yield _Word(line[start:position], bare=True)


def _closing_quote(line: str, start: int) -> int:
    """A quote closes only where white space or the line's end follows, as in 'a dog's life'."""
    quote = line[start]
    close = line.find(quote, start + 1)
    while close >= 0:
        if close + 1 == len(line) or line[close + 1].isspace():
            return close
        close = line.find(quote, close + 1)
    raise InvalidMaterial(FIELD, f"a quote is not closed: {shown(line[start:])}")
