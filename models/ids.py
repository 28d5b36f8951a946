"""The ids that every vocabulary begins with, as models read them; `data/ids.py` gives them to text.

Padding is 0, so that a batch of zeros is an empty batch; BOS and EOS stand about a sentence; UNK is a word
out of the vocabulary. Ids from SPECIAL on are words.
"""

PAD, BOS, EOS, UNK, SPECIAL = range(5)
