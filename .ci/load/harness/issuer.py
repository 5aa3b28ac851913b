"""An issuer on loopback: its documents, counted, and its tokens. It can be taken away and come back."""

import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

AUDIENCE = "https://load.example"
SUBJECT = "job-42"
# As long as a run takes, and more.
LIFETIME_SECONDS = 3600


class Issuer:
    """Serves its documents from when it is made; `with` ends it."""

    def __init__(self):
        self.keys = []
        self.fetches = []  # (when, path), by the monotonic clock
        self._port = 0
        self._server = None
        self.rotate()
        self.serve()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    def rotate(self):
        """The key that signs from now on; the one before stays published, as its tokens live on."""
        key = ec.generate_private_key(ec.SECP256R1())
        self.keys.append((f"key-{len(self.keys) + 1}", key))

    def serve(self):
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.fetches.append((time.monotonic(), self.path))
                document = issuer.document(self.path)
                self.send_response(200 if document else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(document)))
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        """From now on nobody listens there."""
        self._server.shutdown()
        self._server.server_close()

    def document(self, path):
        if path == "/.well-known/openid-configuration":
            document = {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }
        elif path == "/keys":
            document = {"keys": [public_jwk(kid, key) for kid, key in self.keys]}
        else:
            return b""
        return json.dumps(document).encode()

    def tokens(self, count):
        """Good tokens, each another, signed with the key of now."""
        kid, key = self.keys[-1]
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": SUBJECT}
        claims |= {"iat": now, "exp": now + LIFETIME_SECONDS}
        for number in range(count):
            yield jwt.encode(claims | {"jti": f"{number}"}, key, "ES256", headers={"kid": kid})

    def tokens_of_nobody(self, count):
        """Tokens of keys that do not exist, each of another one. No key made their signatures."""
        payload = base64url(json.dumps({"iss": self.url, "sub": SUBJECT}).encode())
        for _ in range(count):
            header = {"alg": "ES256", "kid": secrets.token_hex(8)}
            parts = [base64url(json.dumps(header).encode()), payload, base64url(b"\7" * 64)]
            yield ".".join(parts)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def public_jwk(kid, key):
    numbers = key.public_key().public_numbers()
    x, y = (base64url(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig", "alg": "ES256"}


def base64url(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()
