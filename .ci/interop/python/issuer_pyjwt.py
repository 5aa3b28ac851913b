"""Keys written and tokens made by PyJWT."""

import documents
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ALGORITHMS = [name for name in jwt.algorithms.get_default_algorithms() if name[:2] not in ("no", "HS")]
# ES256K and its other name are of no issuer of today, and we have no name for them.
ALGORITHMS = [name for name in ALGORITHMS if name not in ("ES256K", "ES521")]
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


def make(algorithm, kid):
    if algorithm in CURVES:
        key = ec.generate_private_key(CURVES[algorithm])
    elif algorithm == "EdDSA":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(65537, 2048)
    writer = jwt.get_algorithm_by_name(algorithm)
    public = writer.to_jwk(key.public_key(), as_dict=True)
    return key, {**public, "kid": kid, "alg": algorithm, "use": "sig"}


def sign(algorithm, kid, key, claims):
    return jwt.encode(claims, key, algorithm, headers={"kid": kid})


documents.Issuer(ALGORITHMS, make, sign).serve("PyJWT", jwt.__version__)
