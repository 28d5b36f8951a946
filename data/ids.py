"""The ids that every vocabulary of the repository begins with, in text and in models alike.

Padding is 0 so that a batch of zeros is an empty batch; the marks of beginning and end wrap a target
sentence y1..yn as inputs (BOS y1..yn) and targets (y1..yn EOS); UNK stands for what a tokenizer cannot spell.
"""

PAD, BOS, EOS, UNK = range(4)

SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
