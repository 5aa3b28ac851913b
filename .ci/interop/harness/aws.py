"""The AWS CLI and boto3, with the examples `outbound` and `assume_role`, which take AWS's place.

Each gets tokens from the one, which other relying parties verify, and a role of the other for them.
"""

import json
import os
import re
import subprocess
import tempfile

from program import Failure, Program

# No URL: the first version of the AWS CLI would fetch it, and take what it finds for the value.
AUDIENCE, OTHER_AUDIENCE = "deploy", "other"
ACCOUNT, REGION = "111122223333", "eu-north-1"
SUBJECT = f"arn:aws:iam::{ACCOUNT}:role/ci/ec2-role"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"

# What AWS signs such tokens with.
ALGORITHMS = ["ES384", "RS256"]

ADMIN = {"aws_access_key_id": "AKIAADMIN", "aws_secret_access_key": "admin-secret"}
INSTANCE = {
    "aws_access_key_id": "ASIAINSTANCE",
    "aws_secret_access_key": "instance-secret",
    "aws_session_token": "instance-session-token",
}


def rows(tools):
    command = [f"{tools.aws}/bin/python", tools.python("aws_boto3")[1]]
    with (
        Server(tools, "outbound", outbound_configuration()) as outbound,
        Program("boto3", command, tools.folder, environment(tools, {"AWS_DEFAULT_REGION": REGION})) as boto3,
        Program("aws-relying-party", [tools.example("interop_verifier")], tools.folder) as ours,
        Program("aws-pyjwt", tools.python("client_pyjwt"), tools.folder) as pyjwt,
    ):
        cli = Cli(tools)
        asks = ["iam", "get-outbound-web-identity-federation-info", "--endpoint-url", outbound.url]
        issuer = cli.run(ADMIN, *asks)["IssuerIdentifier"]
        with Server(tools, "assume_role", role_configuration(issuer)) as sts:
            for client in (cli, boto3):
                who = [client.ready["software"], client.ready["version"]]
                order = {"endpoint": outbound.url, "profile": INSTANCE}
                tokens = [client.ask("token", **order, algorithm=each, audience=AUDIENCE) for each in ALGORITHMS]
                for token in tokens:
                    for party in (ours, pyjwt):
                        verify(party, issuer, token["token"])
                yield [*who, "tokens of `outbound`, verified by us and by PyJWT", " ".join(ALGORITHMS)]
                foreign = client.ask("token", **order, algorithm="RS256", audience=OTHER_AUDIENCE)
                yield [*who, "a role of `assume_role` for such a token", assumes(client, sts, tokens, foreign)]


def verify(party, issuer, token):
    answer = party.ask("verify", issuer=issuer, audience=AUDIENCE, token=token)
    if answer.get("subject") != SUBJECT:
        raise Failure(f"{party.name} refuses a token of `outbound`: {answer}")


def assumes(client, sts, tokens, foreign):
    """As a workload does it: by the path of a token file, and the name of a role."""
    path = os.path.join(sts.folder, "token")

    def whoami(token):
        with open(path, "w", encoding="utf-8") as file:
            file.write(token["token"])
        variables = {
            "AWS_WEB_IDENTITY_TOKEN_FILE": path,
            "AWS_ROLE_ARN": ROLE,
            "AWS_ROLE_SESSION_NAME": "job-42",
            "AWS_ENDPOINT_URL_STS": sts.url,
            "AWS_DEFAULT_REGION": REGION,
        }
        return client.ask("whoami", environment=variables)

    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/job-42"
    for token in tokens:
        if whoami(token) != {"arn": arn}:
            raise Failure(f"{client.name} does not get the role: {whoami(token)}")
    if whoami(foreign) != {"refused": "InvalidIdentityToken"}:
        raise Failure(f"{client.name} with a token for another audience: {whoami(foreign)}")
    return "from a token file; `InvalidIdentityToken` for another audience"


