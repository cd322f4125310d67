"""Many at once: pushes side by side, one name taken once, one upload written by one request."""

import threading
from concurrent.futures import ThreadPoolExecutor

from labs.cloud.contract import AwsError
from tests.cloud.registry.lab_registry import digest_of


def test_sixteen_pushes_at_once_all_succeed(registry):
    """Layers shared and private, tags moving: no error, every image whole."""
    shared = b"shared" * 100_000

    def push(number):
        client = registry.client()
        client.push_blob(shared)
        for turn in range(4):
            client.push_image(f"v{number}", f"{number}-{turn}".encode() * 30_000)
        return client.push_image("latest", shared)

    with ThreadPoolExecutor(16) as pool:
        digests = list(pool.map(push, range(16)))
    assert len(set(digests)) == 1
    client = registry.client()
    assert len(client.get("tags/list").json["tags"]) == 17
    for number in range(16):
        layer = client.get(f"manifests/v{number}").json["layers"][0]["digest"]
        assert digest_of(client.get(f"blobs/{layer}").body) == layer
    assert registry.events(errors=True) == []


def test_two_hundred_creates_of_one_name_have_one_success(registry):
    def create(_):
        try:
            registry.call("CreateRepository", repositoryName="wanted")
        except AwsError as error:
            return error.code
        return "created"

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(create, range(200)))
    assert results.count("created") == 1
    assert results.count("RepositoryAlreadyExistsException") == 199


def test_an_immutable_tag_is_won_once(registry):
    registry.call("PutImageTagMutability", repositoryName="lab/app", imageTagMutability="IMMUTABLE")
    clients = [registry.client() for _ in range(8)]
    for number, client in enumerate(clients):
        client.push_blob(b"{}")
        client.push_blob(f"layer {number}".encode())

    def push(pair):
        number, client = pair
        try:
            client.push_image("v1", f"layer {number}".encode())
        except AssertionError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(push, enumerate(clients))) == 1


def test_one_upload_takes_one_request_at_a_time(registry, admin):
    location = admin.start()
    data = b"x" * 100
    entered, leave = threading.Event(), threading.Event()

    def slow():
        yield data[:50]
        entered.set()
        leave.wait(60)
        yield data[50:]

    other = registry.client()
    chunked = {"Transfer-Encoding": "chunked"}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(admin.send, "PATCH", location, slow(), chunked)
        assert entered.wait(60)
        refused = other.patch(location, b"intruder")
        while refused.status == 202:  # the server had not begun with the first one
            refused = other.patch(location, b"")
        leave.set()
        assert refused.error[:2] == (409, "BLOB_UPLOAD_INVALID")
        assert first.result(10).status == 202


def test_pushing_and_deleting_the_same_image_side_by_side_stays_sound(registry):
    """Layers come and go under each other: whatever has a manifest has its layers."""
    layer = b"contested" * 1000
    digest = digest_of(layer)

    refusals = []

    def push(_):
        client = registry.client()
        for _ in range(15):
            try:
                client.push_image("v1", layer)
            except AssertionError as error:
                refusals.append(str(error))

    def delete(_):
        client = registry.client()
        for _ in range(30):
            assert client.delete("manifests/v1").status in (202, 404)

    with ThreadPoolExecutor(4) as pool:
        for future in [*(pool.submit(push, n) for n in range(2)), *(pool.submit(delete, n) for n in range(2))]:
            future.result(60)
    assert [text for text in refusals if "MANIFEST_BLOB_UNKNOWN" not in text and "MANIFEST_UNKNOWN" not in text] == []
    client = registry.client()
    client.push_image("v1", layer)
    assert client.get(f"blobs/{digest}").body == layer
