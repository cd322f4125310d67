"""The AWS APIs' one door: read, verify, authorise, carry out, write down, answer."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from labs import iam
from labs.cloud.authorisation.guard import Guard
from labs.cloud.authorisation.s3_deletes import deletion_of
from labs.cloud.contract import AwsError, Caller, Clock, Trail, TrailEvent
from labs.cloud.front.backend import Backend
from labs.cloud.identity.credentials import CredentialStore
from labs.cloud.identity.signatures import Claim, read_claim, verify
from labs.cloud.identity.signatures.claim import detail
from labs.cloud.identity.signatures.signature_errors import SignatureRefusal, refusal
from labs.cloud.protocols import answers, operations
from labs.cloud.protocols.characters import check_characters
from labs.cloud.protocols.constraints import check_constraints
from labs.cloud.protocols.parameters import check_required, check_types
from labs.cloud.protocols.regions import is_region
from labs.cloud.protocols.services import (
    BY_NAME,
    BY_SIGNING,
    OBJECT_MOST,
    ApiService,
    Family,
    Protocol,
    family_of,
    is_read_only,
)
from labs.cloud.store import determinism
from labs.cloud.store.dispatch import NotServed
from labs.cloud.trail import redaction
from labs.cloud.wire.answer import HttpAnswer
from labs.cloud.wire.body import ApiBody
from labs.cloud.wire.last_resort import log_fault, status_line
from labs.cloud.wire.request import ApiCall, HttpRequest, from_environ

# An unsigned form is read this far, to see what it asks for.
_UNSIGNED_MOST = 64 << 10
# What EC2 says to DryRun when the call is allowed (EC2 API reference, "DryRun").
_DRY_RUN = "Request would have succeeded, but DryRun flag is set."

_BY_TOKEN = "AssumeRoleWithWebIdentity"
# Where CloudTrail puts a call that names no region: STS's global endpoint.
_GLOBAL_REGION = "us-east-1"


@dataclass(frozen=True)
class _Form:
    """How to write an error before, or after, the service is known."""

    protocol: Protocol
    namespace: str = ""


class Gateway:
    """A WSGI application."""

    def __init__(
        self, *, credentials: CredentialStore, guard: Guard, backend: Backend, trail: Trail, clock: Clock
    ) -> None:
        self._credentials = credentials
        self._guard = guard
        self._backend = backend
        self._trail = trail
        self._clock = clock

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        determinism.set_request_id(request_id)
        answer = self._answer(environ, request_id)
        headers = [(name, _header(value)) for name, value in answer.headers.items()]
        head = environ.get("REQUEST_METHOD") == "HEAD"
        body = b"" if answer.status in (204, 304) else answer.body
        # HEAD tells the length that GET would send.
        if "content-length" not in answer.headers:
            headers.append(("content-length", str(len(body))))
        start_response(status_line(answer.status), headers)
        return [b"" if head else body]

    def _answer(self, environ: Mapping[str, Any], request_id: str) -> HttpAnswer:
        form = _guess(environ)
        head = environ.get("REQUEST_METHOD") == "HEAD"
        body: ApiBody | None = None
        try:
            body = ApiBody(environ, OBJECT_MOST)
            request = from_environ(environ)
            claim = self._claim(request, form)
            if claim is None:
                form = _Form(Protocol.QUERY, BY_NAME["sts"].namespace) if form.protocol is Protocol.QUERY else form
                return self._serve_unsigned(request, form, request_id, body)
            service = BY_SIGNING.get(claim.service)
            if service is None:
                raise _unserved(claim.service)
            form = _Form(service.protocol, service.namespace)
            return self._serve(request, claim, service, request_id, body)
        except AwsError as error:
            refused = answers.failure(form.protocol, error, request_id, form.namespace, head)
            if body is not None and body.leave():
                return replace(refused, headers={**refused.headers, "connection": "close"})
            return refused
        except Exception as error:  # noqa: BLE001  (the edge: whatever it is, the client gets an AWS error)
            log_fault(f"request {request_id}", error)
            broken = AwsError("InternalFailure", "The local AWS failed on this request; its log has the details.", 500)
            return answers.failure(form.protocol, broken, request_id, form.namespace, head)
        finally:
            if body is not None:
                body.drain()

    def _claim(self, request: HttpRequest, form: _Form) -> Claim | None:
        try:
            return read_claim(request)
        except AwsError as error:
            if error.code == "IncompleteSignature":
                raise refusal(family_of(form.protocol), SignatureRefusal.INCOMPLETE, error.message) from error
            raise

    def _serve_unsigned(self, request: HttpRequest, form: _Form, request_id: str, body: ApiBody) -> HttpAnswer:
        """Two operations of STS need no signature; everything else does."""
        short = body.arrived and body.length is not None and body.length <= _UNSIGNED_MOST
        asked = replace(request, body=body.read(_UNSIGNED_MOST)) if short else request
        action = asked.form.get("Action") if form.protocol is Protocol.QUERY else None
        if action == "AssumeRoleWithSAML":
            raise NotServed("sts", action)
        if action == _BY_TOKEN:
            return self._serve_token(asked, request_id)
        raise refusal(family_of(form.protocol), SignatureRefusal.NOT_SIGNED)

    def _serve(
        self, request: HttpRequest, claim: Claim, service: ApiService, request_id: str, body: ApiBody
    ) -> HttpAnswer:
        request = verify(
            request=request,
            claim=claim,
            family=service.family,
            find=self._credentials.secret,
            now=self._clock(),
            read=lambda: body.read(service.body_most),
        )
        if not is_region(claim.region):
            raise refusal(
                service.family,
                SignatureRefusal.SKEWED
                if service.family in (Family.JSON, Family.QUERY)
                else SignatureRefusal.WRONG_SIGNATURE,
                detail("region", region=claim.region),
            )
        caller = self._credentials.caller(claim.access_key_id, _connection(request, service, claim.region))
        if caller is None:
            raise refusal(service.family, SignatureRefusal.UNKNOWN_KEY)
        session = self._credentials.session(claim.access_key_id)
        if service.name == "iam" and session is not None and session.kind != "role" and not session.mfa:
            # STS API reference, GetSessionToken and GetFederationToken: no IAM calls; AWS says it in these words.
            raise refusal(service.family, SignatureRefusal.UNKNOWN_KEY)
        self._backend.ready(service)
        operation = operations.operation_of(service, request)
        if (service.name, operation) == ("sts", _BY_TOKEN):
            return self._serve_token(request, request_id)
        params = operations.parameters_of(service, operation, request)
        call = ApiCall(
            service=service.name,
            operation=operation,
            region=claim.region,
            account=caller.account,
            params=params,
            http=request,
            read_only=is_read_only(service.name, operation),
        )
        return self._carry_out(caller, call, service, request_id)

    def _serve_token(self, request: HttpRequest, request_id: str) -> HttpAnswer:
        """The token in the parameters says who calls, no signature does."""
        service = BY_NAME["sts"]
        params = operations.parameters_of(service, _BY_TOKEN, request)
        caller = self._backend.token_caller(params, _connection(request, service, _GLOBAL_REGION))
        call = ApiCall(
            service=service.name,
            operation=_BY_TOKEN,
            region=_GLOBAL_REGION,
            account=caller.account,
            params=params,
            http=request,
            read_only=True,
        )
        return self._carry_out(caller, call, service, request_id)

    def _carry_out(self, caller: Caller, call: ApiCall, service: ApiService, request_id: str) -> HttpAnswer:
        arns: tuple[str, ...] = ()
        try:
            check_types(service, call.operation, call.params)
            call = self._backend.completed(caller, call)
            deletion = deletion_of(call)
            if service.name != "sts":
                checks = self._guard.checks(call)
                arns = tuple(dict.fromkeys(check.resource for check in checks if check.resource != "*"))
                if deletion is None:
                    self._guard.authorise(caller, call, checks)
            if service.name == "ec2" and call.params.get("DryRun") is True:
                raise AwsError("DryRunOperation", _DRY_RUN, 412)
            check_required(service, call.operation, call.params)
            check_characters(service, call.operation, call.params, call.http)
            check_constraints(service, call.operation, call.params)
            if deletion is None:
                answer = self._backend.run(caller, call, service, request_id)
            else:
                allowed = self._guard.allowed(caller, call, checks)
                narrowed = deletion.narrowed(call, allowed)
                told = self._backend.run(caller, narrowed, service, request_id) if narrowed is not None else None
                answer = deletion.answer(allowed, told)
            answer = answers.readable(service, call.operation, answer)
        except AwsError as error:
            self._record(caller, call, service, arns, error.code, error.message)
            raise
        if answer.status >= 400:
            code, message = answers.read_error(service.protocol, answer)
            self._record(caller, call, service, arns, code, message)
        else:
            response = redaction.response_elements(service.name, call.operation, answer.body)
            self._record(caller, call, service, arns, response=response)
        return answers.with_request_id(service.protocol, answer, request_id)

    def _record(
        self,
        caller: Caller,
        call: ApiCall,
        service: ApiService,
        arns: tuple[str, ...],
        code: str = "",
        message: str = "",
        response: Mapping[str, Any] | None = None,
    ) -> None:
        # CloudTrail writes EC2's refusal as Client.UnauthorizedOperation, every other service's as AccessDenied.
        if code == "AccessDeniedException":
            code = "AccessDenied"
        elif code and service.protocol is Protocol.EC2:
            code = f"Client.{code}"
        if service.name == "sts" and isinstance(call.params.get("RoleArn"), str):
            arns = (call.params["RoleArn"],)
        self._trail.record(
            TrailEvent(
                caller=caller,
                event_source=service.event_source,
                event_name=call.operation,
                region=call.region,
                request=redaction.request_parameters(service.name, call.operation, call.params),
                resources=arns,
                error_code=code,
                error_message=message,
                read_only=call.read_only,
                response=response,
            )
        )


def _guess(environ: Mapping[str, Any]) -> _Form:
    """The protocol of a request whose service is not known (yet): from the scope, the target or the form."""
    scope = environ.get("HTTP_AUTHORIZATION", "").split("Credential=")[-1].split("/")
    if len(scope) > 3 and scope[3] in BY_SIGNING:
        service = BY_SIGNING[scope[3]]
        return _Form(service.protocol, service.namespace)
    if environ.get("HTTP_X_AMZ_TARGET") or "json" in environ.get("CONTENT_TYPE", ""):
        return _Form(Protocol.JSON)
    if "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", "") or "Action=" in environ.get("QUERY_STRING", ""):
        return _Form(Protocol.QUERY)
    return _Form(Protocol.REST_XML)


def _unserved(name: str) -> AwsError:
    shown = "".join(c for c in name[:40] if c.isalnum() or c == "-")
    served = ", ".join(sorted(BY_SIGNING))
    return AwsError(
        "UnknownOperationException",
        f"The local AWS does not serve '{shown}'; it serves {served}. (simulated wording)",
        400,
    )


def _header(value: str) -> str:
    """WSGI takes Latin-1 text without line breaks."""
    return value.replace("\r", " ").replace("\n", " ").encode("utf-8").decode("latin-1")


def _connection(request: HttpRequest, service: ApiService, region: str) -> iam.Connection:
    """Plain HTTP on loopback stands for AWS's HTTPS: the local AWS has nothing else."""
    agent = request.headers.get("user-agent", "")
    return iam.Connection(iam.requested_region(service.name, region), request.remote, agent)
