"""A proxy in front of a local AWS that does what an account does to thirty people on the day.

It throttles, fails with bodies of every kind, cuts connections before and after a call was carried out, is late, and
for a while reads what was before the last write (IAM and EC2). Which call it spoils is drawn from a seed.
"""

import http.client
import http.server
import json
import random
import re
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Answer = tuple[int, list[tuple[str, str]], bytes]

FAULT_BODIES = (
    b"<html><body><b>Http/1.1 Service Unavailable</b></body></html>",
    b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>",
    b"",
    b"<Response><Errors><Error><Code>Unavail",
    b'{"message": "Service Unavailable"}',
    b"upstream connect error or disconnect/reset before headers",
)
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([\w-]+)/")
_READS = ("Describe", "Get", "List", "Lookup", "BatchGet", "Assume", "Batch")
# What EC2 says of a thing by its id before every part of it knows the thing.
_UNSEEN = {
    "DescribeVpcs": "InvalidVpcID.NotFound",
    "DescribeSubnets": "InvalidSubnetID.NotFound",
    "DescribeRouteTables": "InvalidRouteTableID.NotFound",
    "DescribeSecurityGroups": "InvalidGroup.NotFound",
    "CreateSubnet": "InvalidVpcID.NotFound",
    "AssociateRouteTable": "InvalidSubnetID.NotFound",
}
_NAMED = re.compile(rb"(Vpc|Subnet|RouteTable|Group)Id(\.1)?=[a-z]+-")
# For so long IAM and EC2 show what was there before the last write.
STALE_S = 0.7


@dataclass
class FaultyAws:
    """``rate`` is how many calls of a hundred it spoils, ``faults`` by which of: throttle, fail, cut, lose, late.

    ``lost``: how the names of the operations begin whose first answer is lost, each time that something new is asked.
    ``cut`` closes the connection before the call is carried out, ``lose`` after it. ``stale``: the services whose
    reads are old. ``spoilt`` counts what was done to how many calls.
    """

    upstream: str
    rate: int = 25
    faults: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    url: str = ""
    spoilt: Counter[str] = field(default_factory=Counter)
    _random: random.Random = field(default_factory=lambda: random.Random(7))
    _heard: set[bytes] = field(default_factory=set)
    _known: dict[bytes, Answer] = field(default_factory=dict)
    _asked: set[bytes] = field(default_factory=set)
    _written: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self) -> str:
        """What is done to this call; empty: nothing."""
        with self._lock:
            spoils = self.faults and self._random.randrange(100) < self.rate
            found = self._random.choice(self.faults) if spoils else ""
            self.spoilt[found] += 1
        return found

    def loses(self, action: str, body: bytes) -> bool:
        """Whether the answer to this call is lost: the first to an operation of ``lost`` on something."""
        if not (self.lost and action.startswith(self.lost)):
            return False
        with self._lock:
            again = action.encode() + body in self._heard
            self._heard.add(action.encode() + body)
            self.spoilt[action] += not again
        return not again

    def forward(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        """What the local AWS answers; or, for a service that is stale, what it answered before the last write."""
        service, action = called(headers, body)
        key = f"{service} {method} {path} ".encode() + body
        reads = action.startswith(_READS)
        young = time.monotonic() - self._written.get(service, float("-inf")) < STALE_S
        if service in self.stale and reads and young and key in self._known:
            self.spoilt["stale"] += 1
            return self._known[key]
        missing = _UNSEEN.get(action, "") if service in self.stale and young else ""
        if missing and _NAMED.search(body) and key not in self._asked:
            # Once for each thing: what has just been made is not known everywhere.
            self._asked.add(key)
            self.spoilt["unseen"] += 1
            error = f"<Error><Code>{missing}</Code><Message>It does not exist</Message></Error>"
            text = f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"
            return 400, [("Content-Type", "text/xml")], text.encode()
        connection = http.client.HTTPConnection(self.upstream.removeprefix("http://"), timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        dropped = ("connection", "transfer-encoding", "content-length")
        kept = [each for each in response.getheaders() if each[0].lower() not in dropped]
        answer = (response.status, kept, response.read())
        connection.close()
        if service in self.stale:
            if not reads:
                self._written[service] = time.monotonic()
            elif not young:
                self._known[key] = answer
        return answer


def called(headers: list[tuple[str, str]], body: bytes) -> tuple[str, str]:
    """The service and the operation of a signed call; empty for what is none."""
    given = {name.lower(): value for name, value in headers}
    scope = _SCOPE.search(given.get("authorization", ""))
    form = urllib.parse.parse_qs(body.decode("latin-1")) if "urlencoded" in given.get("content-type", "") else {}
    action = given.get("x-amz-target", "").rpartition(".")[2] or next(iter(form.get("Action", [])), "")
    return (scope[1] if scope else ""), action


def throttled(service: str) -> Answer:
    """How the protocol of a service says that it was asked too often."""
    if service == "ec2":
        error = "<Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error>"
        text = f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"
        return 503, [("Content-Type", "text/xml")], text.encode()
    if service in ("iam", "sts"):
        error = "<Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
        text = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"
        return 400, [("Content-Type", "text/xml")], text.encode()
    words = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"})
    return 400, [("Content-Type", "application/x-amz-json-1.1")], words.encode()


@contextmanager
def faulty_aws(upstream: str) -> Iterator[FaultyAws]:
    """The proxy while it listens; it spoils nothing until ``faults`` or ``stale`` say so."""
    state = FaultyAws(upstream)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = list(self.headers.items())
            fault = "lose" if state.loses(called(headers, body)[1], body) else state.fault()
            if fault == "throttle":
                return self.say(throttled(called(headers, body)[0]))
            if fault == "fail":
                page = FAULT_BODIES[state.spoilt["fail"] % len(FAULT_BODIES)]
                return self.say((503, [("Content-Type", "text/html")], page))
            if fault == "late":
                time.sleep(0.2)
            if fault != "cut":
                answer = state.forward(self.command, self.path, headers, body)
            if fault in ("cut", "lose"):
                self.close_connection = True
                return None
            return self.say(answer)

        def do_GET(self) -> None:
            self.do_POST()

        def say(self, answer: Answer) -> None:
            status, headers, body = answer
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
