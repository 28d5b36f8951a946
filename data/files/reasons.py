"""What a library says of a file, as a message of ours can hold it."""


def reason(error: BaseException) -> str:
    """The kind of an error and its words, on one line of at most 160 characters."""
    words = " ".join(repr(error).replace("\\n", " ").split())
    return words if len(words) <= 160 else f"{words[:157]} .."
