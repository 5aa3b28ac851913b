"""An issuer and a relying party that were not made for each other."""

import json
import urllib.request

import forgeries
from program import Failure

AUDIENCE = "https://deploy.example"
SUBJECT = "job-42"

# All that have a name with us, in the order of their names.
ALGORITHMS = [
    *["ES256", "ES384", "ES512", "Ed25519", "EdDSA"],
    *["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
]


class Pair:
    """`algorithms` are those that both of them can do."""

    def __init__(self, issuer, client, algorithms):
        self.issuer, self.client, self.algorithms = issuer, client, algorithms
        self.identifier = issuer.ready["issuer"]
        self.generations = [self.tokens()]

    def tokens(self):
        """A token of each algorithm that the issuer can do, by the key that signs now."""
        order = {"subject": SUBJECT, "audience": AUDIENCE}
        return {
            algorithm: self.issuer.ask("token", algorithm=algorithm, **order)["token"]
            for algorithm in ALGORITHMS
            if algorithm in self.issuer.ready["algorithms"]
        }

    def next_tokens(self, order):
        """Lets the issuer follow an order that changes its keys, and keeps tokens of the new ones."""
        self.issuer.ask(order)
        self.generations.append(self.tokens())

    def published_keys(self):
        with urllib.request.urlopen(f"{self.identifier}/.well-known/openid-configuration") as response:
            uri = json.load(response)["jwks_uri"]
        with urllib.request.urlopen(uri) as response:
            return {key["kid"]: key for key in json.load(response)["keys"]}

    def ask(self, token):
        order = {"issuer": self.identifier, "audience": AUDIENCE, "token": token}
        answer = self.client.ask("verify", **order)
        if is_unavailable(answer):
            # Ours says so when a fetch takes longer than two seconds: nobody is refused.
            answer = self.client.ask("verify", **order)
        return answer

    def must_refuse(self, token, what):
        answer = self.ask(token)
        if answer["ok"]:
            raise Failure(f"it accepts {what}")
        if is_unavailable(answer):
            raise Failure(f"it does not judge {what}: {answer['why']}")

    def all_verify(self, *generations):
        for generation in generations:
            for algorithm in self.algorithms:
                answer = self.ask(self.generations[generation][algorithm])
                if answer.get("subject") != SUBJECT:
                    what = f"{algorithm} of generation {generation}"
                    raise Failure(f"it refuses {what}: {answer}")

    def all_refused(self, generation, why):
        for algorithm in self.algorithms:
            self.must_refuse(self.generations[generation][algorithm], f"{algorithm} of {why}")

    def fetches_for_a_key_of_nobody(self):
        newest = self.generations[-1][self.algorithms[0]]
        self.must_refuse(forgeries.of_unknown_key(newest), "a key that nobody has published")

    def can_do(self, missing):
        """What the table says of its algorithms, and of those that it lacks."""
        names = " ".join(self.algorithms)
        return f"{names}; not supported by it: {' '.join(missing)}" if missing else names

    def refuses_forgeries(self):
        keys, tokens = self.published_keys(), self.generations[0]
        kids = {name: forgeries.header_of(token)["kid"] for name, token in tokens.items()}
        names, made = list(tokens), 0
        for place, name in enumerate(names):
            other_kid = kids[names[place - 1]]
            for what, token in forgeries.all_of(tokens[name], keys[kids[name]], other_kid).items():
                self.must_refuse(token, f"{name}: {what}")
                made += 1
        # That the good ones still pass is what makes a refusal worth something.
        self.all_verify(0)
        return f"refuses {made} of {made}"


def is_unavailable(answer):
    return answer.get("class") == "unavailable"
