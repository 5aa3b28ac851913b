"""The example diridp, its webroot served by nginx over TLS with the configuration of its how-to.

nginx runs as a user that may do nothing else, and diridp with a umask that leaves nothing to others, so
the modes that it gives to its files count. The certificate is of an authority that is made here and
that nobody else trusts.
"""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time

import forgeries
from pair import AUDIENCE, SUBJECT, Pair
from program import Failure, Program

HOW_TO = "docs/replace-diridp.md"

# Of what diridp has a name for all but one: rule I9 lets eight chains into one JWK Set.
ALGORITHMS = ["ES256", "ES384", "EdDSA", "PS256", "PS512", "RS256", "RS384", "RS512"]

# What the how-to lets caches keep, and longer than that.
CACHE_CONTROL = "public, max-age=600"
CACHE_SECONDS = 20 * 60

DOCUMENTS = ["/.well-known/openid-configuration", "/jwks.json"]
NOBODY = 65534

STARTED_WITHIN_SECONDS = 10

# How-to: the running program sees within ten seconds what another did. Twice, for a slow machine.
NOTICED_WITHIN_SECONDS = 20

# Two looks of the running program, and the minute that other replicas would need to read of a key.
SEEN_WITHIN_SECONDS = 120


def rows(tools):
    """From an empty folder to a key that is revoked. The rows of the table."""
    with tempfile.TemporaryDirectory(prefix="interop-nginx-") as folder:
        # nginx is somebody else, and shall read the webroot.
        os.chmod(folder, 0o755)
        site = Site(folder)
        with Diridp(tools.example("diridp"), site) as diridp, Nginx(site):
            who = ["nginx", version_of("nginx", "-v")]
            yield [*who, "the webroot of diridp over TLS", served(site, site.port)]
            yield [*who, "the same beside other content", served(site, site.port_beside)]
            yield ["curl", version_of("curl", "-V"), "asks nginx again for what it has", unchanged(site)]
            clients = {
                "pyjwt": tools.python("client_pyjwt"),
                "jose": tools.node("client_jose"),
                "go-oidc": tools.go("client_go_oidc"),
                "ours": [tools.example("interop_verifier"), "--roots", site.path("ca.pem")],
            }
            for name, command in clients.items():
                with Program(f"{name}-of-nginx", command, tools.folder, site.trust()) as client:
                    pair = Pair(diridp, client, ALGORITHMS)
                    pair.all_verify(0)
                    who = [client.ready["software"], client.ready["version"]]
                    yield [*who, "token files of diridp, keys from nginx", " ".join(ALGORITHMS)]
                    if name == "ours":
                        yield [*who, "keys of diridp are revoked", revokes(pair)]


def served(site, port):
    """Both documents, as the how-to promises them, and nothing else that diridp has written."""
    for path in DOCUMENTS:
        status, headers, body = site.get(path, port=port)
        expected = {
            "content-type": "application/json",
            "cache-control": CACHE_CONTROL,
            "access-control-allow-origin": "*",
        }
        found = {name: headers.get(name) for name in expected}
        if status != 200 or found != expected:
            raise Failure(f"{path}: {status}, {found}")
        json.loads(body)
    for path in ("/state.json", "/../state.json", "/..%2fstate.json"):
        status, _, _ = site.get(path, port=port)
        if status not in (400, 404):
            raise Failure(f"{path}: {status}")
    return f"200, application/json, {CACHE_CONTROL}, for every origin; no other file"


def unchanged(site):
    for path in DOCUMENTS:
        _, headers, _ = site.get(path)
        for condition, validator in {
            "If-None-Match": headers["etag"],
            "If-Modified-Since": headers["last-modified"],
        }.items():
            status, headers, body = site.get(path, f"{condition}: {validator}")
            if (status, headers["cache-control"], body) != (304, CACHE_CONTROL, b""):
                raise Failure(f"{path} with {condition}: {status}, {headers}")
        status, _, _ = site.get(path, 'If-None-Match: "another"')
        if status != 200:
            raise Failure(f"{path} with another validator: {status}")
    return "304 by ETag and by Last-Modified"


def revokes(pair):
    """Nobody has to touch nginx: it serves what diridp writes."""
    pair.next_tokens("revoke")
    pair.client.ask("later", seconds=CACHE_SECONDS)
    pair.fetches_for_a_key_of_nobody()
    pair.all_refused(0, "a revoked key")
    pair.all_verify(1)
    return "refuses the token files from before, verifies those that diridp has written since"


class Site:
    """A folder, an origin, and the authority that vouches for it."""

    def __init__(self, folder):
        self.folder = folder
        self.port, self.port_beside = free_ports(2)
        self.origin = f"https://localhost:{self.port}"
        authority = ["-subj", "/CN=interop", "-addext", "basicConstraints=critical,CA:TRUE"]
        self.openssl("req", "-x509", *authority, *self.new_key("ca"), "-out", self.path("ca.pem"))
        self.write("names", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
        self.openssl("req", "-new", "-subj", "/CN=localhost", *self.new_key("tls"), "-out", self.path("tls.csr"))
        request = ["-req", "-in", self.path("tls.csr"), "-extfile", self.path("names")]
        signer = ["-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"), "-CAcreateserial"]
        self.openssl("x509", *request, *signer, "-days", "1", "-out", self.path("tls.pem"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(f"{name}.key")]

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"openssl {arguments[0]}: {done.stderr}")

    def trust(self):
        """What makes Python, Go and Node.js trust the authority: in this order."""
        return {"SSL_CERT_FILE": self.path("ca.pem"), "NODE_EXTRA_CA_CERTS": self.path("ca.pem")}

    def get(self, path, *headers, port=None):
        """Status, headers by their names in small letters, and body; by curl."""
        url = f"https://localhost:{port or self.port}{path}"
        command = ["curl", "-sS", "--path-as-is", "--cacert", self.path("ca.pem"), "-D", "-", url]
        for header in headers:
            command += ["-H", header]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            raise Failure(f"curl {path}: {done.stderr.decode()}")
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        return int(status.split()[1]), {name.lower(): value for name, _, value in pairs}, body


