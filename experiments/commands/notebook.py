"""A notebook of a lecture's topic: listed, written as .ipynb, run with its figures in it.

examples:
  lookback notebook                                        which there are, and what each is about
  lookback notebook ngrams                                 ngrams.ipynb, to be opened in Jupyter
  lookback notebook kernel_regression --execute --out kernel.ipynb    with all it prints and draws

Those that look into a trained model take that of a run where LOOKBACK_RUN is its folder, as in
LOOKBACK_RUN=runs/translation/transformer/0; else they train a tiny one. To write them takes
pip install -e '.[notebook]'.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `notebook`."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="left out: the list of them")
    parser.add_argument("--out", metavar="FILE.ipynb", help="where it is written (NAME.ipynb)")
    parser.add_argument("--execute", dest="run", action="store_true", help="run it, a minute at most or so")


def execute(arguments: argparse.Namespace) -> None:
    """List them, or write one."""
    from pathlib import Path

    from data.splits import known
    from experiments.inline import notebooks

    files = notebooks.files()
    if arguments.name is None:
        if arguments.out or arguments.run:
            raise ValueError(f"which notebook? lookback notebook NAME, one of {', '.join(files)}")
        width = max(map(len, files))
        for name, path in files.items():
            print(f"{name:{width}}  {notebooks.title(path)}")
        return
    name = known("notebook", arguments.name, tuple(files))
    out = Path(arguments.out or f"{name}.ipynb").expanduser()
    if out.suffix != ".ipynb":
        raise ValueError(f"--out {out}: a notebook's name ends in .ipynb")
    if not out.parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.parent}")
    notebooks.write(files[name], out, run=arguments.run)
    print(out)
