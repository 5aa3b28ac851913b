"""Public keys and signatures of JOSE in the forms of ASN.1, with nothing but the standard library."""

import base64
from collections import namedtuple

Curve = namedtuple("Curve", "oid coordinate_bytes")

# RFC 5480 section 2.1.1.1, as the bytes of the OBJECT IDENTIFIER.
CURVES = {
    "P-256": Curve(bytes.fromhex("2a8648ce3d030107"), 32),
    "P-384": Curve(bytes.fromhex("2b81040022"), 48),
    "P-521": Curve(bytes.fromhex("2b81040023"), 66),
}
RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")
EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
ED25519 = bytes.fromhex("2b6570")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def tlv(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts):
    return tlv(0x30, b"".join(parts))


def integer(big_endian):
    stripped = big_endian.lstrip(b"\0") or b"\0"
    return tlv(0x02, (b"\0" if stripped[0] & 0x80 else b"") + stripped)


def object_identifier(content):
    return tlv(0x06, content)


def der(jwk):
    """The `SubjectPublicKeyInfo` of a public JWK."""
    if jwk["kty"] == "RSA":
        kind = sequence(object_identifier(RSA_ENCRYPTION), tlv(0x05, b""))
        public = sequence(integer(decoded(jwk["n"])), integer(decoded(jwk["e"])))
    elif jwk["kty"] == "EC":
        curve = object_identifier(CURVES[jwk["crv"]].oid)
        kind = sequence(object_identifier(EC_PUBLIC_KEY), curve)
        public = b"\4" + decoded(jwk["x"]) + decoded(jwk["y"])
    elif jwk["kty"] == "OKP" and jwk["crv"] == "Ed25519":
        kind = sequence(object_identifier(ED25519))
        public = decoded(jwk["x"])
    else:
        raise ValueError(f"no key of ours: {jwk['kty']}")
    return sequence(kind, tlv(0x03, b"\0" + public))


def pem(jwk):
    text = base64.b64encode(der(jwk)).decode()
    rows = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *rows, "-----END PUBLIC KEY-----", ""]).encode()


def ecdsa_as_der(signature, coordinate_bytes):
    """RFC 7518 section 3.4 has both numbers one after the other; OpenSSL wants a SEQUENCE."""
    if len(signature) != 2 * coordinate_bytes:
        raise ValueError("the signature has another length")
    return sequence(integer(signature[:coordinate_bytes]), integer(signature[coordinate_bytes:]))