class Diridp:
    """The example, running until the end of `with`. It stands in for an issuer that answers lines."""

    def __init__(self, program, site):
        self.program, self.site = program, site
        tokens = [
            {
                "path": site.path(f"tokens/{algorithm}"),
                "key_name": algorithm,
                "claims": {"sub": SUBJECT, "aud": AUDIENCE},
            }
            for algorithm in ALGORITHMS
        ]
        keys = [{"alg": algorithm} for algorithm in ALGORITHMS]
        for key in keys:
            if key["alg"] == "EdDSA":
                key["crv"] = "Ed25519"
        provider = {"issuer": site.origin, "keys": keys, "tokens": tokens}
        config = {"state_dir": site.path("state"), "providers": {"main": provider}}
        os.mkdir(site.path("tokens"))
        # JSON is YAML, too.
        site.write("diridp.yaml", json.dumps(config))
        self.ready = {"issuer": site.origin, "algorithms": ALGORITHMS}

    def __enter__(self):
        # The first start, then the program that goes on from what it left.
        done = self.once("--once")
        if done.returncode != 0:
            raise Failure(f"diridp --once: {done.stderr}")
        self.log = open(self.site.path("diridp.stderr"), "w", encoding="utf-8")
        command = [self.program, self.site.path("diridp.yaml")]
        self.process = subprocess.Popen(command, stderr=self.log, umask=0o077)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def once(self, *arguments):
        command = [self.program, self.site.path("diridp.yaml"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, umask=0o077)

    def kid(self, algorithm):
        return forgeries.header_of(self.ask("token", algorithm)["token"])["kid"]

    def ask(self, do, algorithm=None, **_):
        if do == "token":
            with open(self.site.path(f"tokens/{algorithm}"), encoding="utf-8") as file:
                return {"token": file.read().strip()}
        revoked = {algorithm: self.kid(algorithm) for algorithm in ALGORITHMS}
        for kid in revoked.values():
            # Its successor counts as seen a minute after it was made, and as known to all a day later.
            done = self.once("--revoke", kid, "--force")
            deadline = time.monotonic() + SEEN_WITHIN_SECONDS
            while done.returncode != 0:
                if time.monotonic() > deadline:
                    raise Failure(f"diridp --revoke: {done.stderr}")
                time.sleep(1)
                done = self.once("--revoke", kid, "--force")
        for algorithm, kid in revoked.items():
            until(NOTICED_WITHIN_SECONDS, lambda it=algorithm, kid=kid: self.kid(it) != kid)
        return {}


class Nginx:
    """nginx in the foreground, as a user who may do nothing, until the end of `with`."""

    def __init__(self, site):
        self.site = site
        os.mkdir(site.path("nginx"))
        site.write("nginx.conf", configuration(site))
        self.user = {}
        if os.geteuid() == 0:
            for name in ("nginx", "nginx.conf", "tls.key", "tls.pem"):
                os.chown(site.path(name), NOBODY, NOBODY)
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def __enter__(self):
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        command = [program, "-p", self.site.path("nginx"), "-c", self.site.path("nginx.conf"), "-e", "stderr"]
        self.log = open(self.site.path("nginx.stderr"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stderr=self.log, **self.user)
        try:
            until(STARTED_WITHIN_SECONDS, self.answers)
        except Failure:
            self.__exit__()
            with open(self.log.name, encoding="utf-8") as log:
                raise Failure(f"nginx does not start: {log.read()}") from None
        return self

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.site.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()


def configuration(site):
    """What the how-to says, with our names in the place of its: the whole server, and the places of
    a server with other content.
    """
    with open(HOW_TO, encoding="utf-8") as file:
        server, places = re.findall(r"```nginx\n(.*?)```", file.read(), re.DOTALL)
    theirs = {
        "listen 443 ssl": f"listen 127.0.0.1:{site.port} ssl",
        "server_name example.com": "server_name localhost",
        "/etc/nginx/ssl/example.com/fullchain.pem": site.path("tls.pem"),
        "/etc/nginx/ssl/example.com/privkey.pem": site.path("tls.key"),
    }
    for text, ours in theirs.items():
        if server.count(text) != 1:
            raise Failure(f"{HOW_TO}: the server of nginx does not have `{text}` once")
        server = server.replace(text, ours)
    beside = server[: server.index("root ")].replace(f":{site.port} ", f":{site.port_beside} ")
    servers = f"{server}\n{beside}\n{places}}}\n"
    servers = servers.replace("/var/lib/diridp/main/webroot", site.path("state/main/webroot"))

    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {site.path('nginx')}/{kind};\n" for kind in kinds)
    settings = f"daemon off;\npid {site.path('nginx')}/pid;\nevents {{}}\n"
    return f"{settings}http {{\naccess_log off;\n{folders}{servers}}}\n"


def until(seconds, holds):
    """Asks again and again, for so long at most."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise Failure(f"nothing has come of it in {seconds} s")
        time.sleep(0.2)


def free_ports(count):
    """Ports that the system gives to nobody who asks for any: nginx takes them a little later."""
    found = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def version_of(program, option):
    """The first number that it says of itself."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    done = subprocess.run([shutil.which(program, path=path), option], capture_output=True, text=True, check=False)
    return re.search(r"\d+(\.\d+)+", done.stdout + done.stderr).group()
