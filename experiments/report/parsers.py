"""Parsers that other people published: labelled recall, precision and F1, and what they learned from.

Lecture 001 shows one table for all of them, but most rows use more than the treebank, so that what a row used
is its protocol. English is section 23 of the Wall Street Journal, Chinese the Chinese Treebank 5.1.
"""

from experiments.report.table import Published

_MRINI = "Mrini et al. 2020, tables 3 and 4, as the lecture shows them"
_COLUMNS = ("LR, English", "LP, English", "F1, English", "LR, Chinese", "LP, Chinese", "F1, Chinese")
_TREEBANK = "the treebank alone"

LECTURE = tuple(
    Published(row, dict(zip(_COLUMNS, values, strict=True)), f"data used: {used}", _MRINI)
    for row, used, *values in (
        ("Shen et al. 2018", _TREEBANK, "92.0", "91.7", "91.8", "86.6", "86.4", "86.5"),
        ("Fried & Klein 2018", _TREEBANK, "", "", "92.2", "", "", "87.0"),
        ("Teng & Zhang 2018", _TREEBANK, "92.2", "92.5", "92.4", "86.6", "88.0", "87.3"),
        (
            "Vaswani et al. 2017",
            "semi-supervised, the treebank and 17M sentences that other parsers parsed; of the treebank "
            "alone 91.3",
            *("", "", "92.7", "", "", ""),
        ),
        ("Dyer et al. 2016", "the treebank, and pretrained word vectors", "", "", "93.3", "", "", "84.6"),
        ("Kuncoro et al. 2017", "the treebank, and pretrained word vectors", "", "", "93.6", "", "", ""),
        ("Charniak et al. 2016", "the treebank, and sentences that other parsers parsed")
        + ("", "", "93.8", "", "", ""),
        ("Liu & Zhang 2017b", "the treebank, and pretrained word vectors")
        + ("91.3", "92.1", "91.7", "85.9", "85.2", "85.5"),
        ("Liu & Zhang 2017a", "the treebank, and pretrained word vectors; reranked by a generative parser")
        + ("", "", "94.2", "", "", "86.1"),
        ("Suzuki et al. 2018", "the treebank; an ensemble, reranked by language models")
        + ("", "", "94.32", "", "", ""),
        ("Takase et al. 2018", "the treebank; an ensemble, reranked by language models")
        + ("", "", "94.47", "", "", ""),
        ("Fried et al. 2017", "the treebank, and sentences that other parsers parsed; an ensemble, reranked")
        + ("", "", "94.66", "", "", ""),
        ("Kitaev & Klein 2018", "the treebank, and ELMo") + ("94.85", "95.40", "95.13", "", "", ""),
        ("Kitaev et al. 2018", "the treebank, and BERT")
        + ("95.51", "96.03", "95.77", "91.55", "91.96", "91.75"),
        ("Zhou & Zhao 2019, BERT", "the treebank, its dependencies too, and BERT")
        + ("95.70", "95.98", "95.84", "92.03", "92.33", "92.18"),
        ("Zhou & Zhao 2019, XLNet", "the treebank, its dependencies too, and XLNet")
        + ("96.21", "96.46", "96.33", "", "", ""),
        ("Mrini et al. 2020", "the treebank, its dependencies too, and XLNet (English), BERT (Chinese)")
        + ("96.24", "96.53", "96.38", "91.85", "93.45", "92.64"),
    )
)

_VINYALS = "Vinyals et al. 2015; EVALB with malformed trees repaired, beam 10"
_WSJ = "data used: the Wall Street Journal alone, 40,000 sentences"
VINYALS = tuple(
    Published(row, {"F1, English": f1}, protocol, _VINYALS)
    for row, f1, protocol in (
        ("LSTM, dropout", "< 70", _WSJ),
        ("LSTM + attention", "86.5", _WSJ),
        ("LSTM + attention, dropout", "88.3", _WSJ),
        ("LSTM + attention, dropout, ensemble", "90.5", _WSJ),
        ("LSTM + attention, 11M parsed sentences", "92.5", "data used: sentences that other parsers parsed"),
        (
            "LSTM + attention, 11M parsed sentences, ensemble",
            "92.8",
            "data used: sentences that other parsers parsed",
        ),
    )
)

PARSING = (*LECTURE, *VINYALS)
