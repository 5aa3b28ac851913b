"""The `openssl` command: it knows signatures and nothing of tokens, so this reads the keys anew each
time, writes them as `SubjectPublicKeyInfo`, and compares the claims.
"""

import json
import subprocess
import tempfile
import time
import urllib.request

import lines
import spki

HASH = {"256": "sha256", "384": "sha384", "512": "sha512"}


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)


def check_signature(key, algorithm, message, signature):
    with tempfile.TemporaryDirectory() as folder:

        def file(name, content):
            with open(f"{folder}/{name}", "wb") as written:
                written.write(content)
            return f"{folder}/{name}"

        public = file("public.pem", spki.pem(key))
        signed = file("message", message)
        if algorithm in ("EdDSA", "Ed25519"):
            options = ["-rawin", "-in", signed, "-sigfile", file("signature", signature)]
            done = openssl("pkeyutl", "-verify", "-pubin", "-inkey", public, *options)
        else:
            options = [f"-{HASH[algorithm[2:]]}", "-verify", public]
            if algorithm.startswith("PS"):
                pss = ["rsa_padding_mode:pss", "rsa_pss_saltlen:digest"]
                options += ["-sigopt", pss[0], "-sigopt", pss[1]]
            if algorithm.startswith("ES"):
                signature = spki.ecdsa_as_der(signature, spki.CURVES[key["crv"]].coordinate_bytes)
            done = openssl("dgst", *options, "-signature", file("signature", signature), signed)
    if done.returncode != 0:
        raise ValueError(done.stdout + done.stderr)


def verify(issuer, audience, token):
    with urllib.request.urlopen(f"{issuer}/.well-known/openid-configuration") as response:
        metadata = json.load(response)
    with urllib.request.urlopen(metadata["jwks_uri"]) as response:
        keys = {key["kid"]: key for key in json.load(response)["keys"]}
    header, payload, signature = (spki.decoded(part) for part in token.split("."))
    header, claims = json.loads(header), json.loads(payload)
    key = keys[header["kid"]]
    if key["alg"] != header["alg"]:
        raise ValueError("the key is for another algorithm")
    message = token.rpartition(".")[0].encode()
    check_signature(key, header["alg"], message, signature)
    if (claims["iss"], claims["aud"]) != (issuer, audience) or claims["exp"] <= time.time():
        raise ValueError("the claims are not as they must be")
    return claims


if __name__ == "__main__":
    lines.verifier("OpenSSL", openssl("version").stdout.split()[1], verify)
