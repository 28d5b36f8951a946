"""Tables from run directories: numbers by hand, golden text in each format, refusals, broken runs."""

import csv
import dataclasses
import io
import random
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from run_folder import keep_counts, write_run

from experiments.report import published
from experiments.report.changed_rows import with_ablations
from experiments.report.columns import COSTS, Cell, Column, Cost, Significance
from experiments.report.table import Published, Table, cells, render
from train.folder.record import collect
from train.metrics.bleu import matches

PROTOCOL = {
    "signature": "nrefs:1|case:lc|tok:13a",
    "corpus": "world_1 & <co>",
    "split": "test",
    "decoding": "beam 5",
    "weights": "last",
}
BLEU = Column("BLEU", "test")


def write(runs, row, seed, *lines, tail="", **run):
    """A run directory as training leaves it."""
    folder = runs / "t" / row / str(seed)
    origin = {"commit": "abc123", "device": "2 × cpu"}
    return write_run(folder, *lines, tail=tail.encode(), **{"row": row, "seed": seed} | origin | run)


def result(value, metric="BLEU", **protocol):
    return {
        "kind": "result",
        "metric": metric,
        "name": "test",
        "value": value,
        "protocol": PROTOCOL | protocol,
    }


def table(rows=("a", "b_|1%"), columns=None, **fields):
    columns = {"BLEU": BLEU, "size": Cost("parameters")} if columns is None else columns
    return Table("t", "R&D <en|de> 5%", columns, rows[0], dict.fromkeys(rows), seeds=(0, 1), **fields)


@pytest.fixture
def small(tmp_path):
    """Two seeds of one row, one of another, a third not run; one published row."""
    cost = {"kind": "cost", "parameters": 2_610_000, "seconds": 100.0}
    write(tmp_path, "a", 0, result(20.0), cost)
    write(tmp_path, "a", 1, result(21.0), cost)
    write(tmp_path, "b_|1%", 0, result(31.26), cost | {"parameters": 950})
    theirs = Published("C<D>", {"BLEU": "41.02", "ppl": ""}, "tok & lc_1", "A|B 2017")
    return table(("a", "b_|1%", "not run"), published=(theirs,)), collect(tmp_path, "t")


MD = r"""### R&D \<en\|de> 5%

|         |   n |       BLEU | size |
|:--------|----:|-----------:|-----:|
| a       |   2 | 20.5 ± 0.7 | 2.6M |
| b\_\|1% |   1 |   **31.3** |  950 |
| not run |   0 |          – |    – |

- BLEU: `nrefs:1|case:lc|tok:13a`; corpus world_1 & \<co>; split test; decoding beam 5
- Mean ± sample standard deviation over n seeds
- Runs: seeds 0, 1 (a), 0 (b\_\|1%); commit abc123; device 2 × cpu; weights last
- – not run yet: `lookback run t --rows 'not run'`
- Fewer than 2 seeds so far: `lookback run t --rows 'b_|1%'`

### Published (1 of 1), each under its own protocol

|       |  BLEU | ppl |
|:------|------:|----:|
| C\<D> | 41.02 |   – |

- Protocol: tok & lc_1
- Source: A\|B 2017
"""  # noqa: E501

LATEX = r"""% \usepackage{booktabs}
\begin{table}
\centering
\caption{R\&D \textless{}en\textbar{}de\textgreater{} 5\%}
\begin{tabular}{lrrr}
\toprule
 & n & BLEU & size \\
\midrule
a & 2 & 20.5 $\pm$ 0.7 & 2.6M \\
b\_\textbar{}1\% & 1 & \textbf{31.3} & 950 \\
not run & 0 & -- & -- \\
\bottomrule
\end{tabular}
\par\footnotesize BLEU: \texttt{nrefs:1\textbar{}case:lc\textbar{}tok:13a}; corpus world\_1 \& \textless{}co\textgreater{}; split test; decoding beam 5
"""  # noqa: E501

