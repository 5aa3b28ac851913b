"""PyJWT: `PyJWKClient` as it is by default, and `decode`."""

import json
import urllib.request

import jwt
import lines

ALGORITHMS = [name for name in jwt.algorithms.get_default_algorithms() if name[:2] not in ("no", "HS")]
clients = {}


def client_of(issuer):
    if issuer not in clients:
        with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration") as response:
            metadata = json.load(response)
        assert metadata["issuer"] == issuer
        clients[issuer] = jwt.PyJWKClient(metadata["jwks_uri"])
    return clients[issuer]


def verify(issuer, audience, token):
    key = client_of(issuer).get_signing_key_from_jwt(token)
    required = {"require": ["exp", "iat", "iss", "aud", "sub"]}
    return jwt.decode(token, key, ALGORITHMS, audience=audience, issuer=issuer, options=required)


lines.verifier("PyJWT", jwt.__version__, verify)
