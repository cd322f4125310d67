"""The steps that fetch the image: authorisation, manifest, CPU architecture, layers.

Order: containerd resolves the name (manifest), picks the platform of an index, then fetches the config and the layers,
which ECR hands out as links into an S3 bucket of its own (ECR User Guide, vpc-endpoints: ``prod-REGION-starport-layer-
bucket``). A one-platform image is not held against the task's CPU: it is pulled, and its program cannot run.
"""

from __future__ import annotations

from collections.abc import Iterator

from labs import oci, partitions
from labs.fargate import layer_download, volumes
from labs.fargate.advice import fix_permission, rule_of
from labs.fargate.exits import wrong_cpu
from labs.fargate.image import ImageRef, RegistryKind
from labs.fargate.layer_download import bucket_of, layer_host
from labs.fargate.questions import Asking, AwsCall, connection_of
from labs.fargate.route import HostRoute
from labs.fargate.sources import CannotRead, ImageFound, ImageMissing, Missing, Registry
from labs.fargate.steps import Check, CheckKind, StepVerdict
from labs.fargate.task import ContainerSpec

_MISSING = {
    Missing.REPOSITORY: ("manifest.no_repository", "Create the repository {repository}, then push the image."),
    Missing.IMAGE: ("manifest.no_tag", "Push {image}, or name a tag that is there in the task definition."),
    Missing.REFUSED: ("manifest.public_denied", "Check the name {image}, or copy the image into your own ECR."),
}
_DELETED = (
    "manifest.deleted",
    "Deploy again: update the service with forceNewDeployment, and {tag} is looked up anew; or name a tag of its own.",
)


def images(asking: Asking) -> Iterator[tuple[ContainerSpec, tuple[str, ...]]]:
    """Each image once: the first container that has it, and the names of all that do."""
    seen: dict[str, list[str]] = {}
    for container in asking.task.containers:
        seen.setdefault(container.image.text, []).append(container.name)
    for container in asking.task.containers:
        names = seen.pop(container.image.text, None)
        if names:
            yield container, tuple(names)


def authorisation(asking: Asking) -> Iterator[Check]:
    """ECR's API, and ecr:GetAuthorizationToken. Once for each Region that an image comes from."""
    for region in dict.fromkeys(c.image.region for c, _ in images(asking) if c.image.kind is RegistryKind.ECR):
        host = partitions.host("api.ecr", region)
        check, route = asking.reaches(host, "auth.unreachable", {})
        yield check
        call = AwsCall(
            "ecr:GetAuthorizationToken",
            "*",
            "auth.denied",
            asking.task.session,
            route,
            knows_endpoint=False,
            region=region,
        )
        yield asking.allowed(call, {})


def manifest(asking: Asking, registry: Registry) -> Iterator[Check]:
    """The registry's host, ecr:BatchGetImage, and that the name leads to an image."""
    for container, names in images(asking):
        image = container.image
        values = _values(image)
        check, route = asking.reaches(image.host, "manifest.unreachable", values, names)
        yield check
        if image.kind is RegistryKind.ECR:
            call = AwsCall("ecr:BatchGetImage", image.arn, "manifest.denied", asking.task.session, route)
            yield asking.allowed(call, values, names)
        yield _resolve(asking, registry, image, values, names)


def platform(asking: Asking, registry: Registry) -> Iterator[Check]:
    """An index must have an image for the task's CPU."""
    wanted = asking.task.runtime.platform
    for container, names in images(asking):
        about = f"{container.image.text} has an image for {wanted}"
        try:
            found = registry.resolve(container.image)
        except CannotRead as error:
            yield Check(CheckKind.CONTENT, StepVerdict.CANNOT_CHECK, about, str(error))
            continue
        if isinstance(found, ImageMissing):
            yield Check(CheckKind.CONTENT, StepVerdict.NOT_REACHED, about, "there is no image to look at")
            continue
        if not isinstance(found.content, oci.Index):
            continue
        has = ", ".join(str(p) for p in found.content.platforms) or "no platform"
        if _best(found.content.platforms, wanted):
            yield Check(CheckKind.CONTENT, StepVerdict.DONE, about, f"the index has {has}")
            continue
        values = {**_values(container.image), "platform": asking.task.runtime.as_fargate_says}
        yield Check(
            CheckKind.CONTENT,
            StepVerdict.FAILED,
            about,
            f"the index has {has}",
            f"Build and push the image for {wanted} too, or set runtimePlatform to a CPU that it has.",
            stop=asking.stop("manifest.platform", values, names),
        )


