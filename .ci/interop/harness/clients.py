"""Other people's relying parties, and ours, with the tokens of our issuer."""

import json
import subprocess
import time
import urllib.request

import forgeries
import spki
from program import Failure, Program

AUDIENCE = "https://deploy.example"
SUBJECT = "job-42"

# Tokens of hours ago are still valid, and no clock is ahead of anybody's.
START_BEFORE_SECONDS = 3 * 60 * 60

# Past what every client here waits between two fetches for a `kid` that it does not know.
COOLDOWN_SECONDS = 2 * 60

# Past the time for which every client here keeps a key set.
CACHE_SECONDS = 15 * 60

# What a client cannot do. A run fails when this is not the whole truth any more.
NOT_SUPPORTED = {
    "PyJWT": ["Ed25519"],
    "joserfc": [],
    "jose": [],
    "openid-client": [],
    "go-oidc": ["Ed25519"],
    "OpenSSL": [],
}


def rows(name, command, tools):
    """One client from its first fetch to an emergency. Its rows of the table."""
    start = int(time.time()) - START_BEFORE_SECONDS
    issuer_command = [tools.example("interop_issuer"), "--start", start]
    with (
        Program(f"issuer-for-{name}", issuer_command, tools.folder) as issuer,
        Program(f"client-{name}", command, tools.folder) as client,
    ):
        case = Case(issuer, client)
        yield case.row("discovers, fetches, verifies", case.verifies_each_algorithm())
        yield case.row("forgeries", case.refuses_forgeries())
        if name == "openssl":
            # It keeps no key set.
            yield case.row("reads exported private keys", case.reads_exported_keys())
            return
        yield case.row("the next key of a rotation, which it has fetched", case.rotates())
        yield case.row("the key after that, which it has not", case.rotates_on())
        yield case.row("an emergency revocation", case.revokes())


class Case:
    def __init__(self, issuer, client):
        self.issuer, self.client = issuer, client
        self.software = client.ready["software"]
        self.identifier = issuer.ready["issuer"]
        self.algorithms = issuer.ready["algorithms"]
        self.missing = NOT_SUPPORTED[self.software]
        self.supported = [each for each in self.algorithms if each not in self.missing]
        self.generations = [self.tokens()]

    def row(self, case, result):
        return [self.software, self.client.ready["version"], case, result]

    def tokens(self):
        """A token of each algorithm, by the key that signs now."""
        order = {"subject": SUBJECT, "audience": AUDIENCE}
        return {
            algorithm: self.issuer.ask("token", algorithm=algorithm, **order)["token"]
            for algorithm in self.algorithms
        }

    def ask(self, token):
        return self.client.ask("verify", issuer=self.identifier, audience=AUDIENCE, token=token)

    def must_verify(self, token, what):
        answer = self.ask(token)
        if answer.get("subject") != SUBJECT:
            raise Failure(f"{self.software} refuses {what}: {answer}")

    def must_refuse(self, token, what):
        answer = self.ask(token)
        if answer["ok"]:
            raise Failure(f"{self.software} accepts {what}: {answer}")

    def all_verify(self, *generations):
        for generation in generations:
            for algorithm in self.supported:
                self.must_verify(self.generations[generation][algorithm], f"{algorithm} {generation}")

    def verifies_each_algorithm(self):
        self.all_verify(0)
        for algorithm in self.missing:
            self.must_refuse(self.generations[0][algorithm], f"{algorithm}, which it cannot do")
        names = " ".join(self.supported)
        return f"{names}; not supported by it: {' '.join(self.missing)}" if self.missing else names

    def refuses_forgeries(self):
        with urllib.request.urlopen(f"{self.identifier}/.well-known/jwks.json") as response:
            keys = {key["kid"]: key for key in json.load(response)["keys"]}
        kids = {each: forgeries.header_of(self.generations[0][each])["kid"] for each in self.algorithms}
        made = 0
        for place, algorithm in enumerate(self.algorithms):
            other_kid = kids[self.algorithms[place - 1]]
            forged = forgeries.all_of(self.generations[0][algorithm], keys[kids[algorithm]], other_kid)
            for what, token in forged.items():
                self.must_refuse(token, f"{algorithm}: {what}")
                made += 1
        # That it still works is what makes a refusal worth something.
        self.all_verify(0)
        return f"refuses {made} of {made}"

    def rotates(self):
        """The next key has been published since before the first fetch: nobody has to fetch again."""
        self.issuer.ask("rotate")
        self.generations.append(self.tokens())
        self.all_verify(0, 1)
        return "verifies tokens of both, at once"

    def rotates_on(self):
        self.issuer.ask("rotate")
        self.generations.append(self.tokens())
        self.client.ask("later", seconds=COOLDOWN_SECONDS)
        self.all_verify(2, 1, 0)
        return "fetches it, verifies tokens of all three"

    def revokes(self):
        """Everybody's key is stolen. Whoever has fetched since refuses its tokens, and no others."""
        self.issuer.ask("revoke")
        self.generations.append(self.tokens())
        self.client.ask("later", seconds=CACHE_SECONDS)
        unknown = forgeries.of_unknown_key(self.generations[3][self.supported[0]])
        self.must_refuse(unknown, "a key that nobody has published")
        for algorithm in self.supported:
            self.must_refuse(self.generations[2][algorithm], f"{algorithm} of a revoked key")
        self.all_verify(3, 1, 0)
        return "refuses tokens of the revoked key, verifies its successor's and those before"

    def reads_exported_keys(self):
        """`openssl pkey` finds the private half in order, and its public half is the published one."""
        with urllib.request.urlopen(f"{self.identifier}/.well-known/jwks.json") as response:
            keys = {key["kid"]: key for key in json.load(response)["keys"]}
        for algorithm in self.algorithms:
            pem = self.issuer.ask("export", algorithm=algorithm)["pem"].encode()
            kid = forgeries.header_of(self.generations[-1][algorithm])["kid"]
            options = ["pkey", "-check", "-pubout", "-outform", "DER"]
            done = subprocess.run(["openssl", *options], input=pem, capture_output=True, check=False)
            if done.returncode != 0 or not done.stdout.endswith(spki.der(keys[kid])):
                raise Failure(f"OpenSSL does not read our {algorithm} key: {done.stderr.decode()}")
        return " ".join(self.algorithms)
