"""Looking back: scores, masks as data, the kernels, many heads, pointers."""
