"""OCI distribution specification 1.1, "Content Discovery" and "Content Management": section and sentence by test."""

import pytest

from tests.cloud.registry.lab_registry import OCI_INDEX, OCI_MANIFEST, digest_of, image_manifest, index_manifest

TAGS = ["10", "9", "A", "Z", "_", "a", "b.1", "b_1", "z"]  # as Go's sort.Strings has them
SBOM, SIGNATURE = "application/vnd.example.sbom.v1", "application/vnd.example.signature.v1"


@pytest.fixture
def tagged(admin):
    """lab/app with the tags above, pushed in another order."""
    admin.push_image("z")
    for tag in sorted(TAGS, key=digest_name):
        admin.put(f"manifests/{tag}", image_manifest(), Content_Type=OCI_MANIFEST)
    return admin


def digest_name(tag):
    return digest_of(tag.encode())


def refer(client, subject, **more):
    """Push an image with this subject; its digest."""
    body = image_manifest(subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": 7}, **more)
    client.put(f"manifests/{digest_of(body)}", body, Content_Type=OCI_MANIFEST)
    return digest_of(body)


def test_tags_come_in_asciibetical_order(tagged):
    """Listing Tags: MUST return 200 OK; the tags MUST be in lexical or "ASCIIbetical" order."""
    answer = tagged.get("tags/list")
    assert (answer.status, answer.json) == (200, {"name": "lab/app", "tags": TAGS})


def test_a_repository_without_tags_lists_none(admin):
    """Listing Tags: The list of tags MAY be empty if there are no tags on the repository."""
    admin.push_image("")
    assert admin.get("tags/list").json == {"name": "lab/app", "tags": []}


def test_n_tags_come_and_a_link_leads_to_the_rest(tagged):
    """Listing Tags: the response MUST include <int> results; Link MUST be according to RFC 5988 with rel="next"."""
    seen, path = [], "tags/list?n=4"
    while path:
        answer = tagged.get(path)
        seen.append(answer.json["tags"])
        link = answer.headers["Link"]
        assert link is None or link.endswith('>; rel="next"')
        path = link[1 : link.index(">")] if link else ""
    assert seen == [TAGS[:4], TAGS[4:8], TAGS[8:]]


def test_a_page_that_is_exactly_full_has_no_link(tagged):
    """Listing Tags: A Link header MAY be included in the response when additional tags are available."""
    answer = tagged.get(f"tags/list?n={len(TAGS)}")
    assert (answer.json["tags"], answer.headers["Link"]) == (TAGS, None)


def test_no_tags_are_asked_for_and_none_come(tagged):
    """Listing Tags: When n is zero, this endpoint MUST return an empty list, and MUST NOT include a Link header."""
    answer = tagged.get("tags/list?n=0")
    assert (answer.status, answer.json["tags"], answer.headers["Link"]) == (200, [], None)


@pytest.mark.parametrize("last", ["Z", "ZZ"])
def test_last_is_not_included_and_need_not_exist(tagged, last):
    """Listing Tags: <tagname> will not be included in the results, but up to <int> tags after it will be returned."""
    assert tagged.get(f"tags/list?n=2&last={last}").json["tags"] == ["_", "a"]
    # "When using the last query parameter, the n parameter is OPTIONAL."
    assert tagged.get(f"tags/list?last={last}").json["tags"] == TAGS[4:]


def test_referrers_are_an_index_with_type_and_annotations(admin):
    """Listing Referrers: The descriptors MUST include artifactType and the annotations from the manifest."""
    subject = admin.push_image("v1")
    sbom = refer(admin, subject, artifactType=SBOM, annotations={"org.example.format": "json"})
    answer = admin.get(f"referrers/{subject}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, OCI_INDEX)
    assert answer.json == {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [
            {
                "mediaType": OCI_MANIFEST,
                "digest": sbom,
                "size": len(admin.get(f"manifests/{sbom}").body),
                "artifactType": SBOM,
                "annotations": {"org.example.format": "json"},
            }
        ],
    }


@pytest.mark.parametrize("more", [{}, {"artifactType": ""}], ids=["missing", "empty"])
def test_without_an_artifact_type_it_is_the_configs_media_type(admin, more):
    """Listing Referrers: If empty or missing in the image manifest, artifactType MUST be the config's mediaType."""
    subject = admin.push_image("v1")
    refer(admin, subject, **more)
    (found,) = admin.get(f"referrers/{subject}").json["manifests"]
    assert found["artifactType"] == "application/vnd.oci.image.config.v1+json"


def test_without_an_artifact_type_an_index_has_none(admin):
    """Listing Referrers: If the artifactType is empty or missing in an index, the artifactType MUST be omitted."""
    subject = admin.push_image("v1")
    body = index_manifest(subject, subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": 7})
    admin.put("manifests/all", body, Content_Type=OCI_INDEX)
    (found,) = admin.get(f"referrers/{subject}").json["manifests"]
    assert (found["mediaType"], found.get("artifactType", "omitted")) == (OCI_INDEX, "omitted")


def test_nothing_refers_to_it_and_the_list_is_empty(admin):
    """Listing Referrers: If a query results in no matching referrers, an empty manifest list MUST be returned."""
    subject = admin.push_image("v1")
    for digest in (subject, digest_of(b"not there")):
        answer = admin.get(f"referrers/{digest}")
        assert (answer.status, answer.json["manifests"]) == (200, [])


@pytest.mark.parametrize("digest", ["v1", "sha256:abc", "sha256:" + "g" * 64])
def test_referrers_of_what_is_no_digest_are_400(admin, digest):
    """Listing Referrers: If the request is invalid, such as a <digest> with invalid syntax, 400 MUST be returned."""
    assert admin.get(f"referrers/{digest}").error[:2] == (400, "DIGEST_INVALID")


def test_a_filter_is_applied_and_said_to_be(admin):
    """Listing Referrers: If filtering is requested and applied, MUST include OCI-Filters-Applied: artifactType."""
    subject = admin.push_image("v1")
    wanted = refer(admin, subject, artifactType=SBOM)
    refer(admin, subject, artifactType=SIGNATURE)
    answer = admin.get(f"referrers/{subject}?artifactType={SBOM}")
    assert [each["digest"] for each in answer.json["manifests"]] == [wanted]
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"
    assert admin.get(f"referrers/{subject}").headers["OCI-Filters-Applied"] is None


def test_another_repositorys_referrers_are_not_listed(registry, admin):
    """Listing Referrers: Each descriptor is of an image manifest or index in the same <name> namespace."""
    registry.call("CreateRepository", repositoryName="lab/other")
    subject = admin.push_image("v1")
    refer(admin, subject, artifactType=SBOM)
    other = registry.client(repository="lab/other")
    assert other.push_image("v1") == subject
    assert other.get(f"referrers/{subject}").json["manifests"] == []


def test_a_deleted_tag_is_202_and_then_404(admin):
    """Deleting tags: Upon success, the registry MUST respond with a 202 Accepted code; then a GET will return a 404."""
    admin.push_image("v1")
    admin.push_image("v2")
    assert admin.delete("manifests/v1").status == 202
    assert [admin.get(f"manifests/{tag}").status for tag in ("v1", "v2")] == [404, 200]


def test_a_deleted_manifest_is_202_and_then_404_by_digest_and_by_tag(admin):
    """Deleting Manifests: 202 Accepted; then a GET by digest and any tag pointing to that digest will return a 404."""
    digest = admin.push_image("v1")
    assert admin.delete(f"manifests/{digest}").status == 202
    assert [admin.get(f"manifests/{name}").status for name in (digest, "v1")] == [404, 404]


def test_deleting_in_a_repository_that_does_not_exist_is_404(registry):
    """Deleting Manifests: If the repository does not exist, the response MUST return 404 Not Found."""
    answer = registry.client(repository="nowhere").delete(f"manifests/{digest_of(b'x')}")
    assert answer.error[:2] == (404, "NAME_UNKNOWN")


def test_a_blob_cannot_be_deleted_as_on_ecr(admin):
    """Deleting Blobs: If blob deletion is disabled, the registry MUST respond with either a 400 or a 405."""
    digest = admin.push_blob(b"data")
    assert admin.delete(f"blobs/{digest}").error[:2] == (405, "UNSUPPORTED")
    assert admin.get(f"blobs/{digest}").status == 200