HTML = """<table>
<caption>R&amp;D &lt;en|de&gt; 5%</caption>
<thead><tr><th scope="col" style="text-align: left"></th><th scope="col" style="text-align: right">n</th>\
<th scope="col" style="text-align: right">BLEU</th><th scope="col" style="text-align: right">size</th></tr></thead>
<tbody>
<tr><th scope="row" style="text-align: left">a</th><td style="text-align: right">2</td>\
<td style="text-align: right">20.5 ± 0.7</td><td style="text-align: right">2.6M</td></tr>
<tr><th scope="row" style="text-align: left">b_|1%</th><td style="text-align: right">1</td>\
<td style="text-align: right"><strong>31.3</strong></td><td style="text-align: right">950</td></tr>
"""  # noqa: E501

CSV = [
    "table,origin,row,column,mean,std,n,protocol,source",
    f"t,runs,a,BLEU,20.5,0.7071067811865476,2,{'; '.join(f'{k}={v}' for k, v in PROTOCOL.items())},"
    '"seeds 0, 1; commit abc123; device 2 × cpu; weights last"',
    't,runs,a,size,2610000.0,0.0,2,,"seeds 0, 1; commit abc123; device 2 × cpu; weights last"',
]


def test_markdown_is_as_agreed(small):
    assert render(*small, "md") == MD


def test_latex_is_as_agreed(small):
    text = render(*small, "latex")
    assert text.startswith(LATEX)
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == 2
    assert (
        r"\texttt{lookback run t --rows 'not run'}" in text
        and r"\par\footnotesize Protocol: tok \& lc\_1" in text
    )


def test_html_is_as_agreed(small):
    text = render(*small, "html")
    assert text.startswith(HTML)
    assert (
        "<code>lookback run t --rows &#x27;not run&#x27;</code>" in text
        and "<li>Protocol: tok &amp; lc_1</li>" in text
    )


def test_csv_has_the_numbers_unrounded_and_their_protocol(small):
    text = render(*small, "csv")
    assert text.splitlines()[:3] == CSV
    lines = list(csv.DictReader(io.StringIO(text)))
    first, missing, theirs = lines[0], lines[4], lines[6]
    assert float(first["mean"]) == 20.5 and float(first["std"]) == statistics.stdev([20, 21])
    assert first["n"] == "2" and "signature=nrefs:1|case:lc|tok:13a" in first["protocol"]
    assert (missing["mean"], missing["n"], missing["source"]) == ("", "0", "lookback run t --rows 'not run'")
    assert (theirs["origin"], theirs["row"], theirs["mean"]) == ("published", "C<D>", "41.02")


def test_an_unknown_format_is_refused(small):
    with pytest.raises(ValueError, match="one of md, latex, csv, html"):
        render(*small, "pdf")


def test_mean_and_spread_by_hand():
    cell = Cell((1.0, 2.0, 6.0))
    assert (cell.n, cell.mean) == (3, 3.0)
    assert cell.std == pytest.approx(7**0.5)  # (4 + 1 + 9) / 2
    assert Cell((5.0,)).std is None and Column("BLEU", "test").text(Cell((5.0,))) == "5.0"


def test_digits_after_the_point_or_significant_ones(tmp_path):
    for seed, value in enumerate((123.456, 0.0001234)):
        write(tmp_path, "a", seed, result(value))
        column = Column("BLEU", "test", 3, significant=bool(seed))
        (record,) = [record for record in collect(tmp_path, "t")["a"] if record.seed == seed]
        assert column.text(column.cell([record])) == ("123.456", "0.000123")[seed]


def test_the_lowest_is_best_where_lower_is_better(tmp_path):
    write(tmp_path, "a", 0, result(5.0, "loss"))
    write(tmp_path, "b", 0, result(4.0, "loss"))
    loss = {"loss": Column("loss", "test", 2, better="lower")}
    text = render(table(("a", "b"), loss), collect(tmp_path, "t"))
    assert "**4.00**" in text and "**5.00**" not in text
    neither = {"loss": dataclasses.replace(loss["loss"], better="neither")}
    assert "**" not in render(table(("a", "b"), neither), collect(tmp_path, "t"))
    with pytest.raises(ValueError, match="'higher', 'lower' or 'neither'"):
        Column("loss", "test", better="less")


