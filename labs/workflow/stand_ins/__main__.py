"""``python stand_ins/__main__.py NAME``: one step of a job; its inputs are JSON in LAB_INPUTS."""

import sys
from importlib import import_module
from pathlib import Path

MODULES = {
    "checkout": "checkout",
    "configure-aws-credentials": "credentials",
    "amazon-ecr-login": "ecr_login",
    "login-action": "docker_login",
    "setup-qemu-action": "qemu",
    "setup-buildx-action": "builder",
    "build-push-action": "build_push",
    "amazon-ecs-render-task-definition": "render",
    "amazon-ecs-deploy-task-definition": "deploy",
}


def main(name: str) -> int:
    """Do one step; 1 where it fails, its reason said as GitHub's error."""
    from labs.workflow.stand_ins.step import Step, StepFailed

    step = Step.of_environment()
    try:
        import_module(f"labs.workflow.stand_ins.{MODULES[name]}").run(step)
    except StepFailed as failed:
        step.error(str(failed))
        return 1
    return 0


if __name__ == "__main__":
    if not __package__:
        from runpy import run_path

        # This file by its path: the package that it lies in is made known, as labs itself does.
        run_path(str(Path(__file__).resolve().parents[2] / "__main__.py"))["_this_package"]()
    sys.exit(main(sys.argv[1]))
