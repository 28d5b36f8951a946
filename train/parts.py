"""Parts in and out of text: `Seq2Seq(score=Bilinear())` on a command line, the same as a tree in run.json.

A part is a frozen dataclass (a Linen module is one) defined in `models`, `data` or `train`, whose fields are
literals, tuples of them, or parts. Text is parsed, never evaluated: it can name parts and nothing else.
"""

import ast
import dataclasses
import difflib
import functools
import importlib
import pkgutil
import types
import typing
from collections.abc import Iterator

import flax.linen as nn

HIDDEN = ("parent", "name")  # fields that Linen adds to every module
TOO_ODD = (
    ValueError,
    TypeError,
    RecursionError,
    MemoryError,
)  # what `ast` raises for text that makes no sense


@functools.cache
def known_parts() -> dict[str, type]:
    """Every part by its name. A new part is found here by being defined; two of one name are a mistake."""
    found: dict[str, type] = {}
    for package in ("models", "data", "train"):
        for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            module = importlib.import_module(info.name)
            for name, value in vars(module).items():
                own = isinstance(value, type) and value.__module__ == module.__name__
                if own and dataclasses.is_dataclass(value) and not name.startswith("_"):
                    if name in found:
                        raise TypeError(f"two parts are called {name}: {found[name]} and {value}")
                    found[name] = value
    return found


def suggestion(wrong: str, right) -> str:
    close = difflib.get_close_matches(wrong, list(right), n=1)
    return f"; did you mean '{close[0]}'?" if close else f"; there are {', '.join(sorted(right))}"


def settings(part) -> dict:
    """The fields a user sets, with their values."""
    return {field.name: getattr(part, field.name) for field in shown(type(part))}


def shown(part: type) -> list[dataclasses.Field]:
    """The fields a user sets: not what Linen adds to its modules, though a part of data may have a name."""
    hidden = HIDDEN if issubclass(part, nn.Module) else ()
    return [field for field in dataclasses.fields(part) if field.init and field.name not in hidden]


def is_part(value) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def within(part) -> Iterator:
    """A part, and the parts it is made of, and theirs."""
    yield part
    for value in settings(part).values():
        for one in value if isinstance(value, tuple) else (value,):
            if is_part(one):
                yield from within(one)


def to_tree(value):
    """A part as plain JSON: {"part": "Bilinear", field: value, ...}."""
    if is_part(value):
        return {"part": type(value).__name__} | {k: to_tree(v) for k, v in settings(value).items()}
    if isinstance(value, tuple | list):
        return [to_tree(item) for item in value]
    return value


def from_tree(tree):
    """The part a tree of `to_tree` describes; ValueError for a name or field that is not known."""
    if isinstance(tree, dict):
        if "part" not in tree:
            raise ValueError(f"{{{', '.join(tree)}}} has no 'part' that says what it is")
        fields = {name: from_tree(value) for name, value in tree.items() if name != "part"}
        return construct(tree["part"], fields)
    return tuple(from_tree(item) for item in tree) if isinstance(tree, list) else tree


def construct(name: str, fields: dict):
    parts = known_parts()
    part = parts.get(str(name))
    if part is None:
        raise ValueError(f"no part is called '{name}'{suggestion(str(name), parts)}")
    annotations = field_types(part)
    fields = {field: fitted(part, annotations, field, value) for field, value in fields.items()}
    missing = [f.name for f in shown(part) if required(f) and f.name not in fields]
    if missing:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    return part(**fields)


def required(field: dataclasses.Field) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


@functools.cache
def field_types(part: type) -> dict[str, object]:
    hints = typing.get_type_hints(part)
    return {field.name: hints[field.name] for field in shown(part)}


def fitted(part: type, annotations: dict[str, object], field: str, value):
    """The value as the field takes it, an int for a float as a float; ValueError if it does not fit."""
    if field not in annotations:
        raise ValueError(f"{part.__name__} has no '{field}'{suggestion(field, annotations)}")
    if not accepts(annotations[field], value):
        raise ValueError(f"{part.__name__}.{field} takes {spell(annotations[field])}, not {value!r}")
    return float(value) if annotations[field] is float else value


def accepts(annotation, value) -> bool:
    """Whether a value fits an annotation; an int passes for a float it equals, a bool never for a number."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(accepts(option, value) for option in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is tuple:
        inner = arguments[0] if arguments else object
        return isinstance(value, tuple) and all(accepts(inner, item) for item in value)
    if annotation in (None, type(None)):
        return value is None
    if annotation is float:
        return isinstance(value, float) or (accepts(int, value) and value.bit_length() <= 53)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(annotation, type):
        return True
    return isinstance(value, annotation)


def spell(annotation) -> str:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(spell(option) for option in typing.get_args(annotation))
    if annotation is type(None):
        return "None"
    return "a module" if annotation is nn.Module else getattr(annotation, "__name__", str(annotation))


def parse(text: str):
    """A literal, or a part such as Bilinear, LSTM(features=512) or Adam(schedule=Cosine(peak=1e-3))."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, *TOO_ODD):
        raise unreadable(text) from None
    return read(node, text)


def unreadable(text: str) -> ValueError:
    return ValueError(
        f"{text[:80]!r} is neither a literal nor a part such as Bilinear() or LSTM(features=512)"
    )


def read(node: ast.expr, text: str):
    match node:
        case ast.Name(id=name) if name in known_parts() or name[:1].isupper():
            return construct(name, {})
        case ast.Name(id=name):
            return name  # a bare word is a string: dtype=bfloat16
        case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords) if all(k.arg for k in keywords):
            return construct(name, {k.arg: read(k.value, text) for k in keywords})
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return tuple(read(item, text) for item in items)
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(f"'{text}': write the fields of {name} by name, as in LSTM(features=512)")
    try:
        return ast.literal_eval(node)
    except TOO_ODD:
        raise unreadable(text) from None


def override(part, changes: typing.Iterable[str]):
    """`part` with "path=value" changes: override(run, ["model.score=Bilinear", "steps=500"])."""
    for change in changes:
        path, equals, text = change.partition("=")
        if not equals:
            raise ValueError(f"'{change}': a change is written path=value, as in model.dropout=0.3")
        part = replace_at(part, path.split("."), parse(text))
    return part


def replace_at(part, path: list[str], value):
    field, *rest = path
    annotations = field_types(type(part))
    if field not in annotations:
        raise ValueError(f"{type(part).__name__} has no '{field}'{suggestion(field, annotations)}")
    if rest:
        inner = getattr(part, field)
        if not is_part(inner):
            raise ValueError(f"{type(part).__name__}.{field} is {inner!r}, which has no '{rest[0]}'")
        value = replace_at(inner, rest, value)
    return dataclasses.replace(part, **{field: fitted(type(part), annotations, field, value)})
