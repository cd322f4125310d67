"""Known mistakes of stage 06. Each is really made: workflows are written, roles made, and what has to run runs."""

import json
from collections.abc import Callable
from typing import Any

from labs.lesson.bench import Bench
from labs.lesson.stage import Wrong
from labs.stages.pipeline import resources, run_mistakes
from labs.stages.pipeline.run_mistakes import changed
from labs.stages.pipeline.solve import FOLDER, make_provider, make_roles, text_of, write_files
from labs.subjects.policies.conditions import ENTANGLED
from labs.subjects.push.policy_review import DOCUMENTED
from labs.workflow.identity import LAB_REPOSITORY, subject

Body = dict[str, Any]
_CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
_BUILDX = "docker/setup-buildx-action@37fe631027851001ddb9b187196cc803df7f5f0e # v4.3.0"
_TAG = "tags: ${{ steps.ecr.outputs.registry }}/${{ vars.REPOSITORY }}:${{ github.sha }}"
_IMAGE = "image: ${{ needs.push.outputs.image }}"
_ANY_TAG = "image: ${{ vars.REGISTRY }}/${{ vars.REPOSITORY }}:v2"
_DIGEST = "steps.build.outputs.digest"
_REPOSITORY = f"repo:{LAB_REPOSITORY.subject_part}"
_MAIN = subject(LAB_REPOSITORY, resources.MAIN)
_CLASSIC = subject(LAB_REPOSITORY.classic(), resources.MAIN)


def _written(old: str, new: str, count: int = -1) -> Callable[[Bench], None]:
    """The workflow with one change, and nothing else done yet."""
    return lambda bench: write_files(bench, changed(old, new, count))


def _with_step(script: str) -> Callable[[Bench], None]:
    """One more step, at the beginning of the first job."""
    return _written("    steps:\n", f"    steps:\n      - run: {script}\n", 1)


def _nothing(_: Bench) -> None:
    """The notebook was opened, nothing was run."""


def _another_file(bench: Bench) -> None:
    """push.yml is right; what a stranger's code may run in stands beside it, with the subject of main."""
    write_files(bench)
    text = changed("  push:\n    branches: [main]\n", "  pull_request_target:\n", 1)
    head = "persist-credentials: false\n          ref: ${{ github.event.pull_request.head.sha }}\n"
    (bench.work / resources.PULL_WORKFLOW).write_text(text.replace("persist-credentials: false\n", head, 1))


def _skeleton(bench: Bench) -> None:
    write_files(bench, (FOLDER / "files" / "skeleton.yml").read_text())


def _key(bench: Bench) -> None:
    """The role is gone from the first job; a user's key stands in the secrets."""
    keys = (
        "aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}\n"
        "          aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}"
    )
    write_files(bench, changed("role-to-assume: ${{ vars.PIPELINE_ROLE_ARN }}", keys, 1))


def _files_alone(bench: Bench) -> None:
    write_files(bench)


def _other_audience(bench: Bench) -> None:
    write_files(bench)
    bench.client("iam").create_open_id_connect_provider(
        Url=f"https://{resources.ISSUER}", ClientIDList=["https://github.com/octo-org"]
    )


def _provider_alone(bench: Bench) -> None:
    write_files(bench)
    make_provider(bench)


def _roles(**changed: str) -> Callable[[Bench], None]:
    """Everything but the run, with other texts for some of the policies; ``$NAMES`` are filled in."""

    def do(bench: Bench) -> None:
        write_files(bench, **changed)
        make_provider(bench)
        make_roles(bench)

    return do


def _trust(change: Callable[[Bench, Body], object], *, deploy: bool = False) -> Callable[[Bench], None]:
    """A trust policy with one change to its only statement."""
    name = "deploy" if deploy else "pipeline"

    def do(bench: Bench) -> None:
        body: Body = json.loads(text_of(bench, f"{name}-trust"))
        change(bench, body["Statement"][0])
        _roles(**{f"{name}_trust": json.dumps(body, indent=2)})(bench)

    return do


def _subject(operator: str, value: str | list[str], *, deploy: bool = False) -> Callable[[Bench], None]:
    def change(_: Bench, statement: Body) -> None:
        sub = f"{resources.ISSUER}:sub"
        del statement["Condition"]["StringEquals"][sub]
        statement["Condition"].setdefault(operator, {})[sub] = value

    return _trust(change, deploy=deploy)


def _audience(value: str) -> Callable[[Bench], None]:
    return _trust(
        lambda _, statement: statement["Condition"]["StringEquals"].update({f"{resources.ISSUER}:aud": value})
    )


def _for_all_values(_: Bench, statement: Body) -> None:
    """Only the audience is asked in any case: a set operator is true when the key is missing."""
    equals = statement["Condition"].pop("StringEquals")
    statement["Condition"] = {
        "StringEquals": {f"{resources.ISSUER}:sub": equals[f"{resources.ISSUER}:sub"]},
        "ForAllValues:StringEquals": {f"{resources.ISSUER}:aud": equals[f"{resources.ISSUER}:aud"]},
    }


