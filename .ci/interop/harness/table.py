"""The table of docs/interop.md: rows of software, version, case, result."""

BEGIN = "<!-- Written by `.ci/interop/run --write`: -->\n"
END = "<!-- the end of what it writes -->\n"
HEAD = ["software", "version", "case", "result"]


def written(rows):
    lines = [HEAD, ["---"] * len(HEAD), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def read(page):
    """The rows that stand in a page."""
    lines = page.partition(BEGIN)[2].partition(END)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[3:] if line]


def replaced(page, rows):
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for the table")
    return f"{before}{BEGIN}\n{written(rows)}\n{END}{after}"


def without_versions(rows):
    """Debian's packages have other versions on other machines; what they do must be the same."""
    return [[software, case, result] for software, _, case, result in rows]
