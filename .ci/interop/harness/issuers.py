"""Other people's issuers, with our relying party."""

from pair import ALGORITHMS, Pair
from program import Failure, Program

# Past the time in which our relying party has no permit left for another fetch.
COOLDOWN_SECONDS = 60

# What an issuer cannot do. A run fails when this is not the whole truth any more.
NOT_SUPPORTED = {
    "PyJWT": ["Ed25519"],
    "joserfc": [],
    "jose": [],
    "oauth2-mock-server": [],
    "oidc-provider": [],
}


def rows(name, command, tools):
    """One issuer from its first token to a key that is gone. Its rows of the table."""
    with (
        Program(f"issuer-{name}", command, tools.folder) as issuer,
        Program(f"client-for-{name}", [tools.example("interop_verifier")], tools.folder) as client,
    ):
        who = [issuer.ready["software"], issuer.ready["version"]]
        missing = NOT_SUPPORTED[issuer.ready["software"]]
        able = [each for each in ALGORITHMS if each not in missing]
        if sorted(issuer.ready["algorithms"]) != sorted(able):
            raise Failure(f"it can do {issuer.ready['algorithms']}, and not {able}")
        pair = Pair(issuer, client, able)
        yield [*who, "discovered, fetched, verified", verified(pair, missing)]
        yield [*who, "new keys while we run", rotates(pair)]
        yield [*who, "forgeries of its tokens", pair.refuses_forgeries()]
        yield [*who, "keys that it takes back", revokes(pair)]


def verified(pair, missing):
    pair.all_verify(0)
    return pair.can_do(missing)


def rotates(pair):
    """Nobody has seen the new keys: the first token of one of them makes us fetch, at once."""
    pair.next_tokens("rotate")
    pair.all_verify(1, 0)
    return "we fetch them with the first token, and verify tokens of both"


def revokes(pair):
    pair.next_tokens("revoke")
    # The forgeries have taken what strangers may cause.
    pair.client.ask("later", seconds=COOLDOWN_SECONDS)
    pair.all_verify(2, 0)
    pair.all_refused(1, "a key that is gone")
    return "we refuse tokens of them, and verify those of the others"
