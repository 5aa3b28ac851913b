"""The two programs: how each is configured, started and asked."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from urllib.parse import urlencode

from issuer import AUDIENCE, SUBJECT

IDENTITY = "0b7f6a52-6b1e-4a6b-8a55-6a3f0a3f9d10"
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/load"


class SecretsExchange:
    name = "secrets_exchange"
    path = "/v3/auth/oidc"
    media_type = "application/json"

    @staticmethod
    def configuration(issuer):
        claims = {"aud": [AUDIENCE], "sub": [SUBJECT]}
        identity = {
            "name": "load",
            "ttl_seconds": 3600,
            "method": "oidc",
            "config": {"discovery_url": issuer, "claims": claims},
        }
        entry = {"id": IDENTITY, "identity": identity, "may_read": []}
        return {"identities": [entry], "projects": {}}

    @staticmethod
    def state(folder):
        return ["--database", f"{folder}/tokens.sqlite"]

    @staticmethod
    def body(token):
        return json.dumps({"identity": IDENTITY, "token": token})


class AssumeRole:
    name = "assume_role"
    path = "/"
    media_type = "application/x-www-form-urlencoded"

    @staticmethod
    def configuration(issuer):
        host = issuer.removeprefix("http://")
        provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{host}:aud": AUDIENCE, f"{host}:sub": SUBJECT}},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        role = {"arn": ROLE, "role_id": "AROAEXAMPLELOAD00001", "trust_policy": policy}
        account = {
            "account": ACCOUNT,
            "identity_providers": [{"loopback_url": issuer, "client_ids": [AUDIENCE]}],
            "roles": [role],
        }
        return {"region": "eu-north-1", "accounts": [account]}

    @staticmethod
    def state(folder):
        return ["--state", f"{folder}/state"]

    @staticmethod
    def body(token):
        call = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": "2011-06-15",
            "RoleArn": ROLE,
            "RoleSessionName": "load",
            "WebIdentityToken": token,
        }
        return urlencode(call)


ALL = [SecretsExchange, AssumeRole]


class Running:
    """A program at work. Use it with `with`."""

    def __init__(self, program, examples, issuer, folder):
        self.program = program
        config = f"{folder}/config.json"
        with open(config, "w", encoding="utf-8") as file:
            json.dump(program.configuration(issuer.url), file)
        # There may be secrets in it.
        os.chmod(config, 0o600)
        self._log = open(f"{folder}/log", "w+", encoding="utf-8")
        command = [f"{examples}/{program.name}", "--config", config, *program.state(folder)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        line = self._process.stdout.readline()
        if not line.startswith("listening on "):
            self._log.seek(0)
            raise RuntimeError(f"{program.name} did not start: {self._log.read()}")
        self.url = line.removeprefix("listening on ").strip() + program.path

    def status_of(self, token):
        """The status that one exchange of this token comes with."""
        request = urllib.request.Request(
            self.url,
            data=self.program.body(token).encode(),
            headers={"Content-Type": self.program.media_type},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def memory(self):
        """Resident memory in MiB: now, and at its peak."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as file:
            status = file.read()
        now, peak = (re.search(rf"{name}:\s+(\d+) kB", status) for name in ("VmRSS", "VmHWM"))
        return int(now[1]) / 1024, int(peak[1]) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
