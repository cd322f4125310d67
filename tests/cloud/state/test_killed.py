"""A hundred SIGKILLs at random moments: all that was acknowledged is there, and nothing is half there."""

import http.client
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import BotoCoreError, IncompleteReadError
from botocore.parsers import ResponseParserError

from tests.cloud.forking import forked
from tests.cloud.lab_cloud import Keys, client, policy, trusts, until
from tests.cloud.registry.lab_registry import Client, digest_of

ROUNDS = 100


class Killed:
    """A state folder whose process is killed again and again; the port stays, so clients are made once."""

    def __init__(self, state, clouds):
        self.state = state
        self.clouds = clouds
        self.clients = {}
        self.sessions = {}
        self.line = {}

    def start(self):
        """A process that serves the folder; ready when this returns."""
        line = self.clouds.start(self.state)
        assert self.line in ({}, line), "the endpoint or the administrator's key has changed"
        self.line = line

    def kill(self):
        """SIGKILL."""
        self.clouds.kill(self.line)

    def __getattr__(self, service):
        if service not in self.clients:
            keys = Keys(self.line["access_key_id"], self.line["secret_access_key"])
            self.clients[service] = client(service, self.line["endpoint"], keys)
            self.clients[service].meta.events.register("after-call", whole)
        return self.clients[service]

    def registry(self):
        """A fresh connection to the registry, with the token that an earlier process gave."""
        return Client(self.line["endpoint"].removeprefix("http://"), self.token, "lab/app")


def whole(http_response, **_):
    """botocore takes an answer for whole whose body never came: here it is a broken connection."""
    promised = http_response.headers.get("content-length")
    if promised and int(promised) != len(http_response.content):
        raise IncompleteReadError(actual_bytes=len(http_response.content), expected_bytes=promised)


# Each makes one thing named by a token that no other call carries, and returns what names it afterwards.
MAKERS = {
    "CreateUser": lambda aws, token: aws.iam.create_user(UserName=token)["User"]["UserId"],
    "CreateSecurityGroup": lambda aws, token: aws.ec2.create_security_group(GroupName=token, Description="d")[
        "GroupId"
    ],
    "PutParameter": lambda aws, token: aws.ssm.put_parameter(Name=token, Value=token, Type="SecureString")["Version"],
    "CreateKey": lambda aws, token: aws.kms.create_key(
        Description=token, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY"
    )["KeyMetadata"]["KeyId"],
    "CreateCluster": lambda aws, token: aws.ecs.create_cluster(clusterName=token)["cluster"]["clusterArn"],
    "CreateRepository": lambda aws, token: aws.ecr.create_repository(repositoryName=token)["repository"]["createdAt"],
    "AssumeRole": lambda aws, token: aws.sts.assume_role(RoleArn=aws.role, RoleSessionName=token)["Credentials"],
}


def public_key(aws, key):
    return aws.kms.get_public_key(KeyId=key)["PublicKey"]


