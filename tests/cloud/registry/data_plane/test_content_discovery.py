"""Distribution specification 1.1, "Content Discovery": tags, referrers, and the catalogue."""

import json

from tests.cloud.registry.lab_registry import OCI_INDEX, OCI_MANIFEST, digest_of, image_manifest, index_manifest


def follow(client, path):
    """Walk the pages by their Link headers."""
    while path:
        answer = client.get(path)
        assert answer.status == 200
        yield answer
        link = answer.headers["Link"]
        path = link[1 : link.index(">")] if link else ""


def test_tags_come_in_order_with_awss_content_type(admin):
    for tag in ("v2", "v10", "latest"):
        admin.push_image(tag)
    answer = admin.get("tags/list")
    assert answer.json == {"name": "lab/app", "tags": ["latest", "v10", "v2"]}
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Link"] is None


def test_tags_come_in_pages_that_link_to_the_next(admin):
    for number in range(7):
        admin.push_image(f"v{number}")
    pages = [answer.json["tags"] for answer in follow(admin, "/v2/lab/app/tags/list?n=3")]
    assert pages == [["v0", "v1", "v2"], ["v3", "v4", "v5"], ["v6"]]


def test_last_begins_after_the_named_tag_even_if_it_is_none(admin):
    for tag in ("a", "c"):
        admin.push_image(tag)
    assert admin.get("tags/list?last=b").json["tags"] == ["c"]


def test_a_page_of_nothing_is_empty_without_a_link(admin):
    admin.push_image("v1")
    answer = admin.get("tags/list?n=0")
    assert (answer.json["tags"], answer.headers["Link"]) == ([], None)


def test_a_page_size_that_is_no_number_is_refused(admin):
    assert admin.get("tags/list?n=-1").status == 400
    assert admin.get("tags/list?n=%D9%A1").status == 400


def test_a_repository_without_tags_has_an_empty_list(admin):
    assert admin.get("tags/list").json == {"name": "lab/app", "tags": []}


def test_the_catalogue_lists_repositories_in_pages(registry, admin):
    for name in ("alpha", "lab/zeta"):
        registry.call("CreateRepository", repositoryName=name)
    pages = [answer.json["repositories"] for answer in follow(admin, "/v2/_catalog?n=2")]
    assert pages == [["alpha", "lab/app"], ["lab/zeta"]]


def referrer(admin, subject, artifact_type, **annotations):
    """Push an artifact that names ``subject``."""
    admin.push_blob(b"{}")
    admin.push_blob(b"layer")
    body = image_manifest(
        artifactType=artifact_type,
        annotations=annotations,
        subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": 7},
    )
    answer = admin.put(f"manifests/{digest_of(body)}", body, Content_Type=OCI_MANIFEST)
    assert (answer.status, answer.headers["OCI-Subject"]) == (201, subject)
    return digest_of(body)


def test_referrers_are_an_index_of_what_names_the_subject(admin):
    subject = admin.push_image("v1")
    signature = referrer(admin, subject, "application/vnd.example.signature", who="me")
    answer = admin.get(f"referrers/{subject}")
    assert answer.headers["Content-Type"] == OCI_INDEX
    (found,) = answer.json["manifests"]
    assert found["digest"] == signature
    assert found["artifactType"] == "application/vnd.example.signature"
    assert found["annotations"] == {"who": "me"}
    assert found["size"] == len(admin.get(f"manifests/{signature}").body)


def test_referrers_can_be_filtered_and_the_answer_says_so(admin):
    subject = admin.push_image("v1")
    referrer(admin, subject, "application/vnd.example.signature")
    wanted = referrer(admin, subject, "application/vnd.example.sbom")
    answer = admin.get(f"referrers/{subject}?artifactType=application/vnd.example.sbom")
    assert [entry["digest"] for entry in answer.json["manifests"]] == [wanted]
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"


def test_a_subject_that_is_not_there_may_be_named_and_has_referrers(admin):
    subject = digest_of(b"comes later")
    found = referrer(admin, subject, "application/vnd.example.signature")
    assert [entry["digest"] for entry in admin.get(f"referrers/{subject}").json["manifests"]] == [found]


def test_without_an_artifact_type_the_config_says_what_it_is(admin):
    subject = admin.push_image("v1")
    body = image_manifest(subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": 7})
    admin.put(f"manifests/{digest_of(body)}", body, Content_Type=OCI_MANIFEST)
    (found,) = admin.get(f"referrers/{subject}").json["manifests"]
    assert found["artifactType"] == "application/vnd.oci.image.config.v1+json"


def test_nothing_refers_to_an_unknown_digest(admin):
    answer = admin.get(f"referrers/{digest_of(b'nobody')}")
    assert (answer.status, answer.json["manifests"]) == (200, [])


def test_referrers_of_what_is_no_digest_are_refused(admin):
    assert admin.get("referrers/v1").error[:2] == (400, "DIGEST_INVALID")


def test_a_deleted_referrer_is_no_longer_listed(admin):
    subject = admin.push_image("v1")
    found = referrer(admin, subject, "application/vnd.example.signature")
    assert admin.delete(f"manifests/{found}").status == 202
    assert admin.get(f"referrers/{subject}").json["manifests"] == []


def test_an_index_can_have_a_subject_too(admin):
    subject = admin.push_image("v1")
    child = admin.push_image("", b"other")
    body = index_manifest(child, subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": 7}, artifactType="a/b")
    assert admin.put("manifests/signed", body, Content_Type=OCI_INDEX).headers["OCI-Subject"] == subject
    (found,) = admin.get(f"referrers/{subject}").json["manifests"]
    assert (found["artifactType"], found["mediaType"]) == ("a/b", OCI_INDEX)
    assert json.loads(body)["mediaType"] == OCI_INDEX
