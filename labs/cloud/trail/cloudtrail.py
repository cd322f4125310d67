"""CloudTrail: every call, allowed or refused, kept in SQLite and answered by LookupEvents.

Source: CloudTrail user guide, "CloudTrail record contents" and "userIdentity element"; API reference, LookupEvents.
"""

import json
import logging
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labs import iam
from labs.cloud.contract import AwsError, Caller, Clock, TrailEvent
from labs.cloud.protocols.paging import PageForm, Pages
from labs.cloud.state.folder import unreadable

log = logging.getLogger("labs.cloud")

KEPT = 100_000
# Events that a full disk has not taken yet: so many are held in memory before calls are refused.
WAITING = 10_000
_AT_ONCE = 50
_SCHEMA = """
CREATE {} IF NOT EXISTS {} (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL, time REAL NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL, read_only TEXT NOT NULL,
    username TEXT NOT NULL, access_key TEXT NOT NULL, resources TEXT NOT NULL, types TEXT NOT NULL,
    record TEXT NOT NULL
);
"""
_PAGE_FORM = PageForm(
    "cloudtrail",
    bad_token=lambda: AwsError("InvalidNextTokenException", "The NextToken is not valid. (simulated wording)"),
    token_member="NextToken",
    size_member="MaxResults",
)
_COLUMNS = {
    "EventId": "id",
    "EventName": "name",
    "EventSource": "source",
    "ReadOnly": "read_only",
    "Username": "username",
    "AccessKeyId": "access_key",
}


# Columns of several lines; a resource is found by its ARN and by the name that ends it.
_LINES = {
    "ResourceType": "instr(char(10) || types || char(10), char(10) || ? || char(10))",
    "ResourceName": (
        "(instr(char(10) || resources || char(10), char(10) || ? || char(10))"
        " OR instr(resources || char(10), '/' || ? || char(10))"
        " OR instr(resources || char(10), ':' || ? || char(10)))"
    ),
}


