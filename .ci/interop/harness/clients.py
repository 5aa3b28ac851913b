"""Other people's relying parties, and ours to compare, with the tokens of our issuer."""

import subprocess
import time

import forgeries
import spki
from pair import ALGORITHMS, Pair
from program import Failure, Program

# Tokens of hours ago are still valid, and no clock is ahead of anybody's.
START_BEFORE_SECONDS = 3 * 60 * 60

# Past what every client here waits between two fetches for a `kid` that it does not know.
COOLDOWN_SECONDS = 2 * 60

# Past the time for which every client here keeps a key set.
CACHE_SECONDS = 15 * 60

# What a client cannot do. A run fails when this is not the whole truth any more.
NOT_SUPPORTED = {
    "oidc-verifier": [],
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
        who = [client.ready["software"], client.ready["version"]]
        missing = NOT_SUPPORTED[client.ready["software"]]
        pair = Pair(issuer, client, [each for each in ALGORITHMS if each not in missing])
        yield [*who, "discovers, fetches, verifies", verifies_each_algorithm(pair, missing)]
        yield [*who, "forgeries", pair.refuses_forgeries()]
        if name == "openssl":
            # It keeps no key set.
            yield [*who, "reads exported private keys", reads_exported_keys(pair)]
            return
        yield [*who, "the next key of a rotation, which it has fetched", rotates(pair)]
        yield [*who, "the key after that, which it has not", rotates_on(pair)]
        yield [*who, "an emergency revocation", revokes(pair)]


def verifies_each_algorithm(pair, missing):
    pair.all_verify(0)
    for algorithm in missing:
        pair.must_refuse(pair.generations[0][algorithm], f"{algorithm}, which it cannot do")
    return pair.can_do(missing)


def rotates(pair):
    """The next key has been published since before the first fetch: nobody has to fetch again."""
    pair.next_tokens("rotate")
    pair.all_verify(0, 1)
    return "verifies tokens of both, at once"


def rotates_on(pair):
    pair.next_tokens("rotate")
    pair.client.ask("later", seconds=COOLDOWN_SECONDS)
    pair.all_verify(2, 1, 0)
    return "fetches it, verifies tokens of all three"


def revokes(pair):
    """Every key that signs is stolen. Whoever has fetched since refuses its tokens, and no others."""
    software, result = pair.client.ready["software"], ""
    pair.next_tokens("revoke")
    pair.client.ask("later", seconds=CACHE_SECONDS)
    if software == "go-oidc":
        # Its keys have no end; the docs say so.
        pair.all_verify(2)
        result = "after a token of an unknown key: "
    if software in ("go-oidc", "oidc-verifier"):
        # Ours would fetch by a timer, and nobody moves that clock.
        pair.fetches_for_a_key_of_nobody()
    pair.all_refused(2, "a revoked key")
    pair.all_verify(3, 1, 0)
    return f"{result}refuses tokens of the revoked key, verifies its successor's and those before"


def reads_exported_keys(pair):
    """`openssl pkey` finds the private half in order, and its public half is the published one."""
    keys = pair.published_keys()
    for algorithm in pair.algorithms:
        pem = pair.issuer.ask("export", algorithm=algorithm)["pem"].encode()
        kid = forgeries.header_of(pair.generations[-1][algorithm])["kid"]
        command = ["openssl", "pkey", "-check", "-pubout", "-outform", "DER"]
        done = subprocess.run(command, input=pem, capture_output=True, check=False)
        if done.returncode != 0 or not done.stdout.endswith(spki.der(keys[kid])):
            raise Failure(f"it does not read our {algorithm} key: {done.stderr.decode()}")
    return " ".join(pair.algorithms)
