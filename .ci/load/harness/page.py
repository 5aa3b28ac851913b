"""The table of docs/load.md."""

import os
import platform
from dataclasses import dataclass

BEGIN = "<!-- Written by `.ci/load/run --write`: -->\n"
END = "<!-- the end of what it writes -->\n"


@dataclass
class Column:
    """What was measured of one program."""

    name: str
    times: object
    normal: object
    flooded: object
    flood_rate: float
    flood_fetches: int
    outage: object
    memory_warm: float
    memory_after: float
    memory_peak: float

    def rows(self):
        times, normal, flooded, outage = self.times, self.normal, self.flooded, self.outage
        during = outage.measured
        yield "**under load**, s", f"{times.load}"
        yield "exchanges in a second", f"{normal.rate:,.0f}"
        yield "of these not answered with 200", f"{bad(normal)}"
        yield "p50, p99, longest, ms", latencies(normal)
        yield "**with a flood of unknown keys**, s", f"{times.load}"
        yield "of the flood in a second", f"{self.flood_rate:,.0f}"
        yield "good exchanges in a second", f"{flooded.rate:,.0f}"
        yield "of these not answered with 200", f"{bad(flooded)}"
        yield "p50, p99, longest, ms", latencies(flooded)
        yield "p99, to that without the flood", f"{flooded.p99 / normal.p99:.2f}"
        yield "fetches of keys that the flood caused", f"{self.flood_fetches}"
        yield "**with the flood, issuer away**, s of s", f"{times.outage} of {times.with_outage}"
        yield "good exchanges in a second", f"{during.rate:,.0f}"
        yield "of these not answered with 200", f"{bad(during)}"
        yield "p50, p99, longest, ms", latencies(during)
        yield "first token of the rotated key, s after it is back", recovered(outage)
        yield "fetches of keys after it is back", f"{len(outage.fetched)}"
        yield "**memory**: warm, at the end, at its peak, MiB", self.memory()

    def memory(self):
        return f"{self.memory_warm:.1f}, {self.memory_after:.1f}, {self.memory_peak:.1f}"


def bad(measured):
    return measured.not_2xx + measured.unanswered


def latencies(measured):
    return f"{measured.p50:.1f}, {measured.p99:.1f}, {measured.longest:.1f}"


def recovered(outage):
    if outage.recovered_after is None:
        return "never"
    return f"{outage.recovered_after:.1f}"


def table(columns, load_before):
    names = " | ".join(f"`{column.name}`" for column in columns)
    lines = [f"| | {names} |", "| --- |" + " ---: |" * len(columns)]
    for cells in zip(*(column.rows() for column in columns)):
        lines.append(f"| {cells[0][0]} | {' | '.join(value for _, value in cells)} |")
    cores = len(os.sched_getaffinity(0))
    machine = f"{cores} cores, {platform.machine()}, {platform.system()}"
    lines += ["", f"Measured on a machine of {machine}, with a load of {load_before:.1f} before it began."]
    return "\n".join(lines)


def write(path, text):
    with open(path, encoding="utf-8") as file:
        before, begin, rest = file.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no place for the table")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{text}\n\n{END}{after}")
