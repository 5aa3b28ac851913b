"""A program that is asked by JSON lines, one answer for each."""

import json
import os
import queue
import subprocess
import threading

# A start may fetch documents and make RSA keys; our relying party waits two seconds for new keys.
ANSWER_WITHIN_SECONDS = 90


class Failure(Exception):
    """A case that does not come out as it must, in words for whoever reads the log."""


class Program:
    """Runs it, and reads what it says first into `ready`. Use it with `with`."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self._log = open(os.path.join(folder, f"{name}.stderr"), "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.ready = self._answer()
        except BaseException:
            self._end()
            raise

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _answer(self):
        try:
            line = self._lines.get(timeout=ANSWER_WITHIN_SECONDS)
        except queue.Empty:
            raise Failure(f"{self.name}: no answer in {ANSWER_WITHIN_SECONDS} s") from None
        if line is None:
            self._process.wait()
            self._log.seek(0)
            raise Failure(f"{self.name}: it has ended: {self._log.read()[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failure(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, do, **order):
        """The answer to an order; one with `error` is a failure."""
        try:
            self._process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer says why
        return self._answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()

    def _end(self):
        # The end of its input ends it.
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
