"""What an image's bytes and its Dockerfile say: who runs it, and what its FROM is pinned to."""

import base64
import gzip
import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from labs import oci
from labs.engine.archive import Image, read_archive
from labs.subjects.image.age import changed_since
from labs.subjects.image.from_lines import pin_of
from labs.subjects.image.image_user import user_of
from labs.subjects.image.secret_texts import secret_in

pytestmark = pytest.mark.unit
AMD64, ARM64 = oci.Platform("linux", "amd64"), oci.Platform("linux", "arm64")
PASSWD = "root:x:0:0::/:/bin/sh\nweb:x:33:33::/:\ntoor:x:0:0::/:\n"
DIGEST = "sha256:" + "a" * 64


def blob(folder: Path, data: bytes) -> dict[str, object]:
    (folder / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    digest = oci.sha256(data)
    (folder / "blobs" / "sha256" / digest[7:]).write_bytes(data)
    return {"mediaType": oci.OCI_MANIFEST, "digest": digest, "size": len(data)}


def layer(**files: str) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(raw.getvalue())


def image(folder: Path, user: str = "", *layers: bytes, platforms: tuple[oci.Platform, ...] = (AMD64,)) -> Image:
    """An OCI layout with one manifest, listed for these platforms."""
    config = blob(folder, json.dumps({"os": "linux", "architecture": "amd64", "config": {"User": user}}).encode())
    files = [{**blob(folder, each), "mediaType": oci.OCI_LAYER_GZIP} for each in layers]
    manifest = blob(folder, json.dumps({"schemaVersion": 2, "config": config, "layers": files}).encode())
    listed = [{**manifest, "platform": {"os": each.os, "architecture": each.architecture}} for each in platforms]
    index = json.dumps({"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": listed}).encode()
    top = {**blob(folder, index), "mediaType": oci.OCI_INDEX}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top, top]}))
    return read_archive(folder)


def test_one_image_that_is_listed_for_two_platforms_is_listed_twice(tmp_path: Path) -> None:
    found = image(tmp_path, platforms=(AMD64, ARM64))
    assert found.platforms == (AMD64, ARM64)
    assert len({found.descriptor(each).digest for each in found.platforms}) == 1


@pytest.mark.parametrize(
    ("user", "root", "unknown"),
    [
        ("", True, ""),
        ("0", True, ""),
        ("000:5", True, ""),
        ("root:web", True, ""),
        ("10001", False, ""),
        ("10001:10001", False, ""),
        ("web", False, ""),
        ("web:www", False, ""),
        ("toor", True, ""),
        ("app", False, "user app: no matching entries in passwd file"),
        ("app:10001", False, "user app: no matching entries in passwd file"),
        ("10001:app", False, "group app: no matching entries in group file"),
        ("web:app", False, "group app: no matching entries in group file"),
    ],
)
def test_who_runs_an_image_is_looked_up_in_the_image(tmp_path: Path, user: str, root: bool, unknown: str) -> None:
    found = user_of(image(tmp_path, user, layer(etc__passwd=PASSWD), layer(etc__group="www:x:33:\n")), AMD64)
    assert (found.written, found.root, found.unknown) == (user, root, unknown)


