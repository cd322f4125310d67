"""Who carries out a call: the parts of our own, ECR, or moto's store."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlencode

from labs import iam
from labs.cloud.apis.documents import check_documents
from labs.cloud.apis.iam_rules import check_rules
from labs.cloud.apis.name_rules import check_names
from labs.cloud.apis.s3_rules import check_bucket
from labs.cloud.apis.simulate import OPERATIONS as SIMULATIONS
from labs.cloud.apis.simulate import Simulator
from labs.cloud.apis.sts import StsApi
from labs.cloud.apis.tagging import Repositories, with_repositories
from labs.cloud.apis.web_identity import WebIdentities
from labs.cloud.authorisation.iam_resources import OWN_USER
from labs.cloud.contract import AwsError, Caller
from labs.cloud.protocols import answers
from labs.cloud.protocols.services import ApiService
from labs.cloud.state.replay import DurableStore
from labs.cloud.store.dispatch import MotoStore, NotServed, store_request
from labs.cloud.trail.cloudtrail import SqliteTrail
from labs.cloud.wire.answer import HttpAnswer
from labs.cloud.wire.request import ApiCall


class Operations(Protocol):
    """What ECR and ECS offer: answers as plain JSON values, AwsError otherwise."""

    def call(self, caller: Caller, operation: str, params: dict[str, Any]) -> dict[str, Any]: ...


class Backend:
    """``run`` carries out one call that was authorised."""

    def __init__(
        self,
        *,
        store: DurableStore,
        moto: MotoStore,
        sts: StsApi,
        web_identities: WebIdentities,
        simulator: Simulator,
        trail: SqliteTrail,
        ecr: Operations,
        ecs: Operations,
        repositories: Repositories,
        region: str,
    ) -> None:
        self._store = store
        self._moto = moto
        self._sts = sts
        self._web_identities = web_identities
        self._simulator = simulator
        self._trail = trail
        self._ecr = ecr
        self._ecs = ecs
        self._repositories = repositories
        self._region = region

    def ready(self, service: ApiService) -> None:
        """Have the service's store loaded before anything about a call of it is looked up."""
        self._moto.load(service.name if service.module else "iam")

    def token_caller(self, params: Mapping[str, Any], connection: iam.Connection) -> Caller:
        """Who calls with a web identity token. Raises AwsError for one that proves nothing."""
        self._moto.load("iam")
        return self._web_identities.caller(params, connection)

    def completed(self, caller: Caller, call: ApiCall) -> ApiCall:
        """IAM takes the caller's own user where a call leaves the name out. Raises AwsError for a role session."""
        if call.service != "iam" or call.operation not in OWN_USER or call.params.get("UserName"):
            return call
        if caller.principal.kind is not iam.PrincipalKind.USER:
            raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials")
        name = caller.principal.arn.rsplit("/", 1)[-1]
        extra = urlencode({"UserName": name})
        if call.http.body:
            http = replace(call.http, body=call.http.body + b"&" + extra.encode())
        else:
            http = replace(call.http, query=f"{call.http.query}&{extra}")
        return replace(call, params={**call.params, "UserName": name}, http=http)

    def run(self, caller: Caller, call: ApiCall, service: ApiService, request_id: str) -> HttpAnswer:
        """Raises AwsError."""
        check_rules(call.service, call.operation, call.account, call.params)
        check_bucket(call.service, call.operation, call.params)
        check_names(call.service, call.operation, call.params)
        check_documents(call.service, call.operation, call.params, call.http.body)
        own = self._own(caller, call)
        if own is not None:
            return answers.success(service, call.operation, dict(own), request_id)
        request = store_request(
            service=service,
            operation=call.operation,
            account=call.account,
            region=call.region,
            key=caller.access_key_id,
            http=call.http,
        )
        answer = self._store.read(request) if call.read_only else self._store.write(request)
        if call.service == "resourcegroupstaggingapi" and call.operation == "GetResources":
            return with_repositories(answer, call.params, self._repositories)
        return answer

    def _own(self, caller: Caller, call: ApiCall) -> Mapping[str, Any] | None:
        if call.service == "sts":
            return self._sts.call(caller, call.operation, call.params)
        if call.service == "iam" and call.operation in SIMULATIONS:
            return self._simulator.call(call.account, call.operation, call.params)
        if call.service == "cloudtrail":
            if call.operation != "LookupEvents":
                raise NotServed("cloudtrail", call.operation)
            return self._trail.lookup(call.params)
        if call.service in ("ecr", "ecs"):
            if call.region != self._region:
                name = call.service.upper()
                raise AwsError(
                    "UnknownOperationException",
                    f"The local AWS serves {name} in {self._region} only, not in {call.region}. (simulated wording)",
                )
            api = self._ecr if call.service == "ecr" else self._ecs
            return api.call(caller, call.operation, dict(call.params))
        return None
