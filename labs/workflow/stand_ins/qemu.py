"""docker/setup-qemu-action. Source: v4.2.0, ``src/main.ts``. Differs: it does nothing."""

from labs.workflow.stand_ins.step import Step


def run(step: Step) -> None:
    """Say what the real one does, and why it is not done."""
    step.say(
        "Nothing is done here: the real action runs a privileged container (tonistiigi/binfmt) that registers QEMU "
        "with the kernel, so that a build can execute programs of other platforms."
    )
    why = "The embedded engine executes nothing while it builds." if step.embedded else ""
    step.say(f"{why or 'The Docker Engine of this machine keeps what it has.'} A Dockerfile without RUN needs no QEMU.")
    step.output("platforms", "linux/amd64,linux/arm64")
