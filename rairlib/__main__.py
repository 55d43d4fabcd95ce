"""The way in, as ``rairlib`` and ``python -m rairlib``: from here on Ctrl-C is one line."""

import os
import signal
import sys


def main() -> int:
    """Run the command line.

    Returns
    -------
    int
        See :func:`rairlib.cli.main`.
    """

    def stop(*_) -> None:
        os.write(2, b"stopped\n")
        os._exit(130)

    # An exception would not do: imports and compiled code swallow it, or turn it into another.
    signal.signal(signal.SIGINT, stop)
    from rairlib import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
