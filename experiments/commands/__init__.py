"""One file a command: a docstring that is its help, `add_arguments` and `execute`."""
