"""The client's words: every form in which docker, buildx and BuildKit report a failed push."""

import pytest

from labs.verdict.client_output import ClientTrouble, read_words

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
