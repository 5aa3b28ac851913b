"""boto3 sessions with a token file, in lock step with the test: it says what it sees, a line of JSON
each, and goes on when a line comes back."""

import datetime
import json
import os
import sys

import boto3
import botocore.credentials
import botocore.session
from botocore.credentials import (
    AssumeRoleWithWebIdentityCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.utils import FileWebIdentityTokenLoader


def short_session():
    """Sessions of 900 s, the shortest there are: botocore refreshes within 15 minutes of the end."""
    session = botocore.session.get_session()
    fetcher = AssumeRoleWithWebIdentityCredentialFetcher(
        client_creator=session.create_client,
        web_identity_token_loader=FileWebIdentityTokenLoader(
            os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]
        ),
        role_arn=os.environ["AWS_ROLE_ARN"],
        extra_args={"RoleSessionName": "short", "DurationSeconds": 900},
    )
    session._credentials = DeferredRefreshableCredentials(
        refresh_using=fetcher.fetch_credentials, method="assume-role-with-web-identity"
    )
    return boto3.Session(botocore_session=session)


def say(session):
    arn = session.client("sts").get_caller_identity()["Arn"]
    key = session.get_credentials().access_key
    print(json.dumps({"arn": arn, "key": key}), flush=True)


if sys.argv[1] == "short":
    session = short_session()
    say(session)
    sys.stdin.readline()
    say(session)
else:
    # The environment alone, as a workload has it: sessions of an hour.
    session = boto3.Session()
    say(session)
    sys.stdin.readline()
    # Nothing is refreshed while there is time.
    say(session)
    # Then the clock that botocore asks for refreshes shows 46 minutes more.
    later = datetime.timedelta(minutes=46)
    shown = lambda: datetime.datetime.now(datetime.timezone.utc) + later
    botocore.credentials._local_now = shown
    session.get_credentials()._time_fetcher = shown
    say(session)
