"""cheroot, set for a registry and for SDKs that keep hundreds of connections open."""

import logging
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

from cheroot import wsgi
from cheroot.workers.threadpool import ThreadPool, WorkerThread

from labs.cloud.wire import memory
from labs.cloud.wire.connections import Connection, Connections
from labs.cloud.wire.file_body import Gateway
from labs.errors import LabError

log = logging.getLogger("labs.cloud")

THREADS = 40
# Seconds that an idle connection is kept: more than a trainee's pause between two cells' calls.
IDLE_SECONDS = 75


class _Threads(ThreadPool):
    """cheroot's own would keep a process that is interrupted before it serves, for nobody stops them then."""

    def _spawn_worker(self) -> WorkerThread:
        worker = WorkerThread(self.server)  # type: ignore[no-untyped-call]
        worker.daemon = True
        worker.start()
        return worker


class Server(wsgi.Server):
    """Threads take requests; idle connections wait in a selector and cost no thread."""

    # SDKs and registry clients keep connections; cheroot's own limit of ten would close them under a request.
    keep_alive_conn_limit: int | None = None  # type: ignore[assignment]  # None is documented: no limit
    max_request_header_size = 64 * 1024
    max_request_body_size = 0
    ConnectionClass = Connection
    _connections: Any

    def prepare(self) -> None:
        """Bind and start the threads."""
        self.requests = _Threads(self, min=THREADS, max=THREADS)
        super().prepare()
        self._connections.close()
        self._connections = Connections(self)

    def process_conn(self, conn: Connection) -> None:
        """A request goes to a thread once it is worth one; until then its connection waits in the selector."""
        if conn.leaves:
            self._connections.wait(conn) if conn.forget() else conn.close()
        elif conn.rfile.has_data() or (conn.last_used is not None and conn.is_ready()):
            super().process_conn(conn)
        else:
            self._connections.wait(conn)

    @classmethod
    def prepare_socket(cls, *args: Any, **kwargs: Any) -> Any:
        """A port chosen by the system is bound again after a SIGKILL, while old connections still linger."""
        prepared = super().prepare_socket(*args, **kwargs)
        prepared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return prepared

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """cheroot's own troubles, mostly clients that went away, go to the log without a traceback."""
        log.log(level if level > logging.INFO else logging.DEBUG, "server: %s", msg)


def listen(host: str, port: int, app: Callable[..., Any]) -> Server:
    """Bind and listen; requests are answered once ``serve`` runs. Raises LabError when the port is taken."""
    memory.few_heaps()
    server = Server(
        (host, port),
        app,
        server_name="labs-cloud",
        # cheroot's own five would reset connections when a class of clients starts at once.
        request_queue_size=1024,
        timeout=IDLE_SECONDS,
        shutdown_timeout=3,
    )
    server.wsgi_version = (1, 0)
    server.gateway = Gateway
    try:
        server.prepare()
    except OSError as error:
        raise LabError(
            f"The local AWS cannot listen on {host} port {port}: {_why(error)}.",
            "stop the program that uses the port, or choose another with --port (0 lets the system choose)",
            id="cannot-listen",
        ) from error
    return server


def _why(error: OSError) -> str:
    text = str(error)
    if "in use" in text:
        return "the port is in use"
    return error.strerror or text


def port_of(server: Server) -> int:
    """The port that was bound."""
    return int(server.bind_addr[1])


def is_free(host: str, port: int) -> bool:
    """Whether a port can be bound now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def serve(server: Server, ready: Callable[[], None]) -> None:
    """Answer requests until SIGTERM or SIGINT; then finish those in flight and return."""
    heard, told = socket.socketpair()
    told.setblocking(False)
    # By a byte that waits: one that came in the moment before a wait would not end it.
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    worker = threading.Thread(target=server.serve, name="server", daemon=True)
    worker.start()
    ready()
    while heard.recv(1)[0] not in (signal.SIGTERM, signal.SIGINT):
        pass
    server.stop()
    worker.join(timeout=5)
