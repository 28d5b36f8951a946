"""Parts in and out of text: `Seq2Seq(score=Bilinear())` on a command line, the same as a tree in run.json.

A part is a class with the base `Part`, defined anywhere, whose fields are literals, tuples of them, or parts.
Text is parsed, never evaluated: it can name parts and nothing else.
"""

import ast
import dataclasses
import difflib
import functools
import importlib
import pkgutil
import types
import typing
from collections.abc import Iterable, Iterator

import flax.linen as nn

import data.fields
import models.fields
from data.fields import annotations, brief, complaint, kinds, spell
from data.splits import listed

OURS = ("models", "data", "train")
HIDDEN = ("parent", "name")  # fields that Linen adds to every module
TOO_ODD = (
    ValueError,
    TypeError,
    RecursionError,
    MemoryError,
)  # what `ast` raises for text that makes no sense


@functools.cache
def import_all() -> None:
    """Every file of ours, so that its parts are defined."""
    for package in OURS:
        for info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(info.name)


def known_parts() -> dict[str, type]:
    """Every part by its name, wherever it is defined; two of ours that share a name are a mistake."""
    import_all()
    found: dict[str, type] = {}
    for kind in (*kinds(data.fields.Part), *kinds(models.fields.Part)):
        earlier = found.get(kind.__name__)
        if earlier and is_ours(earlier) and is_ours(kind):
            raise TypeError(f"two parts are called {kind.__name__}: {earlier} and {kind}")
        if not earlier or is_ours(earlier):  # a user's part takes the place of ours
            found[kind.__name__] = kind
    return found


def is_ours(kind: type) -> bool:
    """Whether a part comes with the project."""
    return kind.__module__.partition(".")[0] in OURS


