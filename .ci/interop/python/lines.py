"""A program that is asked by JSON lines: what all clients and issuers here have in common.

The first line that it writes says who it is. Then each line read is an object whose member `do` names
the order, and each line written is the answer.
"""

import json
import sys
import time


def write(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def serve(ready, orders):
    """Answers until standard input ends. `orders` are functions by the name in `do`."""
    write(ready)
    for line in sys.stdin:
        order = json.loads(line)
        write(orders[order.pop("do")](**order))


def verifier(software, version, verify):
    """A relying party: `verify(issuer, audience, token)` gives the claims, or throws."""

    def answer(issuer, audience, token):
        try:
            return {"ok": True, "subject": verify(issuer, audience, token)["sub"]}
        except Exception as error:  # whatever the library refuses with
            return {"ok": False, "why": f"{type(error).__name__}: {error}"}

    serve({"software": software, "version": version}, {"verify": answer, "later": later})


_moved = 0.0
_monotonic = time.monotonic


def later(seconds):
    """Moves the clock that caches go by."""
    global _moved
    _moved += seconds
    time.monotonic = lambda: _monotonic() + _moved
    return {}
