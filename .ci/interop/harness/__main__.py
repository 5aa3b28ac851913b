"""Runs every case, prints the table, and compares it with docs/interop.md or writes it there.

Usage: harness --examples FOLDER --installed FOLDER --aws FOLDER --page FILE [--write] [--only NAME]
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "python"))

import aws  # noqa: E402
import clients  # noqa: E402
import issuers  # noqa: E402
import nginx  # noqa: E402
import table  # noqa: E402
from program import Failure  # noqa: E402

AT_ONCE = 4

# They wait for a minute that really passes, so they begin first.
SLOW = ("client go-oidc", "nginx")


class Tools:
    """Where everything is."""

    def __init__(self, examples, installed, aws, folder):
        self.examples, self.installed, self.folder = map(os.path.abspath, (examples, installed, folder))
        self.aws = os.path.abspath(aws)
        self.sources = os.path.dirname(HERE)

    def example(self, name):
        return os.path.join(self.examples, name)

    def python(self, script):
        return [sys.executable, os.path.join(self.sources, "python", f"{script}.py")]

    def node(self, script):
        return ["node", os.path.join(self.installed, "node", f"{script}.mjs")]

    def go(self, program):
        return [os.path.join(self.installed, program)]


def parts(tools):
    """What is run, in the order of the table: a name, and what yields the rows."""
    for name, command in {
        "ours": [tools.example("interop_verifier")],
        "pyjwt": tools.python("client_pyjwt"),
        "joserfc": tools.python("client_joserfc"),
        "jose": tools.node("client_jose"),
        "openid-client": tools.node("client_openid_client"),
        "go-oidc": tools.go("client_go_oidc"),
        "openssl": tools.python("client_openssl"),
    }.items():
        yield f"client {name}", partial(clients.rows, name, command, tools)
    for name, command in {
        "pyjwt": tools.python("issuer_pyjwt"),
        "joserfc": tools.python("issuer_joserfc"),
        "jose": tools.node("issuer_jose"),
        "oauth2-mock-server": tools.node("issuer_oauth2_mock_server"),
        "oidc-provider": tools.node("issuer_oidc_provider"),
    }.items():
        yield f"issuer {name}", partial(issuers.rows, name, command, tools)
    yield "aws", partial(aws.rows, tools)
    yield "nginx", partial(nginx.rows, tools)


def is_fast(part):
    return part[0] not in SLOW


def run(part):
    name, cases = part
    begun, rows, failure = time.monotonic(), [], None
    try:
        rows.extend(cases())
    except Failure as error:
        failure = f"{name}: {error}"
    except Exception as error:  # a mistake of ours; the others shall have their say all the same
        traceback.print_exc()
        failure = f"{name}: {error!r}"
    took = time.monotonic() - begun
    print(f"{name}: {'FAILED' if failure else 'ok'}, {took:.0f} s", file=sys.stderr, flush=True)
    return rows, failure


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--examples", required=True)
    arguments.add_argument("--installed", required=True)
    arguments.add_argument("--aws", required=True, help="the environment of the AWS CLI and boto3")
    arguments.add_argument("--page", required=True)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("--only", help="run the parts whose names have this in them")
    options = arguments.parse_args()

    # Nobody's account is used by accident.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="interop-") as folder:
        tools = Tools(options.examples, options.installed, options.aws, folder)
        chosen = [part for part in parts(tools) if (options.only or "") in part[0]]
        if not chosen:
            arguments.error(f"no part has `{options.only}` in its name")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            begun = {part[0]: pool.submit(run, part) for part in sorted(chosen, key=is_fast)}
        outcomes = [begun[name].result() for name, _ in chosen]
    rows = [row for rows, _ in outcomes for row in rows]
    failures = [failure for _, failure in outcomes if failure]
    print(table.written(rows), end="")
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    if failures or options.only:
        return 1 if failures else 0

    with open(options.page, encoding="utf-8") as file:
        page = file.read()
    if options.write:
        with open(options.page, "w", encoding="utf-8") as file:
            file.write(table.replaced(page, rows))
        return 0
    stands = table.read(page)
    if table.without_versions(stands) != table.without_versions(rows):
        print(f"{options.page} has another table: run `.ci/interop/run --write`", file=sys.stderr)
        return 1
    if stands != rows:
        print(f"note: {options.page} was written with other versions", file=sys.stderr)
    return 0


sys.exit(main())