def suggestion(wrong: str, right: Iterable[str]) -> str:
    """The nearest of what would be right, or all of it, as far as a line can hold it."""
    right = sorted(right)
    close = difflib.get_close_matches(wrong, right, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; there are {listed(right, 120)}"


def settings(part) -> dict:
    """The fields a user sets, with their values."""
    return {field.name: getattr(part, field.name) for field in shown(type(part))}


def shown(part: type) -> list[dataclasses.Field]:
    """The fields a user sets: not what Linen adds to its modules, though a part of data may have a name."""
    hidden = HIDDEN if issubclass(part, nn.Module) else ()
    return [field for field in dataclasses.fields(part) if field.init and field.name not in hidden]


def is_part(value) -> bool:
    """Whether a value has fields that can be set by a path."""
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


def from_tree(tree, role: object = object):
    """The part a tree of `to_tree` describes; ValueError for a name or field that is not known."""
    if isinstance(tree, dict):
        if "part" not in tree:
            raise ValueError(f"{{{', '.join(tree)[:80]}}} has no 'part' that says what it is")
        name = str(tree["part"])
        roles = roles_within(name)
        fields = {
            field: from_tree(value, roles.get(field, object))
            for field, value in tree.items()
            if field != "part"
        }
        return construct(name, fields, role)
    return tuple(from_tree(item, role) for item in tree) if isinstance(tree, list) else tree


def construct(name: str, fields: dict, role: object = object):
    """The part of a name; ValueError names the parts that `role`, the type of a field, would take."""
    part = known_parts().get(name)
    if part is None:
        right = fitting(role)
        raise ValueError(f"no part is called {brief(name)}{suggestion(name, right) if right else ''}")
    fields = {field: fitted(part, field, value) for field, value in fields.items()}
    missing = [f.name for f in shown(part) if required(f) and f.name not in fields]
    if missing:
        raise ValueError(f"{name} needs {', '.join(missing)}")
    return part(**fields)


def takes(annotation: object, kind: type) -> bool:
    """Whether a field of this type takes parts of a kind."""
    if isinstance(annotation, type):
        return annotation is not object and issubclass(kind, annotation)
    return any(takes(option, kind) for option in typing.get_args(annotation))


def fitting(role: object) -> list[str]:
    """The parts that a field of this type takes, by name; all where nothing is known of it."""
    return sorted(name for name, kind in known_parts().items() if role is object or takes(role, kind))


def alternatives(annotation: object) -> str:
    """All that a field of this type takes, in words: its bounds, and its parts by their names."""
    if isinstance(annotation, type) and (right := fitting(annotation)):
        return ", ".join(right)
    options = typing.get_args(annotation)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(map(alternatives, options))
    if typing.get_origin(annotation) is tuple and options:
        return f"tuple of {alternatives(options[0])}"
    return spell(annotation)


def roles_within(name: str) -> dict[str, object]:
    """The types of the fields of a part by its name; {} where there is no such part."""
    part = known_parts().get(name)
    return field_types(part) if part else {}


def required(field: dataclasses.Field) -> bool:
    """Whether a field has no default."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def field_types(part: type) -> dict[str, object]:
    """The types of the fields a user sets, with their bounds."""
    return {field.name: annotations(part)[field.name] for field in shown(part)}


def fitted(part: type, field: str, value):
    """The value as the field takes it, an int for a float as a float; ValueError if it does not fit."""
    types = field_types(part)
    if field not in types:
        raise ValueError(f"{part.__name__} has no '{field}'{suggestion(field, types)}")
    if said := complaint(types[field], value):
        right = fitting(types[field])
        guess = suggestion(value if isinstance(value, str) else "", right) if right else ""
        raise ValueError(f"{part.__name__}.{field} takes {said}, not {brief(value)}{guess}")
    if type(value) is int and is_float(types[field]):
        if value.bit_length() > 53:
            raise ValueError(f"{part.__name__}.{field} is {brief(value)}: no number of 64 bits")
        return float(value)
    return value


def is_float(annotation: object) -> bool:
    """Whether a field takes numbers with a point and none without."""
    options = [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        options = typing.get_args(annotation)
    bare = lambda one: typing.get_args(one)[0] if typing.get_origin(one) is typing.Annotated else one
    plain = list(map(bare, options))
    return float in plain and int not in plain


def parse(text: str, role: object = object):
    """A literal, or a part such as Bilinear, LSTM(features=512) or Adam(schedule=Cosine(peak=1e-3))."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, *TOO_ODD):
        raise unreadable(text) from None
    return read(node, text, role)


def unreadable(text: str) -> ValueError:
    """The error for text that is nothing of ours."""
    return ValueError(
        f"{text[:80]!r} is neither a literal nor a part such as Bilinear() or LSTM(features=512)"
    )


def read(node: ast.expr, text: str, role: object = object):
    """What a node of the text says."""
    match node:
        case ast.Name(id=name) if (name in known_parts() or name[:1].isupper()) and fitting(role):
            return construct(name, {}, role)
        case ast.Name(id=name):
            return name  # a bare word is a string: dtype=bfloat16
        case ast.Call(func=ast.Name(id=name), args=[], keywords=keywords) if all(k.arg for k in keywords):
            roles = roles_within(name)
            fields = {k.arg: read(k.value, text, roles.get(k.arg, object)) for k in keywords}
            return construct(name, fields, role)
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return tuple(read(item, text, role) for item in items)
        case ast.Call(func=ast.Name(id=name)):
            raise ValueError(f"{brief(text)}: write the fields of {name} by name, as in LSTM(features=512)")
    try:
        return ast.literal_eval(node)
    except TOO_ODD:
        raise unreadable(text) from None


def override(part, changes: Iterable[str]):
    """`part` with "path=value" changes: override(run, ["model.score=Bilinear", "steps=500"]).

    In a tuple of parts a path names one by its class or its place: "evaluators.Bleu.search.beam=1".
    """
    for change in changes:
        path, equals, text = change.partition("=")
        if not equals:
            raise ValueError(f"{brief(change)}: a change is written path=value, as in model.dropout=0.3")
        part = replace_at(part, path.split("."), text)
    return part


def replace_at(part, path: list[str], text: str):
    """The part with what the text says at the end of the path."""
    field, *rest = path
    types = field_types(type(part))
    if field not in types:
        raise ValueError(f"{type(part).__name__} has no '{field}'{suggestion(field, types)}")
    if not rest:
        value = parse(text, types[field])
    else:
        inner = getattr(part, field)
        if isinstance(inner, tuple) and inner and all(map(is_part, inner)):
            value = replace_within(inner, field, rest, text)
        elif is_part(inner):
            value = replace_at(inner, rest, text)
        else:
            raise ValueError(f"{type(part).__name__}.{field} is {brief(inner)}, which has no '{rest[0]}'")
    return dataclasses.replace(part, **{field: fitted(type(part), field, value)})


def replace_within(parts: tuple, field: str, path: list[str], text: str) -> tuple:
    """The tuple with a change in the part that the path names first."""
    which, *rest = path
    names = [type(part).__name__ for part in parts]
    places = [place for place, name in enumerate(names) if which in (name, str(place))]
    if len(places) != 1 or not rest:
        raise ValueError(f"{field}.{which}: name one of {', '.join(names)}, or its place, and a field of it")
    place = places[0]
    return (*parts[:place], replace_at(parts[place], rest, text), *parts[place + 1 :])
