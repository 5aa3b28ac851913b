"""joserfc: its key sets and claims. It fetches nothing, so this does: for a `kid` that is not there,
half a minute after the last fetch, and after five minutes, as other libraries do.
"""

import importlib.metadata
import json
import time
import urllib.request

import lines
from joserfc import jws, jwt
from joserfc.jwk import KeySet

ALGORITHMS = [name for name in jws.JWSRegistry.algorithms if name[:2] not in ("no", "HS")]
sets = {}


class FetchedSet:
    def __init__(self, issuer):
        with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration") as response:
            metadata = json.load(response)
        assert metadata["issuer"] == issuer
        self.uri = metadata["jwks_uri"]
        self.fetch()

    def fetch(self):
        with urllib.request.urlopen(self.uri) as response:
            self.keys = KeySet.import_key_set(json.load(response))
        self.fetched = time.monotonic()

    def for_token(self, token):
        age = time.monotonic() - self.fetched
        kid = jws.extract_compact(token.encode()).headers()["kid"]
        if age > 300 or (age > 30 and all(key.kid != kid for key in self.keys.keys)):
            self.fetch()
        return self.keys


def verify(issuer, audience, token):
    if issuer not in sets:
        sets[issuer] = FetchedSet(issuer)
    decoded = jwt.decode(token, sets[issuer].for_token(token), algorithms=ALGORITHMS)
    essential = {"essential": True}
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub=essential,
        exp=essential,
    ).validate(decoded.claims)
    return decoded.claims


lines.verifier("joserfc", importlib.metadata.version("joserfc"), verify)
