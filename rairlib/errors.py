"""The one error type that users see: a clear line in the domain's words."""


class RairlibError(Exception):
    """A fault in the input, told in one line per fault; the command line exits with 2."""