class SqliteTrail:
    """Implements ``contract.Trail``. One connection: the state folder has one owner."""

    def __init__(self, path: Path, clock: Clock, pages: Pages) -> None:
        """Raises LabError when the file is damaged or cannot be opened."""
        self._clock = clock
        self._pages = pages
        self._lock = threading.Lock()
        self._waiting = 0
        try:
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            path.chmod(0o600)
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA.format("TABLE", "event"))
            # Where events wait while the disk takes nothing: in memory.
            self._database.execute("PRAGMA temp_store=MEMORY")
            self._database.executescript(_SCHEMA.format("TEMP TABLE", "waiting"))
            self._number = int(self._database.execute("SELECT coalesce(max(number), 0) FROM event").fetchone()[0])
            self._count = int(self._database.execute("SELECT count(*) FROM event").fetchone()[0])
        except (sqlite3.Error, OSError) as error:
            raise unreadable(path, error, path.parent) from error

    def record(self, event: TrailEvent) -> None:
        """Keep one event; a SIGKILL after the return does not lose it. Beyond KEPT the oldest go.

        While the disk takes nothing, events wait in memory, so that calls which only look go on; they are written
        with the first event that it takes again. Raises AwsError(ServiceUnavailable) when too many wait.
        """
        now, identifier = self._clock(), str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
        row = (
            identifier,
            now.timestamp(),
            event.event_name,
            event.event_source,
            "true" if event.read_only else "false",
            _username(event.caller),
            event.caller.access_key_id if event.caller else "",
            "\n".join(event.resources),
            "\n".join(_resource_type(arn) for arn in event.resources),
            json.dumps(_record(event, now, identifier), separators=(",", ":"), default=str),
        )
        with self._lock:
            try:
                self._flush()
                self._insert("event", row)
            except sqlite3.Error as error:
                if self._waiting >= WAITING:
                    words = f"The state folder cannot be written ({error}). (simulated wording)"
                    raise AwsError("ServiceUnavailable", words, 503) from error
                if not self._waiting:
                    log.warning("the trail waits in memory: %s", error)
                self._insert("waiting", row)
                self._waiting += 1
            self._count += 1
            self._drop_oldest()

    def _flush(self) -> None:
        """Write what waits, some at a time. Raises sqlite3.Error when the disk does not take it."""
        while self._waiting:
            some = f"FROM waiting WHERE number < (SELECT min(number) FROM waiting) + {_AT_ONCE}"
            self._database.execute("BEGIN")
            try:
                self._database.execute(f"INSERT INTO event SELECT * {some}")
                written = self._database.execute(f"DELETE {some}").rowcount
                self._database.execute("COMMIT")
            except sqlite3.Error:
                # A full disk may have ended the transaction already.
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            self._waiting -= written

    def _insert(self, table: str, row: tuple[Any, ...]) -> None:
        self._database.execute(f"INSERT INTO {table} VALUES (?,?,?,?,?,?,?,?,?,?,?)", (self._number + 1, *row))
        self._number += 1

    def _drop_oldest(self) -> None:
        if self._count > KEPT + 1000:
            with suppress(sqlite3.Error):
                self._database.execute("DELETE FROM event WHERE number <= ?", (self._number - KEPT,))
                self._count = KEPT

    def lookup(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Answer LookupEvents: newest first, at most 50 a page, those that still wait among them. Raises AwsError."""
        where, values = _conditions(params)
        size = params.get("MaxResults", 50)
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= 50:
            raise AwsError("InvalidMaxResultsException", "MaxResults must be between 1 and 50. (simulated wording)")
        after = self._pages.place(_PAGE_FORM, "LookupEvents", params)
        if after is not None:
            where.append("number < ?")
            values += after
        clause = f"WHERE {' AND '.join(where)}" if where else ""
        with self._lock:
            with suppress(sqlite3.Error):
                self._flush()
            source = "(SELECT * FROM event UNION ALL SELECT * FROM waiting)" if self._waiting else "event"
            rows = self._database.execute(
                f"SELECT number, id, time, name, source, read_only, username, access_key, resources, record "
                f"FROM {source} {clause} ORDER BY number DESC LIMIT ?",
                (*values, size + 1),
            ).fetchall()
        answer: dict[str, Any] = {"Events": [_event(row) for row in rows[:size]]}
        if len(rows) > size:
            answer["NextToken"] = self._pages.token(_PAGE_FORM, "LookupEvents", params, [rows[size - 1][0]])
        return answer

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            with suppress(sqlite3.Error):
                self._flush()
            self._database.close()


def _conditions(params: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    values: list[Any] = []
    attributes = params.get("LookupAttributes") or []
    if not isinstance(attributes, list) or len(attributes) > 1:
        raise AwsError(
            "InvalidLookupAttributesException", "You can specify only one lookup attribute. (simulated wording)"
        )
    for attribute in attributes:
        key = attribute.get("AttributeKey") if isinstance(attribute, Mapping) else None
        value = str(attribute.get("AttributeValue", "")) if isinstance(attribute, Mapping) else ""
        if key in _COLUMNS:
            where.append(f"{_COLUMNS[key]} = ?")
            values.append(value)
        elif key in _LINES:
            where.append(_LINES[key])
            values += [value] * _LINES[key].count("?")
        else:
            raise AwsError("InvalidLookupAttributesException", f"'{key}' is no lookup attribute. (simulated wording)")
    start, end = _time(params.get("StartTime")), _time(params.get("EndTime"))
    if start is not None and end is not None and start > end:
        raise AwsError("InvalidTimeRangeException", "StartTime is after EndTime. (simulated wording)")
    if start is not None:
        where.append("time >= ?")
        values.append(start)
    if end is not None:
        # AWS takes whole seconds: an event within the last one counts.
        where.append("time < ?")
        values.append(end + 1)
    return where, values


def _time(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise AwsError(
            "InvalidTimeRangeException", "A time of the range cannot be read. (simulated wording)"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_TYPES = {
    "ecr": "AWS::ECR::Repository",
    "iam:role": "AWS::IAM::Role",
    "iam:user": "AWS::IAM::User",
    "iam:group": "AWS::IAM::Group",
    "iam:policy": "AWS::IAM::Policy",
    "s3": "AWS::S3::Bucket",
    "kms": "AWS::KMS::Key",
    "ecs:cluster": "AWS::ECS::Cluster",
    "ecs:service": "AWS::ECS::Service",
    "ecs:task-definition": "AWS::ECS::TaskDefinition",
    "ec2:vpc": "AWS::EC2::VPC",
    "ec2:subnet": "AWS::EC2::Subnet",
    "ec2:security-group": "AWS::EC2::SecurityGroup",
    "ec2:vpc-endpoint": "AWS::EC2::VPCEndpoint",
    "ec2:route-table": "AWS::EC2::RouteTable",
    "secretsmanager": "AWS::SecretsManager::Secret",
    "logs": "AWS::Logs::LogGroup",
    "ssm:parameter": "AWS::SSM::Parameter",
}


def _resource_type(arn: str) -> str:
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return ""
    kind = parts[5].split("/", 1)[0]
    return _TYPES.get(f"{parts[2]}:{kind}") or _TYPES.get(parts[2], "")


def _event(row: tuple[Any, ...]) -> dict[str, Any]:
    _, identifier, time, name, source, read_only, username, access_key, resources, record = row
    event = {
        "EventId": identifier,
        "EventName": name,
        "ReadOnly": read_only,
        "EventTime": int(time),
        "EventSource": source,
        "Username": username,
        "Resources": [
            {"ResourceType": _resource_type(arn), "ResourceName": arn} for arn in resources.split("\n") if arn
        ],
        "CloudTrailEvent": record,
    }
    if access_key:
        event["AccessKeyId"] = access_key
    return event


def _username(caller: Caller | None) -> str:
    return caller.principal.arn.rsplit("/", 1)[-1] if caller else ""


def _record(event: TrailEvent, now: datetime, identifier: str) -> dict[str, Any]:
    if event.service_details is not None:
        return _service_record(event, now, identifier)
    account = event.caller.account if event.caller else ""
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _user_identity(event.caller),
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.event_source,
        "eventName": event.event_name,
        "awsRegion": event.region,
        "sourceIPAddress": event.caller.source_ip if event.caller else "",
        "userAgent": event.caller.user_agent if event.caller else "",
    }
    if event.error_code:
        record["errorCode"] = event.error_code
        record["errorMessage"] = event.error_message
    record |= {
        "requestParameters": dict(event.request) or None,
        "responseElements": dict(event.response) if event.response else None,
        "eventID": identifier,
        "readOnly": event.read_only,
        "resources": [{"accountId": account, "type": _resource_type(arn), "ARN": arn} for arn in event.resources],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    return record


def _service_record(event: TrailEvent, now: datetime, identifier: str) -> dict[str, Any]:
    """What AWS did by itself (ECR User Guide, "Logging Amazon ECR actions with AWS CloudTrail")."""
    account = event.resources[0].split(":")[4]
    return {
        "eventVersion": "1.11",
        "userIdentity": {"accountId": account, "invokedBy": "AWS Internal"},
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.event_source,
        "eventName": event.event_name,
        "awsRegion": event.region,
        "sourceIPAddress": "AWS Internal",
        "userAgent": "AWS Internal",
        "requestParameters": None,
        "responseElements": None,
        "eventID": identifier,
        "readOnly": event.read_only,
        "resources": [{"accountId": account, "type": _resource_type(arn), "ARN": arn} for arn in event.resources],
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": account,
        "serviceEventDetails": dict(event.service_details or {}),
        "eventCategory": "Management",
    }


def _user_identity(caller: Caller | None) -> dict[str, Any]:
    if caller is None:
        return {"type": "Unknown"}
    principal = caller.principal
    if principal.kind is iam.PrincipalKind.FEDERATED and not principal.is_federated_user:
        # AssumeRoleWithWebIdentity itself; its principal id is PROVIDER:AUDIENCE:SUBJECT.
        identifier = str(caller.context.get("aws:userid", ""))
        subject = str(caller.context.get(principal.arn.partition(":oidc-provider/")[2] + ":sub", ""))
        return {
            "type": "WebIdentityUser",
            "principalId": identifier,
            "userName": subject,
            "identityProvider": principal.arn,
        }
    if principal.is_federated_user:
        return {
            "type": "FederatedUser",
            "principalId": caller.context.get("aws:userid", ""),
            "arn": principal.arn,
            "accountId": principal.account,
            "accessKeyId": caller.access_key_id,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "IAMUser",
                    "arn": principal.identity_arn,
                    "accountId": principal.account,
                    "userName": principal.identity_arn.rsplit("/", 1)[-1],
                },
                "attributes": {
                    "creationDate": caller.context.get("aws:TokenIssueTime", ""),
                    "mfaAuthenticated": caller.context.get("aws:MultiFactorAuthPresent", "false"),
                },
            },
        }
    identity: dict[str, Any] = {
        "type": "AssumedRole" if principal.kind is iam.PrincipalKind.ROLE_SESSION else "IAMUser",
        "principalId": caller.context.get("aws:userid", ""),
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": caller.access_key_id,
    }
    attributes = {
        "creationDate": caller.context.get("aws:TokenIssueTime", ""),
        "mfaAuthenticated": caller.context.get("aws:MultiFactorAuthPresent", "false"),
    }
    if principal.kind is iam.PrincipalKind.ROLE_SESSION:
        role = principal.identity_arn
        identity["sessionContext"] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": str(caller.context.get("aws:userid", "")).split(":", 1)[0],
                "arn": role,
                "accountId": principal.account,
                "userName": role.rsplit("/", 1)[-1],
            },
            "attributes": attributes,
        }
    else:
        identity["userName"] = principal.arn.rsplit("/", 1)[-1]
        if attributes["creationDate"]:
            identity["sessionContext"] = {"attributes": attributes}
    return identity
