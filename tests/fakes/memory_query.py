"""The part of MongoDB's query and update language that Haven's stores use. Anything else fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

ABSENT = object()
Document = dict[str, Any]


def matches(document: Mapping[str, Any], filter: Mapping[str, Any]) -> bool:
    """True where MongoDB would find the document."""
    return all(_clause(document, name, wanted) for name, wanted in filter.items())


def apply(document: Document, change: Mapping[str, Any], *, inserted: bool) -> None:
    """Change the document as MongoDB's update operators would."""
    for operator, fields in change.items():
        if operator == "$setOnInsert" and not inserted:
            continue
        for path, value in fields.items():
            parent, name = _place(document, path)
            OPERATORS[operator](parent, name, value)


def equalities(filter: Mapping[str, Any]) -> Document:
    """What an upsert takes over from its filter."""
    made: Document = {}
    for path, wanted in filter.items():
        if path == "$and":
            for part in wanted:
                made |= equalities(part)
        elif not path.startswith("$") and not _is_operators(wanted):
            parent, name = _place(made, path)
            parent[name] = wanted
    return made


def values_at(document: Any, path: str) -> list[Any]:
    """Every value a dotted path reaches; arrays are looked through, as MongoDB does."""
    head, _, rest = path.partition(".")
    if isinstance(document, Mapping):
        if head not in document:
            return []
        return values_at(document[head], rest) if rest else [document[head]]
    if isinstance(document, list):
        found = [value for item in document for value in values_at(item, path) if _deep(item)]
        if head.isdigit() and int(head) < len(document):
            item = document[int(head)]
            found += values_at(item, rest) if rest else [item]
        return found
    return []


def _deep(item: Any) -> bool:
    return isinstance(item, Mapping)


def _clause(document: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(matches(document, part) for part in wanted)
    if name == "$or":
        return any(matches(document, part) for part in wanted)
    if name == "$nor":
        return not any(matches(document, part) for part in wanted)
    if name.startswith("$"):
        raise NotImplementedError(f"{name} in the memory store")
    values = values_at(document, name)
    if not _is_operators(wanted):
        return _equal(values, wanted)
    return all(TESTS[operator](values, operand) for operator, operand in wanted.items())


def _is_operators(wanted: Any) -> bool:
    return isinstance(wanted, Mapping) and any(name.startswith("$") for name in wanted)


def _spread(values: list[Any]) -> Iterable[Any]:
    for value in values:
        yield value
        if isinstance(value, list):
            yield from value


def _equal(values: list[Any], wanted: Any) -> bool:
    if wanted is None:
        return not values or any(value is None for value in _spread(values))
    return any(_same(value, wanted) for value in _spread(values))


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, bool) != isinstance(wanted, bool):
        return False
    return bool(value == wanted)


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[list[Any], Any], bool]:
    def compared(values: list[Any], wanted: Any) -> bool:
        alike = [value for value in _spread(values) if _kind(value) == _kind(wanted)]
        return any(test(value, wanted) for value in alike)

    return compared


def _kind(value: Any) -> str:
    """MongoDB compares only values of one kind."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return type(value).__name__


def _element(values: list[Any], wanted: Mapping[str, Any]) -> bool:
    items = [item for value in values if isinstance(value, list) for item in value]
    if _is_operators(wanted):
        return any(all(TESTS[name]([item], to) for name, to in wanted.items()) for item in items)
    return any(isinstance(item, Mapping) and matches(item, wanted) for item in items)


def _type(values: list[Any], wanted: str) -> bool:
    types = {"date": datetime, "string": str, "bool": bool, "array": list}
    return any(isinstance(value, types[wanted]) for value in values)


TESTS: dict[str, Callable[[list[Any], Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda values, wanted: not _equal(values, wanted),
    "$in": lambda values, wanted: any(_equal(values, each) for each in wanted),
    "$nin": lambda values, wanted: not any(_equal(values, each) for each in wanted),
    "$gt": _compare(lambda value, wanted: value > wanted),
    "$gte": _compare(lambda value, wanted: value >= wanted),
    "$lt": _compare(lambda value, wanted: value < wanted),
    "$lte": _compare(lambda value, wanted: value <= wanted),
    "$exists": lambda values, wanted: bool(values) == bool(wanted),
    "$type": _type,
    "$size": lambda values, wanted: any(isinstance(v, list) and len(v) == wanted for v in values),
    "$all": lambda values, wanted: all(_equal(values, each) for each in wanted),
    "$elemMatch": _element,
    "$not": lambda values, wanted: not all(TESTS[name](values, to) for name, to in wanted.items()),
}


def _place(document: Document, path: str) -> tuple[Any, Any]:
    parent: Any = document
    *parents, last = path.split(".")
    for name in parents:
        parent = parent[int(name)] if isinstance(parent, list) else parent.setdefault(name, {})
    return parent, int(last) if isinstance(parent, list) else last


def _set(parent: Any, name: Any, value: Any) -> None:
    parent[name] = value


def _add(parent: Any, name: Any, value: Any) -> None:
    parent[name] = parent.get(name, 0) + value


def _push(parent: Any, name: Any, value: Any) -> None:
    parent.setdefault(name, []).extend(_each(value))


def _add_to_set(parent: Any, name: Any, value: Any) -> None:
    kept = parent.setdefault(name, [])
    kept.extend(item for item in _each(value) if item not in kept)


def _pull(parent: Any, name: Any, value: Any) -> None:
    def is_meant(item: Any) -> bool:
        if _is_operators(value):
            return all(TESTS[operator]([item], operand) for operator, operand in value.items())
        if isinstance(value, Mapping) and isinstance(item, Mapping):
            return matches(item, value)
        return bool(item == value)

    parent[name] = [item for item in parent.get(name, []) if not is_meant(item)]


def _each(value: Any) -> list[Any]:
    if isinstance(value, Mapping) and "$each" in value:
        return list(value["$each"])
    return [value]


def _bounded(better: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Any], None]:
    def kept(parent: Any, name: Any, value: Any) -> None:
        if name not in parent or better(value, parent[name]):
            parent[name] = value

    return kept


OPERATORS: dict[str, Callable[[Any, Any, Any], None]] = {
    "$set": _set,
    "$setOnInsert": _set,
    "$unset": lambda parent, name, _: parent.pop(name, None),
    "$inc": _add,
    "$push": _push,
    "$addToSet": _add_to_set,
    "$pull": _pull,
    "$max": _bounded(lambda new, old: new > old),
    "$min": _bounded(lambda new, old: new < old),
}
