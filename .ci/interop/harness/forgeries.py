"""What an attacker makes of a good token, without its key."""

import base64
import hashlib
import hmac
import json

import spki

# For each algorithm another one that a careless verifier might try with the same key.
OTHER = {
    "ES256": "ES384",
    "ES384": "ES256",
    "ES512": "ES256",
    "EdDSA": "ES256",
    "Ed25519": "ES256",
    "PS256": "RS256",
    "PS384": "PS256",
    "PS512": "PS384",
    "RS256": "PS256",
    "RS384": "RS256",
    "RS512": "RS384",
}


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def encoded_json(value):
    return encoded(json.dumps(value, separators=(",", ":")).encode())


def header_of(token):
    return json.loads(spki.decoded(token.split(".")[0]))


def of_unknown_key(token):
    """The token with a `kid` that nobody has published: it makes caches fetch."""
    header, rest = header_of(token), token.partition(".")[2]
    return f"{encoded_json({**header, 'kid': 'published-by-nobody'})}.{rest}"


def all_of(token, jwk, other_kid):
    """Forgeries by name: of the token, the public key that verifies it, and the id of another key."""
    header, payload, signature = token.split(".")
    members = header_of(token)
    claims = json.loads(spki.decoded(payload))
    raw = spki.decoded(signature)
    flipped = bytearray(raw)
    flipped[len(raw) // 2] ^= 1

    def with_header(changed, signature=signature):
        return f"{encoded_json({**members, **changed})}.{payload}.{signature}"

    # The key that everybody knows, taken for the secret of an HMAC.
    message = with_header({"alg": "HS256"}, "")
    mac = hmac.new(spki.pem(jwk), message.rstrip(".").encode(), hashlib.sha256).digest()
    return {
        "another subject": f"{header}.{encoded_json({**claims, 'sub': 'admin'})}.{signature}",
        "a changed signature": f"{header}.{payload}.{encoded(bytes(flipped))}",
        "no signature": f"{header}.{payload}.",
        "`alg` is `none`": with_header({"alg": "none"}, ""),
        "`alg` is `HS256`": message + encoded(mac),
        "another `alg`": with_header({"alg": OTHER[members["alg"]]}),
        "the `kid` of another key": with_header({"kid": other_kid}),
    }