def _and_the_account(bench: Bench) -> None:
    """Somebody wants to try the role by hand."""
    body: Body = json.loads(text_of(bench, "pipeline-trust"))
    principal = {"AWS": f"arn:{bench.partition}:iam::{bench.target.account}:root"}
    body["Statement"].append({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})
    _roles(pipeline_trust=json.dumps(body, indent=2))(bench)


def _push_policy(change: Callable[[Body], object]) -> Callable[[Bench], None]:
    """The push role with another policy than that of stage 03, whose file stays as it is."""

    def do(bench: Bench) -> None:
        _roles()(bench)
        body: Body = json.loads(bench.policy_file.read_text())
        change(body)
        bench.client("iam").put_role_policy(
            RoleName=resources.pipeline_role(bench), PolicyName=resources.POLICY_NAME, PolicyDocument=json.dumps(body)
        )

    return do


def _six(body: Body) -> None:
    body["Statement"][0]["Action"] = list(DOCUMENTED)


def _everything(body: Body) -> None:
    body["Statement"][0].update(Action="ecr:*", Resource="*")


def _deploy_policy(change: Callable[[Bench, Body], object]) -> Callable[[Bench], None]:
    def do(bench: Bench) -> None:
        body: Body = json.loads(text_of(bench, "deploy-policy"))
        change(bench, body)
        _roles(deploy_policy=json.dumps(body, indent=2))(bench)

    return do


def _no_pass_role(_: Bench, body: Body) -> None:
    body["Statement"].pop(2)


def _pass_any_role(_: Bench, body: Body) -> None:
    body["Statement"][2]["Resource"] = "*"
    del body["Statement"][2]["Condition"]


def _any_service(_: Bench, body: Body) -> None:
    body["Statement"][1].update(Action="ecs:*", Resource="*")


def _entangled_trust(_: Bench, statement: Body) -> None:
    statement["Condition"]["StringEquals"] |= ENTANGLED["StringEquals"]


def _entangled_rights(body: Body) -> None:
    body["Statement"].append(
        {"Effect": "Allow", "Action": "ecr:DeleteRepository", "Resource": "*", "Condition": ENTANGLED}
    )


