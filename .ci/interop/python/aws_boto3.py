"""boto3: a token for the credentials of an instance, and a session by a token file as a workload has it.

Asked by JSON lines; it runs in the environment of the AWS CLI.
"""

import os

import boto3
import botocore.exceptions
import lines


def token(endpoint, profile, algorithm, audience):
    sts = boto3.Session(**profile).client("sts", endpoint_url=endpoint)
    answer = sts.get_web_identity_token(
        Audience=[audience], SigningAlgorithm=algorithm, DurationSeconds=300
    )
    return {"token": answer["WebIdentityToken"]}


def whoami(environment):
    """Who a workload is that has nothing but these variables."""
    os.environ.update(environment)
    try:
        return {"arn": boto3.Session().client("sts").get_caller_identity()["Arn"]}
    except botocore.exceptions.ClientError as error:
        return {"refused": error.response["Error"]["Code"]}


lines.serve({"software": "boto3", "version": boto3.__version__}, {"token": token, "whoami": whoami})
