"""Known mistakes of stage 01. Each is built, by the same engine, and checked."""

import shutil
from collections.abc import Callable

from labs.lesson.bench import PLATFORMS, Bench
from labs.lesson.shell import build, docker, must
from labs.lesson.stage import Wrong
from labs.stages.build_image.solve import FILES, fresh, into_archive, make, prepare
from labs.subjects.push.attestation import attest_archive
from labs.subjects.tasks.app_secret import app_secret

_SOLUTION = (FILES / "Dockerfile.solution").read_text()


def _built(change: Callable[[Bench, str], str]) -> Callable[[Bench], None]:
    """Build the solution's Dockerfile with one change."""

    def do(bench: Bench) -> None:
        fresh(bench)
        text = change(bench, _SOLUTION)
        (bench.app / "Dockerfile").write_text(text)
        make(bench)

    return do


def _without(line: str) -> Callable[[Bench], None]:
    return _built(lambda _, text: text.replace(line, ""))


def _not_built(bench: Bench) -> None:
    prepare(bench)


def _platforms(*platforms: str) -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        fresh(bench)
        make(bench, platforms)

    return do


def _attested(bench: Bench) -> None:
    """One platform with its provenance: the index has two entries, one of which is not an image."""
    fresh(bench)
    output = ("--provenance=mode=min", "--output", into_archive(bench))
    must(build(bench, "-t", bench.image, *output, platforms=PLATFORMS[:1]), "The build")
    if bench.engine.name == "embedded":
        # This engine makes no attestations; the archive gets the entry that BuildKit would have written.
        attest_archive(bench.archive)


def _foreign(bench: Bench, text: str) -> str:
    """Pinned, because the base image has no such platform."""
    return text.replace("FROM ${", "FROM --platform=linux/amd64 ${")


def _other_platform(bench: Bench) -> None:
    fresh(bench)
    (bench.app / "Dockerfile").write_text(_foreign(bench, _SOLUTION))
    make(bench, ("linux/amd64", "linux/s390x"))


def _as_given(bench: Bench) -> None:
    """Built before anything was changed: everybody's first try."""
    fresh(bench)
    shutil.copyfile(FILES / "Dockerfile.start", bench.app / "Dockerfile")
    make(bench)


def _failed_since(bench: Bench) -> None:
    """A build that worked, and then one that did not."""
    _platforms(*PLATFORMS)(bench)
    dockerfile = bench.app / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "COPY missing.txt ./\n")
    build(bench, "-t", bench.image, "--output", into_archive(bench), platforms=PLATFORMS)


def _changed_since(file: str) -> Callable[[Bench], None]:
    """Built, and then changed: the archive is of before."""

    def do(bench: Bench) -> None:
        _platforms(*PLATFORMS)(bench)
        path = bench.app / file
        path.write_text(path.read_text() + "# a last thought\n")

    return do


def _not_an_archive(bench: Bench) -> None:
    """The archive was made with another tool, or cut off."""
    _platforms(*PLATFORMS)(bench)
    bench.archive.write_bytes(bench.archive.read_bytes()[:300])


def _secret_file(bench: Bench, text: str) -> str:
    (bench.app / "settings.ini").write_text(f"[app]\nsecret = {app_secret(bench)}\n")
    return text.replace("USER 10001", "COPY settings.ini ./\nUSER 10001")


def _secret_env(bench: Bench, text: str) -> str:
    return text.replace("USER 10001", f'ENV APP_SECRET="{app_secret(bench)}"\nUSER 10001')


def _secret_deleted(bench: Bench, text: str) -> str:
    """A later layer has another file of that name: the earlier layer is in the image all the same."""
    (bench.app / "settings.ini").write_text(f"[app]\nsecret = {app_secret(bench)}\n")
    (bench.app / "empty.ini").write_text("[app]\n")
    return text.replace("USER 10001", "COPY settings.ini ./\nCOPY empty.ini ./settings.ini\nUSER 10001")


def _secret_label(bench: Bench, text: str) -> str:
    return text.replace("USER 10001", f'LABEL app.settings="{app_secret(bench)}"\nUSER 10001')


def _address(_: Bench, text: str) -> str:
    return text.replace("USER 10001", 'ENV DATABASE="postgres://app:hunter2@db:5432/app"\nUSER 10001')


def _private_key(bench: Bench, text: str) -> str:
    # Split, so that no scanner takes this file for a leak.
    (bench.app / "id_rsa").write_text("-----BEGIN OPENSSH " + "PRIVATE KEY-----\nAAAA\n")
    return text.replace("USER 10001", "COPY id_rsa /app/.ssh/id_rsa\nUSER 10001")


def _password(bench: Bench, text: str) -> str:
    return text.replace("USER 10001", 'ENV DB_PASSWORD="hunter2"\nUSER 10001')


def _secret_history(bench: Bench, text: str) -> str:
    """The value stands in an instruction that leaves no file and no variable behind."""
    return f'{text}CMD ["--token={app_secret(bench)}"]\n'