WRONG = (
    Wrong("nothing was run", "pipeline.no_workflow", _nothing),
    Wrong("the skeleton as it is", "pipeline.skeleton", _skeleton),
    Wrong("a tab in the YAML", "pipeline.unreadable", _written("jobs:\n", "jobs:\n\t\n", 1)),
    Wrong("no id-token permission", "pipeline.no_id_token", _written("      id-token: write\n", "", 1)),
    Wrong("id-tokens", "pipeline.review", _written("id-token: write", "id-tokens: write", 1)),
    Wrong("a key in the secrets", "pipeline.long_lived_keys", _key),
    Wrong(
        "a commit's message in a script",
        "pipeline.script_injection",
        _with_step("echo '${{ github.event.head_commit.message }}'"),
    ),
    Wrong(
        "a pull request's code with the rights of main",
        "pipeline.untrusted_checkout",
        lambda bench: write_files(
            bench,
            changed("  push:\n    branches: [main]\n", "  pull_request_target:\n", 1).replace(
                "persist-credentials: false\n",
                "persist-credentials: false\n          ref: ${{ github.event.pull_request.head.sha }}\n",
                1,
            ),
        ),
    ),
    Wrong("a pull request's code in another file", "pipeline.untrusted_checkout", _another_file),
    Wrong("an action by its tag", "pipeline.not_pinned", _written(_CHECKOUT, "actions/checkout@v7", 1)),
    Wrong("an action by its branch", "pipeline.not_pinned", _written(_CHECKOUT, "actions/checkout@main", 1)),
    Wrong(
        "an action on Node 20",
        "pipeline.old_node_runtime",
        _written(_CHECKOUT, "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", 1),
    ),
    Wrong("an input misspelt", "pipeline.unknown_input", _written("          platforms:", "          platform:", 1)),
    Wrong(
        "an output that is not there",
        "pipeline.unknown_output",
        _written(_DIGEST, "steps.build.outputs.sha"),
    ),
    Wrong(
        "a step that is not there",
        "pipeline.review",
        _written(_DIGEST, "steps.built.outputs.digest"),
    ),
    Wrong("a job that is not there", "pipeline.review", _written("needs: push", "needs: pusch")),
    Wrong(
        "no login",
        "pipeline.no_login",
        _written(
            "      - uses: docker/login-action@4907a6ddec9925e35a0a9e82d7399ccc52663121 # v4.1.0\n"
            "        with:\n"
            "          registry: ${{ vars.REGISTRY }}\n"
            "          username: ${{ vars.REGISTRY_USER }}\n"
            "          password: ${{ secrets.REGISTRY_PASSWORD }}\n",
            "",
        ),
    ),
    Wrong(
        "a login to ECR, a push to Docker Hub",
        "pipeline.other_registry",
        _written("tags: ${{ vars.REGISTRY }}/", "tags: docker.io/"),
    ),
    Wrong("latest", "pipeline.latest_tag", _written(_TAG, _TAG.replace("${{ github.sha }}", "latest"))),
    Wrong("no tag at all", "pipeline.latest_tag", _written(_TAG, _TAG.replace(":${{ github.sha }}", ""))),
    Wrong("no builder", "pipeline.no_builder", _written(f"      - uses: {_BUILDX}\n", "")),
    Wrong("one platform", "pipeline.one_platform", _written("linux/amd64,linux/arm64", "linux/amd64", 1)),
    Wrong("a build that is not pushed", "pipeline.not_pushed", _written("          push: true\n", "", 1)),
    Wrong("write-all", "pipeline.write_all", _written("permissions: {}", "permissions: write-all")),
    Wrong("a deploy by tag", "pipeline.deploy_by_tag", _written(_IMAGE, _ANY_TAG)),
    Wrong("a deploy beside the push", "pipeline.deploy_without_push", _written("    needs: push\n", "")),
    Wrong("the workflow alone", "pipeline.no_provider", _files_alone),
    Wrong("a provider for GitHub's own audience", "pipeline.audience", _other_audience),
    Wrong("a provider and no role", "pipeline.no_role", _provider_alone),
    Wrong(
        "any branch",
        "pipeline.trust_wide",
        _subject("StringLike", f"{_REPOSITORY}:ref:refs/heads/*"),
    ),
    Wrong(
        "anything of the repository",
        "pipeline.trust_wide",
        _subject("StringLike", f"{_REPOSITORY}:*"),
    ),
    Wrong("any repository of the owner", "pipeline.trust_wide", _subject("StringLike", "repo:octo-org@123456/*")),
    Wrong(
        "a pull request, too",
        "pipeline.trust_wide",
        _subject(
            "StringEquals",
            [_MAIN, f"{_REPOSITORY}:pull_request"],
        ),
    ),
    Wrong("the account, to try it by hand", "pipeline.trust_wide", _and_the_account),
    Wrong(
        "the environment in quotes, any of them",
        "pipeline.trust_wide",
        _subject("StringLike", f"{_REPOSITORY}:environment:*", deploy=True),
    ),
    Wrong(
        "the form of the blog post",
        "pipeline.trust_other_form",
        _subject("StringEquals", _CLASSIC),
    ),
    Wrong("GitHub's own audience", "pipeline.trust_audience", _audience("https://github.com/octo-org")),
    Wrong("ForAllValues", "pipeline.trust_operator", _trust(_for_all_values)),
    Wrong(
        "another branch",
        "pipeline.trust_shut",
        _subject("StringEquals", f"{_REPOSITORY}:ref:refs/heads/master"),
    ),
    Wrong(
        "the branch in place of the environment",
        "pipeline.trust_shut",
        _subject("StringEquals", _MAIN, deploy=True),
    ),
    Wrong("a condition that nobody can judge", "pipeline.trust_unclear", _trust(_entangled_trust)),
    Wrong("rights that nobody can judge", "pipeline.rights_unclear", _push_policy(_entangled_rights)),
    Wrong("the six documented actions", "pipeline.six_actions", _push_policy(_six)),
    Wrong("ecr:* on everything", "pipeline.push_policy", _push_policy(_everything)),
    Wrong("a deploy that may pass no role", "pipeline.deploy_lacks", _deploy_policy(_no_pass_role)),
    Wrong("PassRole on everything", "pipeline.deploy_pass_role", _deploy_policy(_pass_any_role)),
    Wrong("ecs:* on everything", "pipeline.deploy_wide", _deploy_policy(_any_service)),
    Wrong("everything but the run", "pipeline.not_run", _roles()),
    Wrong("the job push alone", "pipeline.not_run", run_mistakes.only_the_push),
    Wrong("a role of somebody's blog", "pipeline.failed", run_mistakes.wrong_role_in_vars),
    Wrong("a program that ends at once", "pipeline.failed", run_mistakes.broken_app),
    Wrong("the workflow changed afterwards", "pipeline.other_workflow", run_mistakes.touched_workflow),
    Wrong("a policy put again afterwards", "pipeline.older_run", run_mistakes.touched_policy),
    Wrong("one login for both", "pipeline.one_login", run_mistakes.one_login),
    Wrong("a program that nobody keeps", "pipeline.inside", run_mistakes.other_app),
    Wrong("one platform by a variable", "pipeline.platforms", run_mistakes.platform_in_vars),
    Wrong("a trail that is late", "pipeline.no_trail", run_mistakes.silent_trail),
    Wrong("the images deleted", "pipeline.no_image", run_mistakes.image_deleted),
    Wrong("pushed again by hand", "pipeline.other_pusher", run_mistakes.by_hand),
    Wrong("the service set back", "pipeline.not_deployed", run_mistakes.back_to_the_tag),
    Wrong("a push that was not deployed", "pipeline.not_deployed", run_mistakes.pushed_and_not_deployed),
    Wrong("the service set by hand", "pipeline.other_deployer", run_mistakes.deployed_by_hand),
    Wrong("the service turned down", "pipeline.not_steady", run_mistakes.to_none),
)
