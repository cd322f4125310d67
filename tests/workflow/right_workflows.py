"""Workflows that are right, each in a way of its own: nothing may be called wrong in them, by anybody."""

from tests.workflow.wrong_workflows import (
    BUILDX,
    CHECKOUT,
    CREDENTIALS,
    ECR,
    IMAGE,
    LOGIN,
    ON,
    RIGHT,
    TAGS,
    step,
    with_changes,
)

METADATA = """      - id: meta
        uses: docker/metadata-action@dc802804100637a589fabce1cb79ff13a1411302 # v6.2.0
        with:
          images: ${{ steps.ecr.outputs.registry }}/${{ vars.REPOSITORY }}
          tags: type=sha
"""
CHAIN = f"""      - id: first
        uses: {CREDENTIALS}
        with:
          aws-region: eu-central-1
          role-to-assume: ${{{{ vars.PUSH_ROLE_ARN }}}}
          output-credentials: true
      - uses: {CREDENTIALS}
        with:
          aws-region: eu-central-1
          aws-access-key-id: ${{{{ steps.first.outputs.aws-access-key-id }}}}
          aws-secret-access-key: ${{{{ steps.first.outputs.aws-secret-access-key }}}}
          aws-session-token: ${{{{ steps.first.outputs.aws-session-token }}}}
          role-to-assume: ${{{{ vars.DEPLOY_ROLE_ARN }}}}
          role-chaining: true
"""
BETWEEN = """  scan:
    runs-on: ubuntu-latest
    needs: push
    timeout-minutes: 5
    outputs:
      image: ${{ vars.REGISTRY }}/${{ vars.REPOSITORY }}@${{ needs.push.outputs.digest }}
    steps:
      - run: date
  deploy:
"""

RIGHT_ONES = {
    "the lab's own": RIGHT,
    "the version without its v": with_changes(("# v7.0.1", "# 7.0.1")),
    "the major version alone": with_changes(("# v7.0.1", "# v7")),
    "the comment as a tool writes it": with_changes(("# v7.0.1", "# tag=v7.0.1")),
    "input names in capitals": with_changes(("role-to-assume", "Role-To-Assume")),
    "pushed by outputs": with_changes(("          push: true\n", "          outputs: type=registry\n")),
    "attestations said by attests": with_changes(
        ("          provenance: false\n          sbom: false\n", "          attests: type=sbom,disabled=true\n")
    ),
    "platforms in lines": with_changes(
        ("platforms: linux/amd64,linux/arm64", "platforms: |\n            linux/amd64\n            linux/arm64")
    ),
    "a builder made by a script": with_changes((BUILDX, "      - run: docker buildx create --use --name lab\n")),
    "the builder before the login": with_changes((ECR, ""), (BUILDX, BUILDX + ECR)),
    "tags in lines": with_changes(
        (TAGS, f"tags: |\n            {TAGS[6:]}\n            {TAGS[6:-17]}${{{{ github.run_id }}}}")
    ),
    "tags by docker/metadata-action": with_changes(
        (BUILDX, METADATA + BUILDX), (TAGS, "tags: ${{ steps.meta.outputs.tags }}")
    ),
    "the registry by the variable": with_changes(
        (TAGS, "tags: ${{ vars.REGISTRY }}/${{ vars.REPOSITORY }}:${{ github.sha }}")
    ),
    "the registry through env": with_changes(
        ("permissions: {}", "permissions: {}\nenv:\n  HOST: ${{ vars.REGISTRY }}"),
        ("tags: ${{ vars.REGISTRY }}", "tags: ${{ env.HOST }}"),
    ),
    "a registry of one's own, without a login": with_changes(
        (LOGIN, ""), ("tags: ${{ vars.REGISTRY }}", "tags: localhost:5000")
    ),
    "two registries, two logins": with_changes(
        (LOGIN, LOGIN + LOGIN.replace("${{ vars.REGISTRY }}", "ghcr.io").replace("vars.REGISTRY_USER", "github.actor")),
        ("tags: ${{ vars.REGISTRY }}", "tags: ghcr.io"),
    ),
    "a stranger's text by env": with_changes(
        (ON, "on: pull_request\n"),
        *step('      - env:\n          TITLE: ${{ github.event.pull_request.title }}\n        run: echo "$TITLE"\n'),
    ),
    "a secret to a script by env and a pipe": with_changes(
        *step(
            "      - env:\n          PASSWORD: ${{ secrets.PASSWORD }}\n"
            '        run: echo "$PASSWORD" | docker login --username me --password-stdin registry.example.com\n'
        )
    ),
    "pull_request with its own code": with_changes((ON, "on: pull_request\n")),
    "a chain of roles": with_changes(*step(CHAIN)),
    "digest from an output of a job between": with_changes(
        (IMAGE, "image: ${{ needs.scan.outputs.image }}"),
        ("    needs: push\n", "    needs: scan\n"),
        ("  deploy:\n", BETWEEN),
    ),
    "deploy only if the push has succeeded": with_changes(
        ("    needs: push\n", "    needs: push\n    if: ${{ !cancelled() && needs.push.result == 'success' }}\n")
    ),
    "a step that always runs": with_changes(*step("      - if: always()\n        run: date\n")),
    "a local action": with_changes(*step("      - uses: ./.github/actions/notify\n")),
    "an image's digest as an action": with_changes(*step(f"      - uses: docker://alpine@sha256:{'0' * 64}\n")),
    "an output that a script sets": with_changes(
        *step(
            '      - id: own\n        run: echo "name=value" >> "$GITHUB_OUTPUT"\n'
            "      - env:\n          NAME: ${{ steps.own.outputs.name }}\n        run: date\n"
        )
    ),
    "the commit of an older release": with_changes(
        (CHECKOUT, "actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1")
    ),
}
