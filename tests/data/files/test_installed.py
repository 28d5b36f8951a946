"""A name of published weights is a package's folder: found without running it, or told how to install."""

import tomllib
from pathlib import Path

import pytest

from data.files import installed
from data.tokenizers.wordpiece import PublishedWordPiece, WordPiece, write_vocabulary

ROOT = Path(__file__).parents[3]
each = pytest.mark.parametrize("name", installed.PACKAGES)


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """packaged(name) -> the empty folder of weights of a package that cannot be imported without an error."""

    def made(name):
        _, module, inside = installed.PACKAGES[name]
        folder = tmp_path / module / inside
        folder.mkdir(parents=True)
        (tmp_path / module / "__init__.py").write_text("raise RuntimeError('its code was run')")
        monkeypatch.syspath_prepend(tmp_path)
        return folder

    return made


@each
def test_a_name_is_the_folder_of_its_package_whose_code_is_not_run(packaged, name):
    folder = packaged(name)
    assert installed.folder_of(name) == folder
    assert installed.named(name) == (name, name)


@each
def test_a_path_is_itself_even_where_it_looks_like_a_name(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in (Path(name), f"./{name}", str(tmp_path / name), f"~/{name}"):
        assert installed.folder_of(path).resolve() == tmp_path / name
        assert installed.named(str(tmp_path / name)) == (name, str(tmp_path / name))


@each
@pytest.mark.parametrize("state", ["missing", "without its folder"])
def test_a_package_that_is_missing_is_a_line_that_says_what_to_install(packaged, monkeypatch, name, state):
    if state == "missing":
        monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    else:
        packaged(name).rmdir()
    with pytest.raises(ValueError) as raised:
        installed.folder_of(name)
    said = str(raised.value)
    assert "\n" not in said and len(said) < 300 and said.startswith(f"{name}: ")
    assert "pip install -e '.[weights]'" in said and installed.PACKAGES[name].release in said


def test_the_extra_installs_these_releases():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["weights"] == [package.release for package in installed.PACKAGES.values()]


@each
def test_the_pieces_of_a_package_are_those_of_its_folder(packaged, name):
    tokenizer = WordPiece(size=60, least=1).train(["The old baker sings"])
    write_vocabulary(tokenizer, packaged(name) / "vocab.txt")
    (by_name, by_folder) = (
        PublishedWordPiece(folder).tokenizer(list) for folder in (name, str(installed.folder_of(name)))
    )
    assert by_name.hash == by_folder.hash
