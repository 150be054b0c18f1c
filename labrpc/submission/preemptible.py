"""Compiling a submission so that its threads can lose their turn between statements.

A pass over the syntax tree, not a trace function: a thread that is switched
away within a trace function leaves tracing switched off for all others.
Coroutines are left as they are, since they lose their turn at `await` only.
"""

import ast

from labrpc.scheduling.preemption import DUE, RELEASED_DUE, RELEASED_SWITCH, SWITCH

_VALUE, _OBJECT, _INDEX = "__lab_value__", "__lab_object__", "__lab_index__"


def preemptible(tree: ast.Module) -> ast.Module:
    """Return a module's syntax tree with a check before each statement of a function.

    Statements that read shared state, compute, and write it are divided in two,
    as they are when they are executed. Where a lock may have been released, which is at
    the end of a `with` as well, a check of its own follows; one comes before a lock is
    taken, too, unless nothing was read or locked just before. Line numbers stay as they are.
    """
    rewritten: ast.Module = _Pass().visit(tree)
    return ast.fix_missing_locations(rewritten)


class _Pass(ast.NodeTransformer):
    """Rewrites the bodies of ordinary functions."""

    def __init__(self) -> None:
        # Names of the function under way that are not its own.
        self._shared: list[set[str]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Rewrite a function's body; its docstring stays in front."""
        self._shared.append(_names_shared(node))
        has_docstring = ast.get_docstring(node, clean=False) is not None
        first = int(has_docstring)
        node.body = node.body[:first] + self._block(node.body[first:], fresh=True)
        self._shared.pop()
        return node

    def visit_AsyncFunctionDef(
        self, node: ast.AsyncFunctionDef
    ) -> ast.AsyncFunctionDef:
        """Leave a coroutine alone, except for functions within it."""
        outer, self._shared = self._shared, []
        self.generic_visit(node)
        self._shared = outer
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """Leave a class's own statements alone: what it holds is not there yet."""
        outer, self._shared = self._shared, []
        self.generic_visit(node)
        self._shared = outer
        return node

    def _block(self, statements: list[ast.stmt], fresh: bool = False) -> list[ast.stmt]:
        """Return a list of statements with checks, and those within them too.

        Args:
            statements: the list.
            fresh: whether nothing was read, and no lock was taken, just before it.
        """
        result: list[ast.stmt] = []
        for statement in map(_one_lock_each, statements):
            result.append(_check(statement))
            is_fresh = fresh and len(result) == 1
            if _takes_lock(statement) and not is_fresh:
                # What was read before, as in an `if`, may be out of date when the lock is
                # taken; and with two locks, another thread may hold the second.
                result.append(_check(statement, RELEASED_DUE, RELEASED_SWITCH))
            parts = self._divided(self._inner(statement))
            released = _check(statement, RELEASED_DUE, RELEASED_SWITCH)
            if isinstance(statement, ast.With):
                # However the block is left, as by a `return`.
                parts = [_at(statement, ast.Try(parts, [], [], [released]))]
            elif _calls(statement, "release"):
                parts.append(released)
            result += parts
        return result

    def _inner(self, statement: ast.stmt) -> ast.stmt:
        """Rewrite the blocks within a statement."""
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            visited: ast.stmt = self.visit(statement)
            return visited
        endless = isinstance(statement, ast.While) and isinstance(
            statement.test, ast.Constant
        )
        for name in ("body", "orelse", "finalbody"):
            block = getattr(statement, name, None)
            if isinstance(block, list) and block:
                setattr(statement, name, self._block(block, fresh=endless))
        for name in ("handlers", "cases"):
            for part in getattr(statement, name, []):
                part.body = self._block(part.body)
        return statement

    def _divided(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return a statement as what is done before and after a switch within it."""
        if isinstance(statement, ast.AugAssign):
            return self._divided_update(statement)
        if isinstance(statement, ast.Assign) and _shares(statement):
            value = _at(statement, ast.Assign([_store(_VALUE)], statement.value))
            statement.value = _load(_VALUE)
            return [value, _check(statement), statement]
        return [statement]

    def _divided_update(self, statement: ast.AugAssign) -> list[ast.stmt]:
        """Divide `target += value`: load, compute in place, store."""
        target = statement.target
        before: list[ast.stmt] = []
        source: ast.expr
        if isinstance(target, ast.Name):
            if target.id not in self._shared[-1]:
                return [statement]
            source = _load(target.id)
        elif isinstance(target, ast.Attribute):
            before = [ast.Assign([_store(_OBJECT)], target.value)]
            source = ast.Attribute(_load(_OBJECT), target.attr, ast.Load())
            target.value = _load(_OBJECT)
        else:
            if any(isinstance(node, ast.Slice) for node in ast.walk(target.slice)):
                return [statement]
            before = [
                ast.Assign([_store(_OBJECT)], target.value),
                ast.Assign([_store(_INDEX)], target.slice),
            ]
            source = ast.Subscript(_load(_OBJECT), _load(_INDEX), ast.Load())
            target.value, target.slice = _load(_OBJECT), _load(_INDEX)
        parts = [
            *before,
            ast.Assign([_store(_VALUE)], source),
            _check(statement),
            ast.AugAssign(_store(_VALUE), statement.op, statement.value),
            _check(statement),
            ast.Assign([target], _load(_VALUE)),
        ]
        return [_at(statement, part) for part in parts]


def _names_shared(function: ast.FunctionDef) -> set[str]:
    """Return the names that a function declares global or nonlocal."""
    return {
        name
        for node in ast.walk(function)
        if isinstance(node, (ast.Global, ast.Nonlocal))
        for name in node.names
    }


def _shares(statement: ast.Assign) -> bool:
    """Return whether an assignment reads something and writes what others may see."""
    return any(
        isinstance(target, (ast.Attribute, ast.Subscript))
        for target in statement.targets
    ) and any(
        isinstance(node, (ast.Attribute, ast.Subscript, ast.Call))
        for node in ast.walk(statement.value)
    )


def _one_lock_each(statement: ast.stmt) -> ast.stmt:
    """Return `with one, other:` as a `with` in another, which is the same."""
    if isinstance(statement, ast.With) and len(statement.items) > 1:
        first, *others = statement.items
        inner = _at(statement, ast.With(others, statement.body))
        return _at(statement, ast.With([first], [inner]))
    return statement


def _takes_lock(statement: ast.stmt) -> bool:
    """Return whether a statement may take a lock."""
    return isinstance(statement, ast.With) or _calls(statement, "acquire")


def _calls(statement: ast.stmt, method: str) -> bool:
    """Return whether a statement is `lock.method()`."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Attribute)
        and statement.value.func.attr == method
    )


def _check(statement: ast.stmt, due: str = DUE, switch: str = SWITCH) -> ast.stmt:
    """Return `if __lab_due__(): __lab_switch__()`, in the statement's place."""
    then = ast.Expr(ast.Call(_load(switch), [], []))
    return _at(statement, ast.If(ast.Call(_load(due), [], []), [then], []))


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _store(name: str) -> ast.Name:
    return ast.Name(name, ast.Store())


def _at(statement: ast.stmt, node: ast.stmt) -> ast.stmt:
    """Return a new node in a statement's place; its parts get theirs in the end."""
    return ast.copy_location(node, statement)
