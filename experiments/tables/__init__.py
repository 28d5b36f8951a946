"""One file a table of the lectures: its rows, columns, published values and the command that fills it."""
