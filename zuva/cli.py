"""The command's first instants: until all is imported, Ctrl-C ends it without a word."""

import signal
import sys

_EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        # A Python handler would let Ctrl-C surface as a traceback out of whatever is being imported.
        quietly = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if quietly:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        from zuva.commands import run

        if quietly:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        run()
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)
