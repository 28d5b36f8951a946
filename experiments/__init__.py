"""Each file is one table of the lectures: its rows, columns, published values and the command that fills it."""
