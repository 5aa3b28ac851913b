"""An issuer of JSON documents on loopback, and its orders: what the libraries here lack for one.

A library brings how keys are made and how they sign. Keys come in generations: the last one signs,
and all are published that were not revoked.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import lines

LIFETIME_SECONDS = 3600


class Issuer:
    """`make(algorithm, kid)` gives a private key and its public JWK, `sign(algorithm, kid, key, claims)`
    a token."""

    def __init__(self, algorithms, make, sign):
        self.algorithms, self.make, self.sign = algorithms, make, sign
        self.made = 0
        self.generations = [self.generation()]
        issuer = self

        class Documents(BaseHTTPRequestHandler):
            def do_GET(self):
                documents = issuer.documents()
                found = self.path in documents
                body = json.dumps(documents[self.path] if found else {}).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Documents)
        self.identifier = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def generation(self):
        self.made += 1
        kids = {algorithm: f"{algorithm}-{self.made}" for algorithm in self.algorithms}
        return {name: (kid, *self.make(name, kid)) for name, kid in kids.items()}

    def documents(self):
        jwks = [jwk for generation in self.generations for _, _, jwk in generation.values()]
        metadata = {
            "issuer": self.identifier,
            "jwks_uri": f"{self.identifier}/keys",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": self.algorithms,
        }
        return {"/.well-known/openid-configuration": metadata, "/keys": {"keys": jwks}}

    def token(self, algorithm, subject, audience):
        kid, key, _ = self.generations[-1][algorithm]
        now = int(time.time())
        names = {"iss": self.identifier, "sub": subject, "aud": audience}
        times = {"iat": now, "exp": now + LIFETIME_SECONDS}
        return {"token": self.sign(algorithm, kid, key, {**names, **times})}

    def rotate(self):
        self.generations = [*self.generations, self.generation()]
        return {}

    def revoke(self):
        self.generations = [*self.generations[:-1], self.generation()]
        return {}

    def serve(self, software, version):
        ready = {"software": software, "version": version, "issuer": self.identifier}
        orders = {"token": self.token, "rotate": self.rotate, "revoke": self.revoke}
        lines.serve({**ready, "algorithms": self.algorithms}, orders)
