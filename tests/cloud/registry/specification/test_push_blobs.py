"""OCI distribution specification 1.1, "Pushing blobs": each test's docstring is the section and its sentence."""

import re

import pytest

from tests.cloud.registry.lab_registry import digest_of

DATA = b"0123456789" * 100
DIGEST = digest_of(DATA)
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def pullable(client, answer, data=DATA):
    """Whether the Location of an answer is a URL that gives these bytes."""
    found = client.get(answer.headers["Location"])
    return found.status == 200 and found.body == data


def test_a_session_begins_with_202_and_a_location_with_a_uuid(admin):
    """POST then PUT: the response MUST have a code of 202 Accepted, and MUST include the header Location."""
    answer = admin.post()
    assert answer.status == 202
    # "The <location> MUST contain a UUID representing a unique session ID for the upload to follow."
    assert re.search(UUID, answer.headers["Location"])
    assert answer.headers["Location"] != admin.post().headers["Location"]


def test_a_whole_blob_ends_with_201_and_a_pullable_location(admin):
    """POST then PUT: the response MUST have code 201 Created and MUST have the header Location, a pullable blob URL."""
    answer = admin.put(f"{admin.start()}?digest={DIGEST}", DATA, Content_Type="application/octet-stream")
    assert answer.status == 201
    assert pullable(admin, answer)


def test_one_post_with_the_digest_and_the_blob_is_enough(admin):
    """Single POST: Successful completion MUST return a 201 Created and MUST include the header Location."""
    answer = admin.post(f"blobs/uploads/?digest={DIGEST}", DATA)
    assert answer.status == 201
    assert pullable(admin, answer)


def test_one_post_whose_digest_is_not_the_blobs_is_refused(admin):
    """Single POST: the <digest> MUST match the blob's digest."""
    assert admin.post(f"blobs/uploads/?digest={digest_of(b'other')}", DATA).error[:2] == (400, "DIGEST_INVALID")


def test_no_chunk_is_too_small_and_none_is_said_to_be(admin):
    """Pushing a blob in chunks: If the registry has a minimum chunk size, the POST response SHOULD include it."""
    answer = admin.post()
    assert answer.headers["OCI-Chunk-Min-Length"] is None
    location = answer.headers["Location"]
    for at in range(3):
        assert admin.patch(location, DATA[at : at + 1], Content_Range=f"{at}-{at}").status == 202
    assert admin.put(f"{location}?digest={digest_of(DATA[:3])}").status == 201


def test_each_chunk_is_answered_with_202_where_it_ends_and_where_to_go_on(admin):
    """Pushing a blob in chunks: MUST be 202 Accepted, and MUST have the headers Location and Range: 0-<end>."""
    location = admin.start()
    for first, last in ((0, 299), (300, 799), (800, 999)):
        answer = admin.patch(
            location,
            DATA[first : last + 1],
            Content_Range=f"{first}-{last}",
            Content_Type="application/octet-stream",
        )
        assert (answer.status, answer.headers["Range"]) == (202, f"0-{last}")
        location = answer.headers["Location"]
    closed = admin.put(f"{location}?digest={DIGEST}")
    assert closed.status == 201
    assert pullable(admin, closed)


def test_the_last_chunk_may_come_with_the_closing_put(admin):
    """Pushing a blob in chunks: The final chunk MAY be uploaded using a PATCH request or in the closing PUT request."""
    location = admin.start()
    admin.patch(location, DATA[:700], Content_Range="0-699")
    closed = admin.put(f"{location}?digest={DIGEST}", DATA[700:], Content_Range="700-999")
    assert closed.status == 201
    assert pullable(admin, closed)


@pytest.mark.parametrize("wanted", ["1-10", "900-909"])
def test_the_first_chunk_begins_with_0(admin, wanted):
    """Pushing a blob in chunks: The first chunk's range MUST begin with 0."""
    assert admin.patch(admin.start(), DATA[:10], Content_Range=wanted).status == 416


@pytest.mark.parametrize(("first", "why"), [(0, "again"), (200, "overlapping"), (301, "a byte is missing")])
def test_a_chunk_out_of_order_is_416_and_the_status_says_where_to_go_on(admin, first, why):
    """Pushing a blob in chunks: If a chunk is uploaded out of order, the registry MUST respond with a 416."""
    location = admin.start()
    admin.patch(location, DATA[:300], Content_Range="0-299")
    refused = admin.patch(location, DATA[first:400], Content_Range=f"{first}-399")
    assert refused.status == 416, why
    # "A GET request may be used to retrieve the current valid offset and upload location."
    status = admin.get(location)
    assert (status.status, status.headers["Range"]) == (204, "0-299")
    admin.patch(status.headers["Location"], DATA[300:], Content_Range="300-999")
    assert admin.put(f"{location}?digest={DIGEST}").status == 201


def test_the_digest_of_the_closing_put_is_the_whole_blobs(admin):
    """Pushing a blob in chunks: The closing PUT request MUST include the <digest> of the whole blob."""
    location = admin.start()
    admin.patch(location, DATA[:700])
    refused = admin.put(f"{location}?digest={digest_of(DATA[700:])}", DATA[700:])
    assert refused.error[:2] == (400, "DIGEST_INVALID")
    assert admin.put(admin.start(), DATA).error[:2] == (400, "DIGEST_INVALID")


def test_the_status_of_an_upload_is_204_with_its_location_and_range(admin):
    """Pushing a blob in chunks: The response to an active upload <location> MUST be 204, with Location and Range."""
    location = admin.start()
    admin.patch(location, DATA[:300])
    answer = admin.get(location)
    assert (answer.status, answer.headers["Location"], answer.headers["Range"]) == (204, location, "0-299")


def test_a_cancelled_session_is_204_and_then_unknown(admin):
    """Cancel a blob upload: If successful, the response SHOULD be a 204 No Content response code."""
    location = admin.start()
    assert admin.delete(location).status == 204
    for answer in (admin.get(location), admin.patch(location, b"x"), admin.delete(location)):
        assert answer.error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_mount_that_is_switched_on_is_201_with_a_pullable_location(registry, admin):
    """Mounting a blob from another repository: a successful mount MUST be 201 Created, and MUST contain Location."""
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    registry.call("CreateRepository", repositoryName="lab/other")
    admin.push_image(layer=DATA)
    other = registry.client(repository="lab/other")
    answer = other.post(f"blobs/uploads/?mount={DIGEST}&from=lab/app")
    assert answer.status == 201
    assert pullable(other, answer)


@pytest.mark.parametrize(
    "query",
    [f"mount={DIGEST}&from=lab/app", f"mount={DIGEST}", f"mount={DIGEST}&from=nowhere", "mount=x&from=lab/app"],
    ids=["off as on ECR", "from nowhere named", "from a missing repository", "no digest"],
)
def test_a_mount_that_cannot_be_is_202_and_the_upload_goes_on(registry, admin, query):
    """Mounting a blob from another repository: if unable to mount the requested blob, it SHOULD return a 202."""
    admin.push_image(layer=DATA)
    registry.call("CreateRepository", repositoryName="lab/other")
    other = registry.client(repository="lab/other")
    answer = other.post(f"blobs/uploads/?{query}")
    assert answer.status == 202
    assert other.put(f"{answer.headers['Location']}?digest={DIGEST}", DATA).status == 201
