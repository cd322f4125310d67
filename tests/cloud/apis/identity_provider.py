"""An OpenID Connect provider for tests: a key, tokens signed with it, and discovery over HTTPS on loopback."""

import base64
import contextlib
import datetime
import hashlib
import http.server
import ipaddress
import json
import ssl
import threading
import time
from urllib.parse import quote

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

AUDIENCE = "sts.amazonaws.com"


class Provider:
    """Signs tokens as ``issuer``; ``key_set`` is what it publishes."""

    def __init__(self, issuer, algorithm="RS256", kid="key-1"):
        self.issuer, self.algorithm, self.kid = issuer, algorithm, kid
        self.key = (
            rsa.generate_private_key(65537, 2048)
            if algorithm.startswith("RS")
            else ec.generate_private_key(ec.SECP256R1())
        )

    @property
    def url(self):
        return self.issuer.removeprefix("https://")

    @property
    def key_set(self):
        form = jwt.algorithms.RSAAlgorithm if self.algorithm.startswith("RS") else jwt.algorithms.ECAlgorithm
        key = json.loads(form.to_jwk(self.key.public_key()))
        return {"keys": [{**key, "kid": self.kid, "use": "sig", "alg": self.algorithm}]}

    def token(self, key=None, headers=None, **claims):
        now = int(time.time())
        whole = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "repo:octo-org/octo-repo:ref:refs/heads/main",
            "iat": now,
            "exp": now + 600,
            **claims,
        }
        whole = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(whole, key or self.key, self.algorithm, headers={"kid": self.kid, **(headers or {})})

    def publish(self, state):
        """Put the key set where the local AWS finds it without a network."""
        folder = state / "identity-providers"
        folder.mkdir(exist_ok=True)
        (folder / f"{quote(self.url, safe='')}.json").write_text(json.dumps(self.key_set))


def without_signature(token):
    """The token with algorithm "none" and no signature."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT","kid":"key-1"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


@contextlib.contextmanager
def serving(folder, drip=None, change=lambda documents, provider: None):
    """(provider, thumbprint) of one that answers over HTTPS with a certificate of its own.

    With ``drip``, an event, it never comes to the end of an answer until the event is set. ``change`` gets the
    documents by their path before any is asked for; a text in a document's place is where it redirects to.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    both = folder / "provider.pem"
    both.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    documents = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if drip is not None:
                # A header that never ends, a letter at a time, until the client has had enough.
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
                with contextlib.suppress(OSError):
                    while not drip.wait(0.05):
                        self.wfile.write(b"a")
                return
            found = documents.get(self.path, {})
            body = json.dumps(found).encode()
            self.send_response(302 if isinstance(found, str) else 200 if self.path in documents else 404)
            if isinstance(found, str):
                self.send_header("Location", found)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    provider = Provider(f"https://127.0.0.1:{server.server_address[1]}/tenant")
    documents["/tenant/.well-known/openid-configuration"] = {
        "issuer": provider.issuer,
        "jwks_uri": f"{provider.issuer}/keys",
    }
    documents["/tenant/keys"] = provider.key_set
    change(documents, provider)
    der = certificate.public_bytes(serialization.Encoding.DER)
    try:
        yield provider, hashlib.sha1(der, usedforsecurity=False).hexdigest()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
