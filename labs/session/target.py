"""Where the lab runs: the local AWS or the trainee's account, behind one ordinary boto3 session."""

import base64
import os
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from labs.errors import LabError
from labs.failures import explain, no_region
from labs.ledger.lab_account import TargetName
from labs.ledger.ledger import Ledger
from labs.ledger.names import KIT_TAG, LIFETIME, OWNER_TAG, Names, lifetime, names_for
from labs.ledger.recorder import Recorder
from labs.session import answers, confirm, credentials, home, local, owner

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient
    from types_boto3_ecr.type_defs import AuthorizationDataTypeDef
    from types_boto3_sts import STSClient
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef, CredentialsTypeDef

ROLE_SESSION = "lab"
# A room of thirty is throttled on AWS; the local AWS throttles nobody, and one that is gone is told soon.
_CONFIG = {
    name: Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": attempts})
    for name, attempts in ((TargetName.LOCAL, 3), (TargetName.AWS, 5))
}
# What connect() replaced in os.environ, and by what, so that LAB_TARGET=aws in the same notebook finds the user's own.
_replaced: dict[str, tuple[str | None, str | None]] = {}


@dataclass(frozen=True, kw_only=True)
class Target:
    """One connected target.

    ``name`` is ``local`` or ``aws``; ``identity`` an ARN; ``endpoint`` the local AWS's URL, empty on AWS;
    ``tags`` are on everything the lab creates, and ``expires-at``, ``lifetime`` after its creation. ``owners`` are the
    owners whose things are this lab's. Clients from ``client`` keep the ledger.
    """

    name: TargetName
    account: str
    region: str
    identity: str
    names: Names
    tags: Mapping[str, str]
    home: Path
    session: boto3.Session = field(repr=False)
    endpoint: str = ""
    owners: frozenset[str] = frozenset()
    lifetime: timedelta = LIFETIME
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def prefix(self) -> str:
        """``fargate-lab``, or with LAB_TRAINEE ``fargate-lab-<trainee>``."""
        return self.names.prefix

    @cached_property
    def ledger(self) -> Ledger:
        """What this lab created in this account."""
        return Ledger(home.ledger_file(self.home, self.name, self.account))

    @cached_property
    def registry(self) -> str:
        """The registry's host (and port), as image names carry it."""
        return urlsplit(str(_authorization(self.client("ecr"))["proxyEndpoint"])).netloc

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether what carries these tags is this lab's."""
        mine = {self.tags[OWNER_TAG], *self.owners}
        return tags.get(KIT_TAG) == self.prefix and tags.get(OWNER_TAG) in mine

    @property
    def confirmed(self) -> bool:
        """Whether the lab may create: always on the local AWS, on AWS once the account is confirmed."""
        return self.name is TargetName.LOCAL or confirm.is_confirmed(self.home, self.account, self.identity)

    def require_confirmed(self) -> None:
        """LabError with account, region and identity while the account is not confirmed."""
        if not self.confirmed:
            raise confirm.question(self.account, self.region, self.identity)

    def confirm(self, typed: str) -> None:
        """Confirm the account by its number; LabError when ``typed`` is another."""
        confirm.confirm(self.home, self.account, self.region, self.identity, typed)

    def client(self, service: str, session: boto3.Session | None = None, region: str = "") -> Any:
        """A boto3 client, of the target's own identity or of ``session`` (a role). What it creates is in the ledger."""
        region = region or self.region
        if session is not None:
            return self._make_client(session, service, region)
        if (service, region) not in self._clients:
            self._clients[service, region] = self._make_client(self.session, service, region)
        return self._clients[service, region]

    def _make_client(self, session: boto3.Session, service: str, region: str) -> Any:
        # The stubs know a client by the service's name, which is known here only at run time.
        make: Callable[..., Any] = session.client
        client = make(service, region_name=region, endpoint_url=self.endpoint or None, config=_CONFIG[self.name])
        recorder = Recorder(
            ledger=self.ledger,
            names=self.names,
            tags=self.tags,
            owns=self.owns,
            allow=self.require_confirmed,
            lifetime=self.lifetime,
            on_aws=self.name is TargetName.AWS,
        )
        recorder.watch(client, region)
        return client

    def role_arn(self, role: str) -> str:
        """The ARN of a role of this account; an ARN is returned as it is."""
        if role.startswith("arn:"):
            return role
        return f"arn:{self.identity.split(':')[1]}:iam::{self.account}:role/{role}"

    def assume(self, role: str, session_name: str = ROLE_SESSION, policy: str = "") -> boto3.Session:
        """A session of ``role`` (name or ARN), with ``policy`` as session policy. Raises boto3's ClientError."""
        sts: STSClient = self.client("sts")
        wanted: AssumeRoleRequestTypeDef = {"RoleArn": self.role_arn(role), "RoleSessionName": session_name}
        if policy:
            wanted["Policy"] = policy
        return role_session(sts.assume_role(**wanted)["Credentials"], self.region, self.endpoint)

    def registry_password(self, session: boto3.Session | None = None) -> str:
        """The password for ``docker login -u AWS``, for 12 hours; of ``session`` when given. Raises ClientError."""
        return password_of(_authorization(self.client("ecr", session))["authorizationToken"])