class Cli:
    """The AWS CLI, once for each order. It stands in for a program that answers lines."""

    name = "aws"

    def __init__(self, tools):
        self.tools = tools
        said = subprocess.run([f"{tools.aws}/bin/aws", "--version"], capture_output=True, text=True, check=True)
        version = re.search(r"aws-cli/(\S+)", said.stdout).group(1)
        self.ready = {"software": "AWS CLI", "version": version}

    def run(self, profile, *arguments):
        variables = {name.upper(): value for name, value in profile.items()}
        done = self.start({**variables, "AWS_DEFAULT_REGION": REGION}, *arguments)
        if done.returncode != 0:
            raise Failure(f"aws {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout)

    def start(self, variables, *arguments):
        command = [f"{self.tools.aws}/bin/aws", *arguments, "--output", "json"]
        variables = {**os.environ, **environment(self.tools, variables)}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)

    def ask(self, do, **order):
        if do == "token":
            asks = ["sts", "get-web-identity-token", "--endpoint-url", order["endpoint"], "--duration-seconds", "300"]
            asks += ["--audience", order["audience"], "--signing-algorithm", order["algorithm"]]
            return {"token": self.run(order["profile"], *asks)["WebIdentityToken"]}
        done = self.start(order["environment"], "sts", "get-caller-identity")
        refused = re.search(r"An error occurred \((\w+)\)", done.stderr)
        if refused:
            return {"refused": refused.group(1)}
        return {"arn": json.loads(done.stdout)["Arn"]}


def environment(tools, variables):
    """A fresh home each time: the AWS CLI keeps the credentials of a role there, and takes them again."""
    home = tempfile.mkdtemp(dir=tools.folder)
    return {"HOME": home, "AWS_EC2_METADATA_DISABLED": "true", **variables}


class Server:
    """One of the examples, until the end of `with`."""

    def __init__(self, tools, name, configuration):
        self.folder = os.path.join(tools.folder, name)
        os.mkdir(self.folder)
        config = os.path.join(self.folder, "config.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(configuration, file)
        # There are secrets in it.
        os.chmod(config, 0o600)
        self.command = [tools.example(name), "--config", config, "--state", os.path.join(self.folder, "state")]
        self.name = name

    def __enter__(self):
        self.log = open(os.path.join(self.folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        # It ends its output, too, when it does not start.
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.log.seek(0)
            raise Failure(f"{self.name} does not start: {self.log.read()}")
        self.url = line.removeprefix("listening on ").strip()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


def outbound_configuration():
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/ec2-role/i-0abc1234def567890"
    return {
        "regions": [REGION],
        "accounts": [{"id": ACCOUNT, "outbound_federation": "enabled"}],
        "access_keys": [
            {
                "access_key_id": ADMIN["aws_access_key_id"],
                "secret_access_key": ADMIN["aws_secret_access_key"],
                "principal": {"user": f"arn:aws:iam::{ACCOUNT}:user/admin"},
                "may": ["iam:GetOutboundWebIdentityFederationInfo"],
            },
            {
                "access_key_id": INSTANCE["aws_access_key_id"],
                "secret_access_key": INSTANCE["aws_secret_access_key"],
                "session_token": INSTANCE["aws_session_token"],
                "principal": {"session": session, "role_path": "/ci/", "expires": "2100-01-01T00:00:00Z"},
                "may": ["sts:GetWebIdentityToken"],
            },
        ],
    }


def role_configuration(issuer):
    provider = issuer.removeprefix("http://")
    conditions = {f"{provider}:aud": AUDIENCE, f"{provider}:sub": SUBJECT}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{provider}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": conditions},
    }
    role = {
        "arn": ROLE,
        "role_id": "AROADEPLOYEXAMPLE0000",
        "trust_policy": {"Version": "2012-10-17", "Statement": [statement]},
    }
    providers = [{"loopback_url": issuer, "client_ids": [AUDIENCE]}]
    return {"region": REGION, "accounts": [{"account": ACCOUNT, "identity_providers": providers, "roles": [role]}]}