def test_an_image_without_passwd_has_no_user_by_name(tmp_path: Path) -> None:
    assert user_of(image(tmp_path, "app"), AMD64).unknown == "user app: no matching entries in passwd file"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("FROM python:3\n", ""),
        ("FROM --platform=linux/amd64 python:3\n", "line 1 says --platform=linux/amd64"),
        ("ARG BASE=python:3\n\nFROM --platform=$BUILDPLATFORM ${BASE}\n", "line 3 says --platform=$BUILDPLATFORM"),
        (f"FROM python@{DIGEST}\n", f"line 1 names it by its digest, python@{DIGEST}"),
        (f"ARG BASE=python@{DIGEST}\nFROM $BASE\n", f"line 2 names it by its digest, python@{DIGEST}"),
        ("ARG GIVEN\nFROM ${GIVEN}\n", f"line 2 names it by its digest, web@{DIGEST}"),
        ("FROM --platform=linux/amd64 python:3 AS tools\nFROM python:3\n", ""),
        ("FROM --platform=linux/amd64 python:3 AS base\nFROM base\n", "line 1 says --platform=linux/amd64"),
        ("FROM python:3 AS python\nFROM python\n", ""),
        ("this is no Dockerfile\n", ""),
        ("", ""),
    ],
)
def test_what_from_is_pinned_to_is_read_in_the_dockerfile(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    assert pin_of(tmp_path / "Dockerfile", {"GIVEN": f"web@{DIGEST}"}) == place


def test_a_file_that_was_changed_after_the_archive_is_told(tmp_path: Path) -> None:
    app, archive = tmp_path / "app", tmp_path / "app.tar"
    (app / "__pycache__").mkdir(parents=True)
    archive.touch()
    built = image(tmp_path / "image", "1", layer(app__app_dot_py="print()"))
    for name, text in (("Dockerfile", "FROM x\n"), ("app.py", "print()"), ("__pycache__/app.pyc", "x")):
        (app / name).write_text(text)
        os.utime(app / name, (2_000_000_000, 2_000_000_000))
    os.utime(app / "Dockerfile", (1_000_000_000, 1_000_000_000))
    assert changed_since(archive, app, built) is None, "app.py was saved again, and is in the image as it is"
    (app / "app.py").write_text("print(1)")
    os.utime(app / "app.py", (2_000_000_000, 2_000_000_000))
    changed = changed_since(archive, app, built)
    assert changed is not None
    assert (changed.file, changed.at) == ("app.py", "2033-05-18T03:33:20Z")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("PGPASSWORD", "hunter2"),
        ("dbPassword", "hunter2"),
        ("MYSQL_PWD", "hunter2"),
        ("SMTP_PASS", "hunter2"),
        ("API_KEY", "0123456789"),
        ("apiKey", "0123456789"),
        ("STRIPE_SECRET", "sk-x"),
        ("client-secret", "x1y2"),
        ("GITHUB_TOKEN", "ghp_x"),
        ("authToken", "x1y2"),
        ("AWS_SECRET_ACCESS_KEY", "wJalr"),
        ("SIGNING_KEY", "c2VjcmV0"),
        ("DATABASE_URL", "postgresql://app:hunter2@db/app"),
        ("REDIS", "redis://:hunter2@cache:6379"),
        ("GREETING", "the-known-one"),
        ("KEY_ID", "AKIA" + "IOSFODNN7EXAMPLE"),
        ("GREETING", base64.b64encode(b"the-known-one").decode()),
        ("GREETING", base64.b64encode(b"x the-known-one").decode()),
        ("GREETING", base64.b64encode(b"it is the-known-one").decode().rstrip("=")),
        ("GREETING", b"the-known-one".hex().upper()),
        ("GREETING", base64.b64encode(b"AKIA" + b"IOSFODNN7EXAMPLE").decode()),
        ("GREETING", base64.b64encode(b'{"password": "hunter2"}').decode()),
        ("GREETING", "%7B%22password%22%3A%22hunter2%22%7D"),
        ("X", "ghp_" + "a1B2" * 9),
        ("X", "xoxb-" + "123456789012-" * 2 + "abcdefghijkl"),
        ("X", "sk_live_" + "a1B2c3D4" * 3),
        ("X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dGVzdHNpZ25hdHVyZQ"),
        ("AUTH", "Basic YWRtaW46aHVudGVyMg=="),
        ("DBPASS", "hunter2"),
        ("DB_PASS", "1234"),
        ("GITHUB_PAT", "x1y2z3"),
        ("PASSWORD_SALT", "9f3c"),
        ("DSN", "Server=db;User Id=app;Password=hunter2;"),
        ("DSN", "host=db user=app password=hunter2"),
        ("CALL", "https://api.example/?api_key=abc123&x=1"),
        ("SPRING_APPLICATION_JSON", '{"spring": {"datasource": {"password": "hunter2"}}}'),
        ("STORAGE", "AccountName=x;AccountKey=abcd==;"),
        ("word 3", "export DB_PASSWORD=hunter2; exec python app.py"),
        ("ROOT_PASSWORD", "/Sl4sh"),
    ],
)
def test_a_secret_is_known_by_its_name_or_its_value(name: str, value: str) -> None:
    assert secret_in(name, value, "the-known-one")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "8080"),
        ("APP_VERSION", "1.0.0"),
        ("GPG_KEY", "7169605F62C751356D054A26A821E680E5FA6305"),  # the official Python image has it
        ("PYTHON_SHA256", "a" * 64),
        ("PATH", "/usr/local/bin:/usr/bin"),
        ("TOKENIZER", "bpe"),
        ("TOKEN_TTL", "3600"),
        ("SECRET_NAME", "app/database"),
        ("DB_SECRET_ARN", "arn:aws:secretsmanager:us-east-1:111122223333:secret:x"),
        ("DB_PASSWORD", "arn:aws:ssm:us-east-1:111122223333:parameter/x"),
        ("PASSWORD_FILE", "/run/secrets/db"),
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("REQUIRE_PASSWORD", "true"),
        ("COMPASS", "north"),
        ("PWD", "/app"),
        ("DATABASE_URL", "postgresql://app@db/app"),
        ("ENDPOINT", "http://127.0.0.1:8080/a@b"),
        ("GIT_SHA", "0123456789abcdef0123456789abcdef01234567"),
        ("IMAGE_DIGEST", "sha256:" + "ab" * 32),
        ("MAX_TOKENS", "4096"),
        ("TOKENS_PER_MINUTE", "60000"),
        ("TOKEN_ENDPOINT", "https://id.example/token"),
        ("SECRET_MANAGER_REGION", "eu-west-1"),
        ("SECRET_VERSION_STAGE", "AWSCURRENT"),
        ("PASSWORD_HASH_ALGORITHM", "argon2"),
        ("PASSWORD_MIN_LENGTH", "12"),
        ("COOKIE_SECRET_REF", "app/cookie"),
        ("BYPASS", "1"),
        ("S3_KEY", "a/b.txt"),
        ("BUILD", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo="),
        ("word 3", 'test -n "$APP_SECRET" && exec python app.py'),
        ("word 3", "APP_SECRET=$OTHER exec python app.py"),
        ("word 3", "import os; connect(password=os.environ['DB_PASSWORD'])"),
        ("AUTH", "basic authentication"),
    ],
)
def test_what_only_sounds_like_a_secret_is_none(name: str, value: str) -> None:
    assert secret_in(name, value, "the-known-one") == ""
