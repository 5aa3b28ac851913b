"""What wrk does to a program, within bounds: so many connections, for so long."""

import json
import os
import subprocess
from dataclasses import dataclass

REQUESTS = os.path.join(os.path.dirname(__file__), "..", "requests.lua")
CONNECTIONS = 64
# Together some 2,000 requests in a second, if they are answered at once.
CONNECTIONS_OF_THE_FLOOD = 64
PAUSE_OF_THE_FLOOD_MS = 32


@dataclass
class Measured:
    """What one run of wrk measured; times in milliseconds."""

    requests: int
    seconds: float
    not_2xx: int
    unanswered: int
    p50: float
    p99: float
    longest: float

    @property
    def rate(self):
        return self.requests / self.seconds


class Load:
    """A run of wrk, which ends by itself."""

    def __init__(self, running, fresh, repeated, connections, seconds, pause_ms=0):
        threads = min(2, connections)
        command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
        command += ["-s", REQUESTS, running.url, "--", running.program.media_type]
        self._seconds = seconds
        self._process = subprocess.Popen(
            [*command, fresh, repeated, str(threads), str(pause_ms)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def is_over(self):
        return self._process.poll() is not None

    def measured(self):
        """Waits for its end."""
        _, said = self._process.communicate(timeout=self._seconds + 60)
        if self._process.returncode != 0:
            raise RuntimeError(f"wrk has failed: {said}")
        found = json.loads(said.splitlines()[-1])
        return Measured(
            requests=found["requests"],
            seconds=found["microseconds"] / 1e6,
            not_2xx=found["not_2xx"],
            unanswered=found["socket"] + found["timeout"],
            p50=found["p50"] / 1000,
            p99=found["p99"] / 1000,
            longest=found["max"] / 1000,
        )
