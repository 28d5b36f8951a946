"""Pure model definitions in Linen: no file, clock, global or print; `models` imports only `models`."""