def test_a_seed_that_diverged_shows_and_is_never_best(tmp_path):
    write(tmp_path, "a", 0, result(None, "loss"))
    write(tmp_path, "a", 1, result(1.0, "loss"))
    for row, value in {"b": 4.0, "c": 5.0}.items():
        write(tmp_path, row, 0, result(value, "loss"))
    loss = {"loss": Column("loss", "test", 1, better="lower")}
    text = render(table(("a", "b", "c"), loss), collect(tmp_path, "t"))
    assert "nan ± nan" in text and "**4.0**" in text


@pytest.mark.parametrize(
    "field, value",
    [
        ("signature", "nrefs:1|case:mixed|tok:none"),
        ("corpus", "other"),
        ("split", "valid"),
        ("decoding", "greedy"),
    ],
)
def test_scores_of_unlike_protocol_do_not_share_a_column(tmp_path, field, value):
    write(tmp_path, "a", 0, result(20.0))
    write(tmp_path, "b", 1, result(30.0, **{field: value}))
    with pytest.raises(ValueError) as error:
        render(table(("a", "b")), collect(tmp_path, "t"))
    message = str(error.value)
    assert "rows a (seed 0) and b (seed 1)" in message and f"{field}: {PROTOCOL[field]} / {value}" in message
    assert "\n" not in message and not any(
        f"{other}:" in message for other in {"corpus", "decoding"} - {field}
    )


def test_seeds_of_one_row_do_not_mix_protocols_either(tmp_path):
    write(tmp_path, "a", 0, result(20.0))
    write(tmp_path, "a", 1, result(20.0, tokenisation="none"))
    with pytest.raises(ValueError, match=r"rows a \(seed 0\) and a \(seed 1\).*tokenisation: None / none"):
        cells(table(("a",)), collect(tmp_path, "t"))


def test_what_else_the_protocols_say_is_told_by_row(tmp_path):
    write(tmp_path, "a", 0, result(20.0))
    write(tmp_path, "b", 0, result(30.0, weights="average of last 10"), commit="def456+dirty")
    text = render(table(("a", "b")), collect(tmp_path, "t"))
    assert "weights last (a), average of last 10 (b)" in text
    assert "commit abc123 (a), def456+dirty (b)" in text


def test_nothing_run_is_a_table_of_dashes_and_one_command(tmp_path):
    text = render(table(("a", "b")), collect(tmp_path, "t"))
    assert text.count("–") == 5 and "`lookback run t`" in text


def outputs(folder, hypothesis, reference):
    keep_counts(folder, matches(reference, hypothesis, reference), "BLEU")


def spoiled(lines, every):
    return [line if i % every else "nothing of the kind here" for i, line in enumerate(lines)]


@pytest.fixture
def scored(tmp_path):
    """Row 'better' beats 'base' on both seeds, row 'mixed' on one alone, row 'same' is 'base' again."""
    rng = random.Random(0)
    reference = [" ".join(rng.choices("a b c d e f g h".split(), k=8)) for _ in range(80)]
    good, middle, bad = reference, spoiled(reference, 5), spoiled(reference, 2)
    for row, systems in {"base": (middle, middle), "better": (good, good), "mixed": (good, bad)}.items():
        for seed, hypothesis in enumerate(systems):
            value = {id(good): 100.0, id(middle): 80.0, id(bad): 50.0}[id(hypothesis)]
            outputs(write(tmp_path, row, seed, result(value)), hypothesis, reference)
    outputs(write(tmp_path, "same", 0, result(80.0)), middle, reference)
    return tmp_path, reference


def p_table(*rows):
    return table(("base", *rows), {"BLEU": BLEU, "p": Significance(BLEU, samples=100)})


def test_p_is_against_the_baseline_of_the_same_seed_and_the_largest_counts(scored):
    runs, _ = scored
    filled = cells(p_table("better", "mixed", "same"), collect(runs, "t"))
    assert filled["base"]["p"] is None
    assert filled["better"]["p"].mean < 0.05
    assert filled["mixed"]["p"].mean == 1.0  # significant twice, in opposite directions
    assert filled["same"]["p"].mean == 1.0


