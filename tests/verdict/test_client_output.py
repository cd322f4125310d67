"""The client's words: every form in which docker, buildx and BuildKit report a failed push."""

import json

import pytest

from labs.verdict.client_output import ClientTrouble, pushed_image, read_build, read_words
from labs.verdict.trail import Event, parse_event

DIGEST = "sha256:" + "0" * 64
HEAD = f"HEAD request to https://111122223333.dkr.ecr.eu-north-1.amazonaws.com/v2/notes-api/blobs/{DIGEST}"
SENTENCE = (
    "User: arn:aws:sts::111122223333:assumed-role/ci/x is not authorized to perform: ecr:GetDownloadUrlForLayer on "
    "resource: arn:aws:ecr:eu-north-1:111122223333:repository/notes-api because no identity-based policy allows the "
    "ecr:GetDownloadUrlForLayer action"
)


def test_buildkits_line_gives_method_url_and_status() -> None:
    words = read_words(
        f"#9 pushing layers\nERROR: failed to solve: failed to push x: unexpected status from {HEAD}: 403 Forbidden\n"
    )
    assert (words.trouble, words.method, words.status) == (ClientTrouble.REFUSED, "HEAD", 403)
    assert words.blob_of("notes-api")
    assert not words.blob_of("notes")


def test_newer_buildkit_adds_awss_sentence() -> None:
    words = read_words(f"ERROR: failed to push x: unexpected status from {HEAD}: 403 Forbidden\ndenied: {SENTENCE}")
    assert words.action == "ecr:GetDownloadUrlForLayer"
    assert words.names("notes-api")


DENY = SENTENCE.partition(" because ")[0] + " with an explicit deny in an identity-based policy"
ASK = "call the GetRequestAuthorizationDetails API with the following authorization id: 0123-abcd"
# What may follow AWS's sentence: the ARN of the denying policy, and since November 2026 where to ask about the refusal.
TAILS = {
    "the policy's ARN": f"{DENY}: arn:aws:iam::111122223333:policy/no-pulls",
    "an authorization id": f"{SENTENCE}. Go to https://example.com/iam/#/authorization-details/0123 or {ASK}",
    "both": f"{DENY}: arn:aws:iam::111122223333:policy/no-pulls. {ASK}",
}


@pytest.mark.parametrize("said", TAILS.values(), ids=TAILS)
def test_what_follows_awss_sentence_does_not_hide_it(said: str) -> None:
    words = read_words(f"ERROR: failed to push x: unexpected status from {HEAD}: 403 Forbidden\ndenied: {said}")
    assert (words.trouble, words.action) == (ClientTrouble.REFUSED, "ecr:GetDownloadUrlForLayer")
    assert words.names("notes-api")
    found = event_of(said)
    assert found.denied
    assert found.action == "ecr:GetDownloadUrlForLayer"
    assert found.resource.endswith(":repository/notes-api")


def event_of(message: str) -> Event:
    """The trail's event of a refusal with that message."""
    detail = {
        "eventSource": "ecr.amazonaws.com",
        "eventName": "x",
        "errorCode": "AccessDenied",
        "errorMessage": message,
    }
    return parse_event({"CloudTrailEvent": json.dumps({**detail, "eventTime": "2026-11-30T12:00:00+00:00"})})


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("failed to push x: unexpected status: 403 Forbidden", ClientTrouble.REFUSED),
        (f"denied: {SENTENCE}", ClientTrouble.REFUSED),
        ("no basic auth credentials", ClientTrouble.NOT_LOGGED_IN),
        (f"error: unexpected status from {HEAD}: 401 Unauthorized", ClientTrouble.NOT_LOGGED_IN),
        ("denied: Your authorization token has expired. Reauthenticate and try again.", ClientTrouble.EXPIRED),
        ("name unknown: The repository with name x does not exist in the registry", ClientTrouble.NO_REPOSITORY),
        ("error: dial tcp 127.0.0.1:1: connect: connection refused", ClientTrouble.GONE),
        ("ERROR: failed to solve: lstat /app.py: no such file or directory", ClientTrouble.OTHER),
        ("latest: digest: sha256:00 size: 855", ClientTrouble.NONE),
        ("", ClientTrouble.NONE),
    ],
)  # fmt: skip
def test_each_form_is_told_apart(line: str, trouble: ClientTrouble) -> None:
    assert read_words(f"The push refers to repository [x]\n{line}\n").trouble is trouble


def test_colour_codes_do_not_hide_the_words() -> None:
    assert read_words("\x1b[31mERROR: unexpected status: 403 Forbidden\x1b[0m").trouble is ClientTrouble.REFUSED


@pytest.mark.parametrize(
    ("text", "image"),
    [
        (f"#12 pushing layers 0.1s done\n#12 pushing manifest for h:1/a/b:both@{DIGEST} 0.1s done\n", "h:1/a/b:both"),
        (f"#12 pushing manifest for h:1/a/b:both@{DIGEST} done\n#12 DONE 0.1s", "h:1/a/b:both"),
        (f"#12 pushing manifest for h:1/a/b:both@{DIGEST}\nERROR: failed to push", ""),
        (f"The push refers to repository [h:1/a/b]\nboth: digest: {DIGEST} size: 855\n", "h:1/a/b:both"),
        ("The push refers to repository [h:1/a/b]\ndenied: no\n", ""),
        ("", ""),
    ],
)
def test_a_push_that_reached_its_end_names_the_image(text: str, image: str) -> None:
    assert pushed_image(text) == image


@pytest.mark.parametrize(
    ("text", "steps", "platforms"),
    [
        ("#4 [linux/amd64 1/3] FROM x\n#5 [linux/arm64 internal] load metadata", True, {"linux/amd64", "linux/arm64"}),
        ("#4 [linux/amd64->arm64 2/3] RUN x", True, {"linux/arm64"}),
        ("#4 [linux/arm/v7 1/3] FROM x", True, {"linux/arm/v7"}),
        ("#4 [1/3] FROM x\n#1 [internal] load build definition from Dockerfile", True, set()),
        ("#4 [stage-1 1/3] FROM x", True, set()),
        ("#4 [linux/amd64 stage-1 1/3] FROM x", True, {"linux/amd64"}),
        ("ERROR: failed to push", False, set()),
    ],
)
def test_the_steps_of_a_build_say_for_which_platforms_it_was(text: str, steps: bool, platforms: set[str]) -> None:
    built = read_build(text)
    assert (built.steps, built.platforms) == (steps, platforms)


def test_the_manifests_that_a_build_exported_are_counted_without_attestations() -> None:
    other = "sha256:" + "1" * 64
    lines = (f"#7 exporting manifest {DIGEST}", f"#7 exporting manifest {DIGEST} 0.0s done")
    more = (f"#7 exporting manifest {other} done", f"#7 exporting attestation manifest sha256:{'2' * 64} done")
    assert read_build("\n".join(lines)).manifests == 1
    assert read_build("\n".join((*lines, *more))).manifests == 2