def role_session(credentials: "CredentialsTypeDef", region: str, endpoint: str) -> boto3.Session:
    """A boto3 session with the ``Credentials`` of an STS answer; ``endpoint`` is the local AWS's, empty on AWS."""
    keys = (credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])
    if endpoint:
        return local.isolated_session(*keys, region)
    key, secret, token = keys
    return answers.session(
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token, region_name=region
    )


def password_of(token: str) -> str:
    """The password in an ECR authorization token, which is base64 of ``AWS:<password>`` (docs/fidelity.md 4)."""
    return base64.b64decode(token).decode().partition(":")[2]


def connect(env: MutableMapping[str, str] | None = None) -> Target:
    """Connect to the target that LAB_TARGET names, and point ``env`` (default os.environ) at it.

    ``local`` finds or starts the local AWS; ``aws`` uses boto3's own credentials and AWS_ENDPOINT_URL, read from the
    process's environment. Creates nothing. LabError for everything that can be fixed.
    """
    env = os.environ if env is None else env
    names = names_for(env)
    if target_name(env) is TargetName.LOCAL:
        cloud, _ = local.ensure_cloud(home.lab_home(env), env)
        _point_at(cloud, env)
        session, region, endpoint = cloud.session(), cloud.region, cloud.endpoint
        return _introduced(TargetName.LOCAL, session, region, endpoint=endpoint, names=names, env=env)
    _point_back(env)
    try:
        # botocore reads AWS_DEFAULT_REGION only; the AWS CLI and the other SDKs read AWS_REGION first.
        session = answers.session(region_name=os.environ.get("AWS_REGION") or None)
        region = session.region_name or ""
    except (BotoCoreError, ValueError) as error:
        raise explain(error, "reading your AWS configuration") from error
    if not region:
        raise no_region()
    credentials.check(session)
    return _introduced(TargetName.AWS, session, region, endpoint="", names=names, env=env)


def target_name(env: Mapping[str, str]) -> TargetName:
    """The switch LAB_TARGET; LabError when it is neither ``local`` nor ``aws``."""
    word = env.get("LAB_TARGET", "").strip().lower() or TargetName.LOCAL
    try:
        return TargetName(word)
    except ValueError:
        raise LabError(
            f"LAB_TARGET is '{word}'; it can be 'local' (the kit's own AWS) or 'aws' (your account).",
            "set it to one of these, or unset it for 'local'",
            id="unknown-target",
        ) from None


def _introduced(
    name: TargetName, session: boto3.Session, region: str, *, endpoint: str, names: Names, env: Mapping[str, str]
) -> Target:
    """The target after the account has said who asks."""
    try:
        sts = session.client("sts", region_name=region, endpoint_url=endpoint or None, config=_CONFIG[name])
        answer = sts.get_caller_identity()
        account, arn = str(answer["Account"]), str(answer["Arn"])
    except (ClientError, BotoCoreError, ValueError) as error:
        raise explain(error, "asking who you are (sts:GetCallerIdentity)") from error
    place = home.lab_home(env)
    whose = owner.owner(place, account, arn, env.get("LAB_TRAINEE", ""))
    return Target(
        name=name,
        account=account,
        region=region,
        identity=arn,
        names=names,
        tags=names.tags(whose.name),
        owners=whose.names,
        home=place,
        session=session,
        endpoint=endpoint,
        lifetime=lifetime(env),
    )


def _authorization(ecr: "ECRClient") -> "AuthorizationDataTypeDef":
    return ecr.get_authorization_token()["authorizationData"][0]


def _point_at(cloud: local.Cloud, env: MutableMapping[str, str]) -> None:
    before = dict(env)
    local.point_at(cloud, env)
    if env is os.environ:
        for name in {*before, *env}:
            if before.get(name) != env.get(name):
                users_own = _replaced[name][0] if name in _replaced else before.get(name)
                _replaced[name] = (users_own, env.get(name))


def _point_back(env: MutableMapping[str, str]) -> None:
    if env is not os.environ:
        return
    for name, (before, ours) in _replaced.items():
        if env.get(name) != ours:
            # Set by the user since.
            continue
        if before is None:
            env.pop(name, None)
        else:
            env[name] = before
    _replaced.clear()