def test_p_can_be_spared_and_is_a_dash_without_outputs(scored):
    runs, _ = scored
    write(runs, "bare", 0, result(1.0))
    records = collect(runs, "t")
    assert cells(p_table("better"), records, p_values=False)["better"]["p"] is None
    assert cells(p_table("bare"), records)["bare"]["p"] is None


def test_p_of_other_sentences_is_refused(scored):
    runs, reference = scored
    outputs(write(runs, "odd", 0, result(1.0)), reference, [*reference[1:], "something else"])
    with pytest.raises(ValueError, match="items of test are not those"):
        cells(p_table("odd"), collect(runs, "t"))


def test_costs_print_as_people_read_them():
    def printed(name, value):
        return COSTS[name].text(Cell((value,)))

    assert [printed("parameters", value) for value in (950, 9_500, 60.5e6, 1.558e9)] == [
        "950",
        "9.5k",
        "60.5M",
        "1.6B",
    ]
    assert [printed("time", value) for value in (41, 720, 11_100)] == ["41 s", "12 min", "3 h 05 min"]
    assert printed("FLOPs counted", 3.28e18) == "3.3e18"


def test_a_baseline_that_is_no_row_is_refused():
    with pytest.raises(ValueError, match="none of its rows"):
        Table("t", "", {}, "b", {"a": None})


def test_a_changed_row_stands_under_the_row_it_changes_whose_name_may_have_a_comma(tmp_path):
    for row in ("a", "a, 1 layer", "a, 1 layer, steps=2", "a, steps=2", "other, steps=2"):
        write(tmp_path, row, 0, result(20.0))
    (whole,) = with_ablations(table(("a", "a, 1 layer")), collect(tmp_path, "t"))
    assert list(whole.rows) == ["a", "a, steps=2", "a, 1 layer", "a, 1 layer, steps=2"]


def test_rows_on_data_of_ones_own_stand_by_themselves_where_no_other_was_run(tmp_path):
    everything = table(("a", "b"))
    assert [list(each.rows) for each in with_ablations(everything, {})] == [["a", "b"]]
    for row, corpus in (
        ("a, task.corpus=Mine()", "mine"),
        ("b, task.corpus=Mine()", "mine"),
        ("b, x=1", "w"),
    ):
        write(tmp_path, row, 0, result(20.0, corpus=corpus))
    whole, own = with_ablations(everything, collect(tmp_path, "t"))
    assert list(whole.rows) == ["a", "b", "b, x=1"]
    assert list(own.rows) == ["a, task.corpus=Mine()", "b, task.corpus=Mine()"]
    assert own.title == "t: changed rows, scored under a protocol of their own"
    records = {row: runs for row, runs in collect(tmp_path, "t").items() if "Mine" in row}
    (alone,) = with_ablations(everything, records)
    assert list(alone.rows) == list(own.rows) and "–" not in render(alone, records).split("size")[0]


def test_published_values_carry_protocol_and_source_and_stay_out_of_the_comparison(tmp_path):
    write(tmp_path, "a", 0, result(20.0))
    write(tmp_path, "b", 0, result(10.0))
    text = render(table(("a", "b"), published=published.TRANSLATION), collect(tmp_path, "t"))
    ours, *theirs = text.split("### Published")
    assert "**20.0**" in ours and len(theirs) == len({row.protocol for row in published.TRANSLATION}) == 4
    assert all("Protocol: " in block and "Source: " in block and "**" not in block for block in theirs)
    for row in published.TRANSLATION:
        assert all(float(value) > 0 for value in row.values.values() if value)


def test_the_lectures_flops_are_time_by_devices_by_sustained_rate():
    flops = {row.row: float(row.values["EN-DE FLOPs"] or "nan") for row in published.WMT14}
    assert flops["Transformer base"] == pytest.approx(12 * 3600 * 8 * 9.5e12, rel=0.01)
    assert flops["Transformer big"] == pytest.approx(3.5 * 24 * 3600 * 8 * 9.5e12, rel=0.01)


def test_reading_and_rendering_load_neither_jax_nor_sacrebleu():
    slow = ("jax", "sacrebleu", "matplotlib", "numpy")
    code = f"import sys, experiments.report.published; assert not set({slow}) & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=True)
