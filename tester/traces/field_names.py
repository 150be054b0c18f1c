"""The names of the fields of a submission's classes, read from its source.

A message carries the values of a dataclass or a named tuple in the order of its fields,
without their names. The source has the names, and reading it executes nothing.
"""

import ast
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

# What a dataclass does not store although it is annotated.
_NOT_STORED = frozenset(["ClassVar", "InitVar"])
# What makes a class of named tuples of a name and its fields.
_MAKERS = frozenset(["namedtuple", "NamedTuple"])


def field_names(files: Mapping[str, Path | None]) -> dict[str, list[str]]:
    """Return the annotated names of each class, by "module:class", in order.

    Args:
        files: the source file of each module.
    """
    found: dict[str, list[str]] = {}
    for module, file in files.items():
        if file is None:
            continue
        try:
            # What Python warns a student of is no matter here.
            with warnings.catch_warnings(action="ignore"):
                tree = ast.parse(file.read_bytes())
            _add_names(tree, module, found)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            # It does not load, which is reported elsewhere, or nests too deeply.
            continue
    return found


def _add_names(tree: ast.AST, module: str, found: dict[str, list[str]]) -> None:
    """Add the names of one module's classes to those that were found before."""
    found |= {f"{module}:{name}": names for name, names in _named_tuples(tree)}
    for qualified_name, node in _classes(tree, ""):
        own = [*_inherited(node, module, found), *_annotated(node)]
        if own:
            found[f"{module}:{qualified_name}"] = list(dict.fromkeys(own))


def _classes(tree: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield f"{prefix}{node.name}", node
            yield from _classes(node, f"{prefix}{node.name}.")


def _inherited(
    node: ast.ClassDef, module: str, found: Mapping[str, list[str]]
) -> Iterator[str]:
    """Yield the fields of the bases that stand earlier, here or in another module."""
    for base in reversed(node.bases):
        name = ast.unparse(base).rpartition(".")[2]
        elsewhere = [
            names for known, names in found.items() if known.endswith(f":{name}")
        ]
        here = found.get(f"{module}:{name}")
        if here is not None:
            yield from here
        elif len(elsewhere) == 1:
            yield from elsewhere[0]


def _named_tuples(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the fields of each class that a call makes."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            continue
        # Of a name or an attribute.
        maker = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if maker not in _MAKERS:
            continue
        try:
            name, fields = map(ast.literal_eval, _without_types(node.args[:2]))
        except (ValueError, TypeError):
            continue
        if isinstance(fields, str):
            fields = fields.replace(",", " ").split()
        if not isinstance(name, str) or not isinstance(fields, list | tuple):
            continue
        if all(isinstance(field, str) for field in fields):
            yield name, list(fields)


def _without_types(args: list[ast.expr]) -> Iterator[ast.expr]:
    """Yield arguments, and of pairs of a name and a type, as a list holds them, the names."""
    for arg in args:
        pairs = arg.elts if isinstance(arg, ast.List | ast.Tuple) else []
        if any(isinstance(pair, ast.Tuple) for pair in pairs):
            names = [pair.elts[0] for pair in pairs if isinstance(pair, ast.Tuple)]
            yield ast.List(names, ast.Load())
        else:
            yield arg


def _annotated(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if not isinstance(statement, ast.AnnAssign):
            continue
        words = ast.unparse(statement.annotation).replace("[", ".").split(".")
        if isinstance(statement.target, ast.Name) and _NOT_STORED.isdisjoint(words):
            yield statement.target.id
