"""Scores other people published, with the protocol and the place each was read in.

Each protocol stands alone: the Multi30k rows differ in direction, tokenisation and decoding, so a BLEU of
28 in one group may be the better system than a BLEU of 36 in another.
"""

from experiments.report.table import Published

_BENTREVETT = "github.com/bentrevett/pytorch-seq2seq, outputs stored in the notebooks"
_MULTI30K_DE_EN = (
    "Multi30k de-en, test_2016_flickr, lower-cased words by spaCy, greedy decoding, BLEU of those tokens"
)

MULTI30K = (
    Published(
        "Transformer-tiny (4+4 layers, 128/256, 4 heads)",
        {"BLEU": "41.02"},
        "Multi30k en-de, test_2016_flickr, lower-cased, normalised, tokenised files; joint BPE; "
        "last 10 checkpoints averaged, beam 5, tokenised BLEU",
        "github.com/LividWo/Revisit-MMT",
    ),
    Published("LSTM", {"BLEU": "13.76", "perplexity": "43.8"}, _MULTI30K_DE_EN, _BENTREVETT),
    Published("GRU", {"BLEU": "20.61", "perplexity": "37.5"}, _MULTI30K_DE_EN, _BENTREVETT),
    Published("GRU, additive", {"BLEU": "28.30", "perplexity": "25.6"}, _MULTI30K_DE_EN, _BENTREVETT),
    *(
        Published(
            row,
            {"BLEU": bleu, "perplexity": perplexity},
            f"{_MULTI30K_DE_EN}; earlier (legacy) edition of the notebooks",
            _BENTREVETT,
        )
        for row, bleu, perplexity in (
            ("GRU, additive, padding masked", "28.11", "23.2"),
            ("ConvS2S (37M)", "34.14", "6.26"),
            ("Transformer (9.0M)", "36.52", "5.32"),
        )
    ),
)

_XU_COLUMNS = ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "METEOR")
CAPTIONS = tuple(
    Published(
        row,
        dict(zip(_XU_COLUMNS, values, strict=True)),
        f"{corpus}, other pictures and captions than these, their places by a network trained on ImageNet",
        "Xu et al. 2015, Table 1",
    )
    for corpus, row, *values in (
        ("Flickr8k", "soft attention", "67", "44.8", "29.9", "19.5", "18.93"),
        ("Flickr8k", "hard attention", "67", "45.7", "31.4", "21.3", "20.30"),
        ("Flickr30k", "soft attention", "66.7", "43.4", "28.8", "19.1", "18.49"),
    )
)

_WMT14_COLUMNS = ("EN-DE BLEU", "EN-FR BLEU", "EN-DE FLOPs", "EN-FR FLOPs")
_WMT14 = (
    "WMT14 newstest2014, tokenised BLEU, EN-DE with compounds split; Transformer: beam 4, length penalty "
    "0.6, last 5 (base) or 20 (big) checkpoints averaged. FLOPs are training time × GPUs × sustained TFLOP/s "
    "(K80 2.8, K40 3.7, M40 6.0, P100 9.5), no operation count: 8 P100 for 12 h (base), for 3.5 days (big), "
    "one figure for both language pairs"
)
_VASWANI = (
    "Vaswani et al. 2017, Table 2, as the lecture shows it; for the big model on EN-FR the table and the "
    "abstract say 41.8, the paper's own prose 41.0"
)

WMT14 = tuple(
    Published(
        row,
        dict(zip(_WMT14_COLUMNS, values, strict=True)),
        _WMT14,
        _VASWANI,
    )
    for row, *values in (
        ("ByteNet", "23.75", "", "", ""),
        ("Deep-Att + PosUnk", "", "39.2", "", "1.0e20"),
        ("GNMT + RL", "24.6", "39.92", "2.3e19", "1.4e20"),
        ("ConvS2S", "25.16", "40.46", "9.6e18", "1.5e20"),
        ("MoE", "26.03", "40.56", "2.0e19", "1.2e20"),
        ("Deep-Att + PosUnk, ensemble", "", "40.4", "", "8.0e20"),
        ("GNMT + RL, ensemble", "26.30", "41.16", "1.8e20", "1.1e21"),
        ("ConvS2S, ensemble", "26.36", "41.29", "7.7e19", "1.2e21"),
        ("Transformer base", "27.3", "38.1", "3.3e18", "3.3e18"),
        ("Transformer big", "28.4", "41.8", "2.3e19", "2.3e19"),
    )
)

TRANSLATION = (*MULTI30K, *WMT14)

_PTB = "Penn Treebank, 10,000 words, state carried through the split"
_TENSORFLOW = f"{_PTB}; rows of the TensorFlow tutorial's table, mean over the words of the split"
_POINTED = f"{_PTB}; as the authors' table prints it"

PENN_TREEBANK = tuple(
    Published(row, {"perplexity, valid": valid, "perplexity, test": test}, protocol, source)
    for row, valid, test, protocol, source in (
        ("LSTM, 2 x 200", "121.39", "115.91", _TENSORFLOW, "github.com/tensorflow/models, ptb_word_lm.py"),
        ("LSTM, 2 x 650", "86.16", "82.07", _TENSORFLOW, "github.com/tensorflow/models, ptb_word_lm.py"),
        ("LSTM, 2 x 1500", "82.62", "78.29", _TENSORFLOW, "github.com/tensorflow/models, ptb_word_lm.py"),
        ("pointer sentinel LSTM, 21M", "72.4", "70.9", _POINTED, "Merity et al. 2017, table 2"),
        ("AWD-LSTM, 24M", "61.2", "58.8", _PTB, "github.com/salesforce/awd-lstm-lm, README"),
        ("AWD-LSTM, fine-tuned", "58.8", "56.5", _PTB, "github.com/salesforce/awd-lstm-lm, README"),
    )
)

_NANOGPT = "tiny Shakespeare, first 90 % train, rest validation; nats a character over random windows"

TINY_SHAKESPEARE = tuple(
    Published(row, {"loss": loss}, _NANOGPT, "github.com/karpathy/nanoGPT, README")
    for row, loss in (
        ("GPT 4 x 128, context 64, batch 12, 2,000 updates", "1.88"),
        ("GPT 6 x 384, context 256, batch 64, 5,000 updates", "1.4697"),
    )
)
