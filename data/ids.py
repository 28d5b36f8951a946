"""The ids that every vocabulary of the repository begins with, and how their pieces are written.

Padding is 0 so that a batch of zeros is an empty batch; BOS and EOS wrap a target sentence y1..yn as inputs
(BOS y1..yn) and targets (y1..yn EOS); UNK stands for what a tokenizer cannot write.
"""

PAD, BOS, EOS, UNK = range(4)

SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
WORD_START = "▁"  # how a piece is written that begins a word, as in SentencePiece
