"""YAML that is written is YAML that is read."""

import yaml

from experiments.launch.yaml_text import documents, dump


def test_yaml_reads_back_whatever_was_written():
    odd = [
        "",
        " ",
        "yes",
        "No",
        "null",
        "1e3",
        ".5",
        "0x1",
        "12:30",
        "a: b",
        "- a",
        "#",
        "a #b",
        "é…😀",
        "\x7f",
    ]
    odd += [
        "a\nb\n",
        "a\n\nb\n",
        " a\nb\n",
        "a\nb",
        "a\n\n",
        "\ta\nb\n",
        "a \nb\n",
        "a\u2028b\nc\n",
        "'",
        '"',
        "\\n",
    ]
    value = {
        "list": odd,
        "by name": {text: text for text in odd},
        "none": None,
        "true": True,
        "n": 1,
        "x": 1.5,
    }
    value |= {"empty": {"list": [], "mapping": {}}, "nested": [[1, [2]], {"a": [{"b": "c\nd\n"}]}]}
    assert yaml.safe_load(dump(value)) == value
    assert list(yaml.safe_load_all(documents([value, {"a": 1}]))) == [value, {"a": 1}]
    assert dump({"run": "one\ntwo\n"}) == "run: |\n  one\n  two\n"