def layers(asking: Asking, registry: Registry) -> Iterator[Check]:
    """ecr:GetDownloadUrlForLayer, the path to the bucket, and the S3 endpoint's policy."""
    for container, names in images(asking):
        image = container.image
        if image.kind is not RegistryKind.ECR:
            continue
        digest = _first_layer(_found(registry, image), asking.task.runtime.platform)
        values = _values(image) | {"url": f"https://{image.host}/v2/{image.repository}/blobs/{digest}"}
        registry_route = asking.router.to(image.host)
        call = AwsCall("ecr:GetDownloadUrlForLayer", image.arn, "layers.denied", asking.task.session, registry_route)
        yield asking.allowed(call, values, names)
        check, route = asking.reaches(layer_host(image.region), "layers.unreachable", values, names)
        yield check
        if route.endpoint:
            yield _bucket(asking, image.region, route, values, names)


def start(asking: Asking, registry: Registry) -> Iterator[Check]:
    """Whether volumes can be mounted, and a one-platform image runs on the task's CPU: it is pulled all the same."""
    wanted = asking.task.runtime.platform
    yield from volumes.checks(asking)
    for container, names in images(asking):
        found = _found(registry, container.image)
        if found is None or isinstance(found.content, oci.Index):
            continue
        about = f"{container.image.text} runs on {wanted}"
        if found.platform is None:
            said = found.unread or "its config does not say for which CPU it was built"
            yield Check(CheckKind.CONTENT, StepVerdict.CANNOT_CHECK, about, said)
            continue
        if _best((found.platform,), wanted):
            yield Check(CheckKind.CONTENT, StepVerdict.DONE, about, f"it was built for {found.platform}")
            continue
        yield Check(
            CheckKind.CONTENT,
            StepVerdict.FAILED,
            about,
            f"it is one image, built for {found.platform}; Fargate pulls it and its program cannot run",
            f"Build and push the image for {wanted}, or set runtimePlatform to {found.platform}.",
            stop=wrong_cpu(names, found.command),
        )


def _resolve(
    asking: Asking, registry: Registry, image: ImageRef, values: dict[str, str], names: tuple[str, ...]
) -> Check:
    about = f"{image.text} is in the registry"
    try:
        answer = registry.resolve(image)
    except CannotRead as error:
        return Check(CheckKind.EXISTENCE, StepVerdict.CANNOT_CHECK, about, str(error))
    if isinstance(answer, ImageFound):
        return Check(CheckKind.EXISTENCE, StepVerdict.DONE, about, f"it is {answer.digest}")
    deleted = answer.kind is Missing.IMAGE and image.tag and image.digest
    text_id, fix = _DELETED if deleted else _MISSING[answer.kind]
    stop = asking.stop(text_id, values, names)
    fix = fix.format(repository=image.repository, image=image.text, tag=image.tag)
    return Check(CheckKind.EXISTENCE, StepVerdict.FAILED, about, answer.kind.value, fix, stop=stop)


def _bucket(asking: Asking, region: str, route: HostRoute, values: dict[str, str], names: tuple[str, ...]) -> Check:
    resource = f"arn:{partitions.partition_of(region).name}:s3:::{bucket_of(region)}/*"
    about = f"the endpoint {route.endpoint} lets s3:GetObject on {resource} pass"
    if route.policy_error:
        return Check(CheckKind.PERMISSION, StepVerdict.CANNOT_CHECK, about, route.policy_error)
    bucket = resource.removesuffix("/*")
    request = layer_download.download(bucket, connection_of(region, route), asking.permissions.now)
    decision = layer_download.passes(request, route.policy)
    if decision.allowed:
        return Check(CheckKind.PERMISSION, StepVerdict.DONE, about, "allowed", decision=decision)
    call = AwsCall(layer_download.ACTION, resource, "layers.bucket_denied", layer_download.SIGNER, route)
    return Check(
        CheckKind.PERMISSION,
        StepVerdict.FAILED,
        about,
        f"S3 refuses the download {decision.words}",
        fix_permission(call, decision, route.policy),
        decision=decision,
        stop=asking.stop("layers.bucket_denied", values, names),
        rule=rule_of(decision, route.policy),
    )


def _found(registry: Registry, image: ImageRef) -> ImageFound | None:
    """The image, None when the manifest step has already said that it is not there or cannot be read."""
    try:
        answer = registry.resolve(image)
    except CannotRead:
        return None
    return None if isinstance(answer, ImageMissing) else answer


def _first_layer(found: ImageFound | None, wanted: oci.Platform) -> str:
    """The digest of the layer a refused download would name."""
    if found is None:
        return "<digest>"
    best = _best(tuple(found.layers), wanted)
    held = found.layers[best] if best else found.content.layers if isinstance(found.content, oci.Manifest) else ()
    return held[0].digest if held else "<digest>"


def _best(platforms: tuple[oci.Platform, ...], wanted: oci.Platform) -> oci.Platform | None:
    return next((p for p in platforms if (p.os, p.architecture) == (wanted.os, wanted.architecture)), None)


def _values(image: ImageRef) -> dict[str, str]:
    return {
        "image": image.text,
        "name": image.text.partition("@")[0],
        "hash": image.digest.partition(":")[2],
        "host": image.host,
        "reference": image.reference,
        "url": image.manifest_url,
    }
