"""Files and functions stay small enough to be read at one sitting."""

import ast

from tests.architecture.sources import everything, nobody

FILE_LINES, FUNCTION_LINES, LEVELS = 400, 50, 3
DEEPER = ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.Match
SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


def test_a_file_has_at_most_400_lines():
    nobody(
        f"{source.name} has {lines} lines: split it where its meaning splits"
        for source in everything()
        if (lines := source.text.count("\n")) > FILE_LINES
    )


def test_a_function_has_at_most_50_lines():
    nobody(
        f"{source.at(function)}: {function.name} has {lines} lines: name a part of it, and move that out"
        for source in everything()
        for function in source.functions()
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    )


def test_branches_and_loops_lie_at_most_three_deep():
    nobody(
        f"{source.at(function)}: {function.name} nests {levels} branches and loops: return early, or name a part"
        for source in everything()
        for function in source.functions()
        if (levels := depth(function)) > LEVELS
    )


def depth(node: ast.AST) -> int:
    """How deep branches and loops are nested within; an elif lies beside its if, and a `with` adds nothing."""
    deepest = 0
    for field, value in ast.iter_fields(node):
        children = [child for child in (value if isinstance(value, list) else [value]) if isinstance(child, ast.AST)]
        is_elif = isinstance(node, ast.If) and field == "orelse" and len(children) == 1
        for child in children:
            if not isinstance(child, SCOPES):
                own = isinstance(child, DEEPER) and not (is_elif and isinstance(child, ast.If))
                deepest = max(deepest, own + depth(child))
    return deepest
