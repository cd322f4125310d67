"""Distribution specification 1.1, "Pushing blobs": in one piece, in one request, in chunks, as a stream."""

import pytest

from tests.cloud.registry.lab_registry import digest_of

DATA = b"0123456789" * 1000
DIGEST = digest_of(DATA)


def stored(client, digest=DIGEST, data=DATA):
    answer = client.get(f"blobs/{digest}")
    return answer.status == 200 and answer.body == data


def test_post_then_put_stores_a_blob(admin):
    location = admin.start()
    answer = admin.put(f"{location}?digest={DIGEST}", DATA, Content_Type="application/octet-stream")
    assert answer.status == 201
    assert answer.headers["Docker-Content-Digest"] == DIGEST
    assert answer.headers["Location"] == f"/v2/lab/app/blobs/{DIGEST}"
    assert stored(admin)


def test_a_single_post_stores_a_blob(admin):
    answer = admin.post(f"blobs/uploads/?digest={DIGEST}", DATA)
    assert answer.status == 201
    assert stored(admin)


def test_a_single_post_with_a_wrong_digest_stores_nothing(admin):
    other = digest_of(b"other")
    assert admin.post(f"blobs/uploads/?digest={other}", DATA).error[:2] == (400, "DIGEST_INVALID")
    assert admin.head(f"blobs/{other}").status == 404
    assert admin.head(f"blobs/{DIGEST}").status == 404


def test_chunks_in_order_make_a_blob_and_each_answer_says_how_far(admin):
    location = admin.start()
    answer = admin.patch(location, DATA[:4000], Content_Range="0-3999")
    assert (answer.status, answer.headers["Range"]) == (202, "0-3999")
    answer = admin.patch(answer.headers["Location"], DATA[4000:9000], Content_Range="4000-8999")
    assert answer.headers["Range"] == "0-8999"
    last = admin.put(f"{answer.headers['Location']}?digest={DIGEST}", DATA[9000:], Content_Range="9000-9999")
    assert last.status == 201
    assert stored(admin)


def test_chunks_may_end_with_an_empty_put(admin):
    location = admin.start()
    admin.patch(location, DATA)
    assert admin.put(f"{location}?digest={DIGEST}").status == 201
    assert stored(admin)


@pytest.mark.parametrize("where", ["9999-10998", "0-999"])
def test_a_chunk_out_of_order_is_416_and_says_where_to_go_on(admin, where):
    location = admin.start()
    admin.patch(location, DATA[:2000], Content_Range="0-1999")
    answer = admin.patch(location, DATA[2000:3000], Content_Range=where)
    assert answer.error[:2] == (416, "BLOB_UPLOAD_INVALID")
    assert answer.headers["Range"] == "0-1999"
    assert answer.headers["Location"] == location
    assert admin.patch(location, DATA[2000:], Content_Range="2000-9999").status == 202
    assert admin.put(f"{location}?digest={DIGEST}").status == 201


def test_a_last_chunk_out_of_order_is_416_and_the_upload_goes_on(admin):
    location = admin.start()
    admin.patch(location, DATA[:2000])
    answer = admin.put(f"{location}?digest={DIGEST}", DATA[5000:], Content_Range="5000-9999")
    assert answer.status == 416
    assert admin.put(f"{location}?digest={DIGEST}", DATA[2000:], Content_Range="2000-9999").status == 201
    assert stored(admin)


@pytest.mark.parametrize("text", ["x", "5-1", "0-", "-9", "0-10/x"])
def test_a_content_range_that_is_none_is_refused(admin, text):
    assert admin.patch(admin.start(), b"0123456789", Content_Range=text).error[:2] == (400, "SIZE_INVALID")


def test_content_range_and_length_must_agree(admin):
    assert admin.patch(admin.start(), b"0123456789", Content_Range="0-8").error[:2] == (400, "SIZE_INVALID")


def test_a_stream_without_a_length_is_taken(admin):
    location = admin.start()
    pieces = (DATA[at : at + 777] for at in range(0, len(DATA), 777))
    answer = admin.send("PATCH", location, pieces, {"Transfer-Encoding": "chunked"})
    assert (answer.status, answer.headers["Range"]) == (202, "0-9999")
    assert admin.put(f"{location}?digest={DIGEST}").status == 201
    assert stored(admin)


def test_a_put_can_be_a_stream_too(admin):
    location = f"{admin.start()}?digest={DIGEST}"
    answer = admin.send("PUT", location, iter([DATA[:5], DATA[5:]]), {"Transfer-Encoding": "chunked"})
    assert answer.status == 201
    assert stored(admin)


def test_the_status_of_an_upload_says_how_far_it_is(admin):
    location = admin.start()
    admin.patch(location, DATA[:300])
    answer = admin.get(location)
    assert (answer.status, answer.headers["Range"], answer.headers["Location"]) == (204, "0-299", location)


