"""Keys made and written, and tokens made, by joserfc."""

import importlib.metadata

import documents
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

ALGORITHMS = [name for name in jws.JWSRegistry.algorithms if name[:2] not in ("no", "HS")]
# ES256K is of no issuer of today, Ed448 neither, and we have no name for them.
ALGORITHMS = [name for name in ALGORITHMS if name not in ("ES256K", "Ed448")]
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def make(algorithm, kid):
    parameters = {"kid": kid, "alg": algorithm, "use": "sig"}
    if algorithm in CURVES:
        key = ECKey.generate_key(CURVES[algorithm], parameters)
    elif algorithm in ("EdDSA", "Ed25519"):
        key = OKPKey.generate_key("Ed25519", parameters)
    else:
        key = RSAKey.generate_key(2048, parameters)
    return key, key.as_dict(private=False)


def sign(algorithm, kid, key, claims):
    return jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])


documents.Issuer(ALGORITHMS, make, sign).serve("joserfc", importlib.metadata.version("joserfc"))