def _access_key(bench: Bench, text: str) -> str:
    # The key id of AWS's own documentation; split, so that no scanner takes this file for a leak.
    (bench.app / "credentials").write_text("[default]\naws_access_key_id = " + "AKIA" + "IOSFODNN7EXAMPLE\n")
    return text.replace("USER 10001", "COPY credentials /app/.aws/credentials\nUSER 10001")


def _program(old: str, new: str) -> Callable[[Bench], None]:
    """Build an app.py with one change."""

    def change(bench: Bench, text: str) -> str:
        program = bench.app / "app.py"
        changed = program.read_text().replace(old, new)
        if changed == program.read_text():
            raise AssertionError(f"app.py does not hold: {old}")
        program.write_text(changed)
        return text

    return _built(change)


def _not_loaded(bench: Bench) -> None:
    """The archive was built; the image store has no image of that name."""
    fresh(bench)
    output = into_archive(bench)
    must(build(bench, "-t", f"{bench.image}-archive", "--output", output, platforms=PLATFORMS), "The build")
    docker(bench, "rmi", f"{bench.image}-archive")


WRONG = (
    Wrong("nothing was built", "build.archive_missing", _not_built),
    Wrong("an archive that was cut off", "build.archive_unreadable", _not_an_archive),
    Wrong("one platform only", "build.one_platform", _platforms("linux/amd64")),
    Wrong("an attestation taken for a platform", "build.attestation", _attested),
    Wrong("a platform the lab does not use", "build.other_platform", _other_platform),
    Wrong(
        "FROM pinned to one platform",
        "build.wrong_machine_code",
        _built(_foreign),
    ),
    Wrong("the Dockerfile as it was given", "build.wrong_machine_code", _as_given),
    Wrong("a build that failed after one that worked", "build.not_finished", _failed_since),
    Wrong("the Dockerfile was changed after the build", "build.older", _changed_since("Dockerfile")),
    Wrong("the app was changed after the build", "build.older", _changed_since("app.py")),
    Wrong("a label of an ARG that is not declared", "build.label_missing", _without("ARG TARGETPLATFORM\n")),
    Wrong("no label", "build.label_missing", _without('LABEL lab.platform="${TARGETPLATFORM}"\n')),
    Wrong(
        "a label with a fixed value",
        "build.label_wrong",
        _built(lambda _, text: text.replace("${TARGETPLATFORM}", "linux/amd64")),
    ),
    Wrong("an image that runs as root", "build.runs_as_root", _without("USER 10001:10001\n")),
    Wrong(
        "root by number",
        "build.runs_as_root",
        _built(lambda _, text: text.replace("USER 10001:10001", "USER 0:0")),
    ),
    Wrong(
        "root by its name, with a group that is not",
        "build.runs_as_root",
        _built(lambda _, text: text.replace("USER 10001:10001", "USER root:10001")),
    ),
    Wrong(
        "USER set, and set back to root",
        "build.runs_as_root",
        _built(lambda _, text: text.replace("USER 10001:10001", "USER 10001:10001\nUSER root")),
    ),
    Wrong(
        "the label of the build machine",
        "build.label_wrong",
        _built(lambda _, text: text.replace("${TARGETPLATFORM}", "linux/x86_64")),
    ),
    Wrong(
        "a user that the image does not have",
        "build.no_such_user",
        _built(lambda _, text: text.replace("USER 10001:10001", "USER app")),
    ),
    Wrong(
        "a group that the image does not have",
        "build.no_such_user",
        _built(lambda _, text: text.replace("USER 10001:10001", "USER 10001:app")),
    ),
    Wrong("the secret in a file of a layer", "build.secret_in_layer", _built(_secret_file)),
    Wrong("an access key in a file of a layer", "build.secret_in_layer", _built(_access_key)),
    Wrong("the secret in ENV", "build.secret_in_env", _built(_secret_env)),
    Wrong("a password in ENV", "build.secret_in_env", _built(_password)),
    Wrong("the secret in a label", "build.secret_in_env", _built(_secret_label)),
    Wrong("a password inside an address", "build.secret_in_env", _built(_address)),
    Wrong("the secret in a file that a later layer replaces", "build.secret_in_layer", _built(_secret_deleted)),
    Wrong("a private key in a layer", "build.secret_in_layer", _built(_private_key)),
    Wrong("the secret in the history", "build.secret_in_history", _built(_secret_history)),
    Wrong("the archive was built, the image not loaded", "build.not_loaded", _not_loaded),
    Wrong(
        "an image without a command",
        "build.not_started",
        _built(lambda _, text: text.replace('ENTRYPOINT ["python", "/app/app.py"]', "ENTRYPOINT []\nCMD []")),
    ),
    Wrong(
        "an app that ends at once",
        "build.no_answer",
        _program('if __name__ == "__main__":\n', 'if __name__ == "__main__":\n    sys.exit("no configuration")\n'),
    ),
    Wrong(
        "an app that runs elsewhere",
        "build.other_machine",
        _program('"machine": platform.machine()', '"machine": "riscv64"'),
    ),
    Wrong(
        "an app that does not read its secret",
        "build.no_secret",
        _program('os.environ.get("APP_SECRET")', 'os.environ.get("OTHER_SECRET")'),
    ),
)