def test_a_cancelled_upload_is_gone(admin, tmp_path):
    location = admin.start()
    admin.patch(location, DATA)
    assert admin.delete(location).status == 204
    assert admin.get(location).error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")
    assert list((tmp_path / "state" / "registry" / "uploads").iterdir()) == []


def test_a_wrong_digest_is_refused_and_nothing_is_kept(admin, tmp_path):
    location = admin.start()
    other = digest_of(b"other")
    answer = admin.put(f"{location}?digest={other}", DATA)
    assert answer.error[:2] == (400, "DIGEST_INVALID")
    assert admin.head(f"blobs/{other}").status == 404
    assert admin.get(location).status == 404
    assert [path for path in (tmp_path / "state" / "registry" / "blobs").rglob("*") if path.is_file()] == []


def test_a_put_without_a_digest_is_refused(admin):
    assert admin.put(admin.start(), DATA).error[:2] == (400, "DIGEST_INVALID")


def test_sha512_is_verified_and_served(admin):
    digest = digest_of(DATA, "sha512")
    assert admin.put(f"{admin.start()}?digest={digest}", DATA).status == 201
    assert stored(admin, digest)
    assert admin.put(f"{admin.start()}?digest={digest}", DATA[1:]).error[:2] == (400, "DIGEST_INVALID")


def test_sha512_is_verified_over_chunks_as_well(admin):
    digest = digest_of(DATA, "sha512")
    location = admin.start()
    admin.patch(location, DATA[:10])
    assert admin.put(f"{location}?digest={digest}", DATA[10:]).status == 201
    assert stored(admin, digest)


def test_an_empty_blob_is_a_blob(admin):
    digest = digest_of(b"")
    assert admin.put(f"{admin.start()}?digest={digest}").status == 201
    assert stored(admin, digest, b"")


def test_pushing_a_blob_again_is_no_error(admin):
    admin.push_blob(DATA)
    admin.push_blob(DATA)
    assert stored(admin)


def test_mounting_is_off_as_on_ecr_so_an_upload_begins(registry, admin):
    registry.call("CreateRepository", repositoryName="lab/other")
    admin.push_image(layer=DATA)
    other = registry.client(repository="lab/other")
    answer = other.post(f"blobs/uploads/?mount={DIGEST}&from=lab/app")
    assert answer.status == 202
    assert "/blobs/uploads/" in answer.headers["Location"]
    assert other.head(f"blobs/{DIGEST}").status == 404


def test_mounting_can_be_enabled_for_layers_that_an_image_refers_to(registry, admin):
    registry.call("PutAccountSetting", name="BLOB_MOUNTING", value="ENABLED")
    registry.call("CreateRepository", repositoryName="lab/other")
    admin.push_image(layer=DATA)
    loose = admin.push_blob(b"in no image")
    other = registry.client(repository="lab/other")
    answer = other.post(f"blobs/uploads/?mount={DIGEST}&from=lab/app")
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, DIGEST)
    assert stored(other)
    assert other.post(f"blobs/uploads/?mount={loose}&from=lab/app").status == 202


def test_one_repository_does_not_have_anothers_blobs(registry, admin):
    registry.call("CreateRepository", repositoryName="lab/other")
    admin.push_blob(DATA)
    other = registry.client(repository="lab/other")
    assert other.head(f"blobs/{DIGEST}").status == 404
    assert other.get(f"blobs/{DIGEST}").error[:2] == (404, "BLOB_UNKNOWN")


def test_two_repositories_share_the_bytes_on_disk(registry, admin, tmp_path):
    registry.call("CreateRepository", repositoryName="lab/other")
    admin.push_blob(DATA)
    registry.client(repository="lab/other").push_blob(DATA)
    files = [path for path in (tmp_path / "state" / "registry" / "blobs").rglob("*") if path.is_file()]
    assert len(files) == 1


def test_one_repository_cannot_reach_anothers_upload(registry, admin):
    registry.call("CreateRepository", repositoryName="lab/other")
    upload = admin.start().rsplit("/", 1)[1]
    other = registry.client(repository="lab/other")
    assert other.get(f"blobs/uploads/{upload}").error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")
    assert other.patch(f"blobs/uploads/{upload}", b"x").error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")
    assert other.put(f"blobs/uploads/{upload}?digest={digest_of(b'')}").error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")
    assert other.delete(f"blobs/uploads/{upload}").error[:2] == (404, "BLOB_UPLOAD_UNKNOWN")
    assert admin.get(f"blobs/uploads/{upload}").status == 204


def test_pushing_to_a_missing_repository_is_answered_in_awss_words(registry):
    client = registry.client(repository="nowhere")
    assert client.post().error == (
        404,
        "NAME_UNKNOWN",
        "The repository with name 'nowhere' does not exist in the registry with id '111122223333'",
    )


def test_a_blob_cannot_be_deleted(admin):
    digest = admin.push_blob(DATA)
    answer = admin.delete(f"blobs/{digest}")
    assert answer.error[:2] == (405, "UNSUPPORTED")
    assert stored(admin)
