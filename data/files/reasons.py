"""What a library says of a file, as a message of ours can hold it."""


def reason(error: BaseException) -> str:
    """The kind of an error and its words, on one line of at most 120 characters."""
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return words if len(words) <= 120 else f"{words[:117]} .."