def who(aws, credentials):
    keys = Keys(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    if keys not in aws.sessions:
        aws.sessions[keys] = client("sts", aws.line["endpoint"], keys)
    return aws.sessions[keys].get_caller_identity()["Arn"]


# What is seen of one thing right after the restart: (the acknowledged answer, the token) -> whether it is there.
SEEN = {
    "CreateUser": lambda aws, token, made: aws.iam.get_user(UserName=token)["User"]["UserId"] == made,
    "CreateSecurityGroup": lambda aws, token, made: (
        aws.ec2.describe_security_groups(GroupIds=[made])["SecurityGroups"][0]["GroupName"] == token
    ),
    "PutParameter": lambda aws, token, made: (
        aws.ssm.get_parameter(Name=token, WithDecryption=True)["Parameter"]["Value"] == token
    ),
    "CreateKey": lambda aws, token, made: aws.kms.describe_key(KeyId=made)["KeyMetadata"]["Description"] == token,
    "CreateCluster": lambda aws, token, made: (
        aws.ecs.describe_clusters(clusters=[token])["clusters"][0]["clusterArn"] == made
    ),
    "CreateRepository": lambda aws, token, made: (
        aws.ecr.describe_repositories(repositoryNames=[token])["repositories"][0]["createdAt"] == made
    ),
    "AssumeRole": lambda aws, token, made: who(aws, made).endswith(f"/{token}"),
}


class Round:
    """What one process acknowledged before it was killed."""

    def __init__(self, aws, number, chance):
        self.aws = aws
        self.number = number
        self.chance = chance
        self.made = []
        self.pushed = {}
        self.pushing = None

    def call(self):
        """Calls of every kind until the connection breaks."""
        names = list(MAKERS)
        self.chance.shuffle(names)
        try:
            for turn in range(100_000):
                name, token = names[turn % len(names)], f"t{self.number}-{turn}"
                self.made.append((name, token, MAKERS[name](self.aws, token)))
        except (BotoCoreError, ResponseParserError):  # the second for an answer that stops short
            return

    def push(self, layers):
        """Images until the connection breaks."""
        registry = self.aws.registry()
        try:
            for turn, layer in enumerate(layers):
                self.pushing = (f"t{self.number}-{turn}", layer)
                self.pushed[self.pushing[0]] = (registry.push_image(*self.pushing), layer)
        except (OSError, http.client.HTTPException):  # the second for an answer that stops short
            return
        finally:
            registry.close()

    def check(self):
        """All that was acknowledged, and of the image that was not: whole or not there."""
        for name, token, made in self.made:
            assert SEEN[name](self.aws, token, made), (name, token)
        registry = self.aws.registry()
        try:
            for tag, (digest, layer) in self.pushed.items():
                assert digest_of(registry.get(f"manifests/{tag}").body) == digest
                assert registry.get(f"blobs/{digest_of(layer)}").body == layer
            tag, layer = self.pushing
            if tag not in self.pushed:
                blob = registry.get(f"blobs/{digest_of(layer)}")
                assert blob.body == layer if blob.status == 200 else blob.status == 404
                if registry.get(f"manifests/{tag}").status == 200:
                    assert blob.status == 200
        finally:
            registry.close()


def play(aws, number, chance):
    """One round: call and push from two threads, kill at a random moment after a random number of answers."""
    played = Round(aws, number, chance)
    layers = [chance.randbytes(chance.randrange(1, 200_000)) for _ in range(50)]
    calls, images, moment = chance.randrange(12), chance.randrange(4), chance.uniform(0.0, 0.02)
    with ThreadPoolExecutor(2) as pool:
        working = [pool.submit(played.call), pool.submit(played.push, layers)]
        until(lambda: len(played.made) >= calls and len(played.pushed) >= images, 60)
        threading.Event().wait(moment)
        aws.kill()
        for work in working:
            work.result(30)
    return played


def events(aws):
    """Every event of the trail as text, by its name."""
    found = {}
    for page in aws.cloudtrail.get_paginator("lookup_events").paginate():
        for event in page["Events"]:
            found.setdefault(event["EventName"], []).append(event["CloudTrailEvent"])
    return {name: "\n".join(texts) for name, texts in found.items()}


@pytest.mark.parametrize("seed", [20261126])
def test_a_hundred_kills_lose_nothing(tmp_path, seed):
    chance = random.Random(seed)
    # A checkpoint every few calls, so that processes are killed around them as well.
    with forked(every=20) as clouds:
        aws = Killed(tmp_path / "state", clouds)
        aws.start()
        aws.role = aws.iam.create_role(
            RoleName="r", AssumeRolePolicyDocument=policy(trusts({"AWS": aws.line["account"]}))
        )["Role"]["Arn"]
        aws.ecr.create_repository(repositoryName="lab/app")
        data = aws.ecr.get_authorization_token()["authorizationData"][0]
        aws.token = f"Basic {data['authorizationToken']}"
        rounds = []
        keys = {}
        for number in range(ROUNDS):
            rounds.append(play(aws, number, chance))
            aws.start()
            rounds[-1].check()
            # The private key behind an asymmetric key is made by OpenSSL and kept: it must not change any more.
            keys |= {made: public_key(aws, made) for name, _, made in rounds[-1].made if name == "CreateKey"}
        calls = sum(len(played.made) for played in rounds)
        images = sum(len(played.pushed) for played in rounds)
        assert calls > ROUNDS
        assert images > ROUNDS // 4
        for played in rounds:
            played.check()
        for key, public in keys.items():
            assert public_key(aws, key) == public
        seen = events(aws)
        for played in rounds:
            for name, token, _ in played.made:
                assert f'"{token}"' in seen[name], (name, token)
            for tag, _ in played.pushed.items():
                assert f'"{tag}"' in seen["PutImage"], tag
        blobs = [path for path in (aws.state / "registry" / "blobs").rglob("*") if path.is_file()]
        assert all(digest_of(path.read_bytes()).endswith(path.name) for path in blobs)
        print(f"{ROUNDS} kills, {calls} acknowledged calls, {images} acknowledged images")
