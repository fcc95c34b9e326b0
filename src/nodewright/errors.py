"""The base of every error that nodewright raises on purpose."""


class NodewrightError(Exception):
    """Something that the user can mend; the message says what, which value and what to do."""
