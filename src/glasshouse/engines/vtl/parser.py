"""From the source of a template to its parts."""

import re

from glasshouse.engines.vtl import nodes
from glasshouse.engines.vtl.expression_parser import parse_expression, parse_reference
from glasshouse.engines.vtl.nodes import Block, Part, Text
from glasshouse.engines.vtl.scanner import Scanner
from glasshouse.engines.vtl.scope import Break, Stop

NEXT = re.compile(r"[^$#\\]+")
SLASHES = re.compile(r"\\+")
WORD = re.compile(r"\{([A-Za-z]+)\}|([A-Za-z]+)")
LITERAL_END = "]]#"
BRANCHES = ("elseif", "else", "end")


def parse(source: str) -> Block:
    scanner = Scanner(source, parse)
    block, ending = _block(scanner)
    if ending is not None:
        raise scanner.error(f"#{ending} without a beginning")
    return block


def _block(scanner: Scanner) -> tuple[Block, str | None]:
    """Parts up to the directive that ends them, which has been stepped over."""
    parts: list[Part] = []
    while not scanner.is_done:
        if plain := scanner.match(NEXT):
            parts.append(Text(plain))
        elif scanner.looks_at("\\"):
            _add_escaped(scanner, parts)
        elif scanner.looks_at("$"):
            _add_reference(scanner, parts)
        elif ending := _add_directive(scanner, parts):
            return Block(parts), ending
    return Block(parts), None


def _add_reference(scanner: Scanner, parts: list[Part], escapes: int = 0):
    start = scanner.at
    found = parse_reference(scanner)
    if found is None:
        scanner.at = start + 1
        parts.append(Text("\\" * escapes + "$"))
        return
    reference, is_quiet = found
    parts.append(nodes.Print(reference, scanner.source[start : scanner.at], is_quiet, escapes))


def _add_escaped(scanner: Scanner, parts: list[Part]):
    """Backslashes mean something before references and directives only."""
    slashes = scanner.match(SLASHES) or ""
    if scanner.looks_at("$"):
        _add_reference(scanner, parts, len(slashes))
        return
    word = _directive_at(scanner)
    if word is None:
        parts.append(Text(slashes))
        return
    parts.append(Text("\\" * (len(slashes) // 2)))
    if len(slashes) % 2:
        parts.append(Text(f"#{word}"))
        scanner.at += len(word) + 1


def _directive_at(scanner: Scanner) -> str | None:
    """The name of the directive that begins here, which is not stepped over."""
    found = WORD.match(scanner.source, scanner.at + 1) if scanner.looks_at("#") else None
    word = found and (found[1] or found[2])
    return word if word in DIRECTIVES or word in BRANCHES else None


def _add_directive(scanner: Scanner, parts: list[Part]) -> str | None:
    """A comment or directive; its name if it ends the block."""
    if _skip_comment(scanner, parts):
        return None
    start = scanner.at
    scanner.at += 1
    found = WORD.match(scanner.source, scanner.at)
    word = found and (found[1] or found[2])
    if found is None or word is None:
        parts.append(Text("#"))
        return None
    scanner.at = found.end()
    if word in BRANCHES:
        if word != "elseif":
            scanner.skip_rest_of_line()
        return word
    if directive := DIRECTIVES.get(word):
        directive(scanner, parts)
        return None
    _skip_arguments(scanner)
    parts.append(Text(scanner.source[start : scanner.at]))
    return None


def _skip_comment(scanner: Scanner, parts: list[Part]) -> bool:
    source, at = scanner.source, scanner.at
    if scanner.looks_at("##"):
        end = source.find("\n", at)
        scanner.at = len(source) if end < 0 else end + 1
    elif scanner.looks_at("#*"):
        end = source.find("*#", at + 2)
        scanner.at = len(source) if end < 0 else end + 2
    elif scanner.looks_at("#[["):
        end = source.find(LITERAL_END, at)
        if end < 0:
            raise scanner.error("#[[ without ]]#")
        parts.append(Text(source[at + 3 : end]))
        scanner.at = end + len(LITERAL_END)
    else:
        return False
    return True


def _skip_arguments(scanner: Scanner):
    """Over the parentheses of a directive that is not known."""
    if not scanner.looks_at("("):
        return
    depth, at = 0, scanner.at
    for at in range(scanner.at, len(scanner.source)):
        depth += {"(": 1, ")": -1}.get(scanner.source[at], 0)
        if depth == 0:
            scanner.at = at + 1
            return


# Directives


def _set(scanner: Scanner, parts: list[Part]):
    scanner.require("(")
    scanner.skip_space()
    found = parse_reference(scanner)
    if found is None:
        raise scanner.error("#set wants a reference")
    scanner.require("=")
    expression = parse_expression(scanner)
    _close(scanner)
    parts.append(nodes.Set(found[0], expression))


def _if(scanner: Scanner, parts: list[Part]):
    branches, word = [], "if"
    while word != "end":
        condition = None
        if word != "else":
            scanner.require("(")
            condition = parse_expression(scanner)
            _close(scanner)
        block, ending = _block(scanner)
        if ending is None or (word == "else" and ending != "end"):
            raise scanner.error(f"#{word} without #end")
        branches.append((condition, block))
        word = ending
    parts.append(nodes.If(branches))


def _foreach(scanner: Scanner, parts: list[Part]):
    scanner.require("(")
    scanner.skip_space()
    found = parse_reference(scanner)
    scanner.skip_space()
    if found is None or found[0].steps or not scanner.take("in"):
        raise scanner.error("#foreach wants ($name in ...)")
    expression = parse_expression(scanner)
    _close(scanner)
    parts.append(nodes.Foreach(found[0].name, expression, _body(scanner, "foreach")))


def _define(scanner: Scanner, parts: list[Part]):
    scanner.require("(")
    scanner.skip_space()
    found = parse_reference(scanner)
    if found is None or found[0].steps:
        raise scanner.error("#define wants ($name)")
    _close(scanner)
    parts.append(nodes.Define(found[0].name, _body(scanner, "define")))


def _macro(scanner: Scanner, parts: list[Part]):
    scanner.skip_space()
    _skip_arguments(scanner)
    scanner.skip_rest_of_line()
    _body(scanner, "macro")


def _break(scanner: Scanner, parts: list[Part]):
    parts.append(nodes.Leave(Break))


def _stop(scanner: Scanner, parts: list[Part]):
    parts.append(nodes.Leave(Stop))


def _close(scanner: Scanner):
    scanner.require(")")
    scanner.skip_rest_of_line()


def _body(scanner: Scanner, word: str) -> Block:
    block, ending = _block(scanner)
    if ending != "end":
        raise scanner.error(f"#{word} without #end")
    return block


DIRECTIVES = {
    "set": _set, "if": _if, "foreach": _foreach, "define": _define, "macro": _macro, "break": _break, "stop": _stop,
}  # fmt: skip
