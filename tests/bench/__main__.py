"""``make bench``: one run, one table. Ratios say more than seconds: the machine's speed drifts.

python -m tests.bench             everything
python -m tests.bench calls ...   the named parts: calls, many, state, decisions, analysis, layers, registry, path,
                                fargate, course, lab, panel, desk, setup
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from labs import engine, processes
from labs.errors import LabError
from tests.bench import analysis, decisions, desk, fargate, many, measure, registry, servers, state

ROOT = Path(__file__).parent.parent.parent
PARTS = (
    "calls",
    "many",
    "state",
    "decisions",
    "analysis",
    "layers",
    "registry",
    "path",
    "fargate",
    "course",
    "lab",
    "panel",
    "desk",
    "setup",
)


def row(what: str, figure: str, against: str = "", ratio: str = "") -> None:
    print(f"{what:<54} {figure:<26} {against:<26} {ratio}", flush=True)


def bench_calls() -> None:
    with ExitStack() as stack:
        kit = stack.enter_context(servers.kit())
        python = stack.enter_context(servers.moto_environment())
        moto = stack.enter_context(servers.moto_server(python)) if python else None
        strict = stack.enter_context(servers.ministack_environment())
        mini = stack.enter_context(servers.ministack(strict)) if strict else None
        starts = servers.starts(python)
        for place, what, unit in ((0, "start to first answered call", "s"), (1, "memory then, idle", "MiB")):
            value = starts["kit"][place]
            its = starts["moto_server"][place] if "moto_server" in starts else 0.0
            row(
                what,
                f"{value:.2f} {unit}",
                f"{its:.2f} {unit}" if its else "not installed",
                f"{value / its:.2f}" if its else "",
            )
        both = [kit, *(peer for peer in (moto, mini) if peer)]
        for call, times in measure.calls(both).items():
            mine = times["kit"]
            for peer, note in (("moto_server", ""), ("ministack", " (ministack, AUTH)")):
                peers = times.get(peer)
                for place, name in ((0, "p50"), (1, "p99")):
                    row(
                        f"{call} {name}",
                        f"{mine[place] * 1000:.2f} ms",
                        f"{peers[place] * 1000:.2f} ms{note}" if peers else f"not installed{note}",
                        f"{mine[place] / peers[place]:.2f}" if peers else "",
                    )
        after, against = kit.rss_mib, moto.rss_mib if moto else 0.0
        row(
            "memory after the calls",
            f"{after:.0f} MiB",
            f"{against:.0f} MiB" if against else "not installed",
            f"{after / against:.2f}" if against else "",
        )


def bench_many() -> None:
    with ExitStack() as stack:
        kit = stack.enter_context(servers.kit())
        python = stack.enter_context(servers.moto_environment())
        moto = stack.enter_context(servers.moto_server(python)) if python else None
        for call, rates in many.calls_a_second([kit, moto] if moto else [kit]).items():
            its = rates.get("moto_server")
            row(
                f"{call}, {many.THREADS} threads",
                f"{rates['kit']:.0f} a second",
                f"{its:.0f} a second" if its else "not installed",
                f"{rates['kit'] / its:.2f}" if its else "",
            )
        class_ = many.lessons(kit)
        row(f"stages 01 to 03, {many.CLASS} principals at once", f"{class_.seconds:.1f} s")
        for name, (best, last) in (("p50", class_.medians), ("p99", class_.tails)):
            row(f"an API call of one principal meanwhile, {name}", f"{best * 1000:.0f} to {last * 1000:.0f} ms")
        if moto:
            many.same_calls(moto)
        course, stages_failed = many.after_the_course()
        its_end = moto.rss_mib if moto else 0.0
        for what, mine, its in (
            (f"after the course ({stages_failed} stages failed)", course, its_end),
            (f"after {many.CLASS} at once", kit.rss_mib, its_end),
        ):
            row(
                f"memory {what}", f"{mine:.0f} MiB", f"{its:.0f} MiB" if its else "", f"{mine / its:.2f}" if its else ""
            )
        seconds, worst, failed = many.in_parallel(kit)
        row(
            f"{many.PARALLEL} calls at once, half of them changes",
            f"{seconds:.2f} s, {failed} failed",
            f"the worst of {many.ROUNDS}: {worst:.2f} s",
        )


def bench_state() -> None:
    times = state.restart()
    row("start, empty state", f"{times.empty:.2f} s")
    row(
        f"restart with {state.MUTATIONS:,} mutations, killed",
        f"{times.grown:.2f} s",
        f"{times.replayed:.2f} s (no checkpoint)",
    )
    row("their journal and checkpoint", f"{times.journal:.1f} and {times.checkpoint:.1f} MiB")


def bench_decisions() -> None:
    mine, its = decisions.a_second()
    row("IAM decisions a second of one processor", f"{mine:,.0f}", f"{its:,.0f} (ministack)", f"{mine / its:.2f}")


def bench_analysis() -> None:
    times = analysis.milliseconds()
    for size in analysis.SIZES:
        slowest = max((each for each in times if each[1] == size), key=lambda each: times[each])
        listed = ", ".join(f"{name} {times[name, of]:.0f}" for name, of in times if of == size)
        row(
            f"a policy of {size:,} characters, beyond what is wanted",
            f"{times[slowest]:.0f} ms",
            f"at most 50 ({listed})",
        )
    hard = analysis.seconds()
    listed = ", ".join(f"{name} {took:.1f}" for name, took in hard.items())
    row("entangled patterns, until cannot tell", f"{max(hard.values()):.1f} s", f"steps are counted ({listed})")


def bench_layers() -> None:
    if shutil.which("skopeo") is None:
        row("500 MB layer", "not run: skopeo is not installed")
        return
    with servers.kit() as kit, servers.docker_registry() as registry:
        times = measure.layers([kit] + ([registry] if registry else []))
        its = times.get("docker-registry")
        for place, name in ((0, "push"), (1, "pull")):
            row(
                f"500 MB layer, skopeo {name}",
                f"{times['kit'][place]:.2f} s",
                f"{its[place]:.2f} s (docker-registry)" if its else "not installed",
                f"{times['kit'][place] / its[place]:.2f}" if its else "",
            )
        row("memory after the pushes", f"{kit.rss_mib:.0f} MiB")


def bench_registry() -> None:
    """The registry by bare HTTP, beside docker-registry where that is installed."""
    with servers.kit() as kit, servers.docker_registry() as other:
        both = [kit] + ([other] if other else [])
        peak = statistics.median(registry.peak_mib(kit) for _ in range(measure.ROUNDS))
        row("peak memory above idle during a 500 MB push", f"{peak:.0f} MiB", "at most 60")
        found = registry.large(both)
        for what, times in (
            ("PUT", found.push),
            ("PUT, the server's CPU time", found.push_cpu),
            ("GET", found.pull),
            ("GET, the server's CPU time", found.pull_cpu),
        ):
            mine, its = times["kit"], times.get("docker-registry")
            row(
                f"500 MB layer, raw HTTP {what}",
                f"{mine:.2f} s",
                f"{its:.2f} s (docker-registry)" if its else "not installed",
                f"{mine / its:.2f}" if its else "",
            )
        put = found.push["kit"]
        for alone, name in ((found.hashing, "SHA-256"), (found.disk, "a flushed copy")):
            row(f"500 MB raw PUT beside {name}", f"{put:.2f} s", f"{alone:.2f} s", f"{alone / put:.2f} of its speed")
        small = registry.small(both)
        against = small.get("docker-registry")
        row(
            f"{registry.SMALL_LAYERS} small layers, push, one connection",
            f"{small['kit']:.2f} s",
            f"{against:.2f} s (docker-registry)" if against else "not installed",
            f"{small['kit'] / against:.2f}" if against else "",
        )
        seconds, wrong = registry.parallel(kit)
        row(f"{registry.PARALLEL} pushes at once", f"{seconds:.2f} s, {len(wrong)} errors", "", "; ".join(wrong[:2]))


def bench_path() -> None:
    row("reach(): one path, 50 subnets, 200 groups, 1,000 rules", f"{fargate.one_path() * 1000:.2f} ms")


def bench_fargate() -> None:
    """Tasks of the embedded engine, so that the figure is the local AWS's own."""
    os.environ["LAB_ENGINE"] = "embedded"
    try:
        with servers.kit() as kit:
            times = fargate.starts(kit)
            times["diagnosis"] = fargate.diagnoses(kit)
    finally:
        del os.environ["LAB_ENGINE"]
    row("failed start, run_task to STOPPED with its reason", f"{times['failed']:.2f} s", "AWS: 4 min 49 s, measured")
    row("diagnosis of a failed task", f"{times['diagnosis']:.2f} s")
    row("running task, run_task to RUNNING, embedded", f"{times['running']:.2f} s")
    row(f"{fargate.SERVICES} services at once, all running", f"{times['services']:.1f} s")


def bench_course() -> None:
    """The solved course, its receipt included, by each engine that answers; the course has a lab home of its own."""
    for forced, what, aim in (("embedded", "embedded", "60 s"), ("docker", "with Docker", "150 s")):
        if forced == "docker" and not docker_answers():
            row(f"whole course solved headless, {what}", "not run: no Docker Engine answers")
            continue
        command = [sys.executable, "-m", "labs", "course"]
        environment = {**os.environ, "LAB_ENGINE": forced}
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
        seconds = time.monotonic() - began
        receipt = re.search(r"created \d+, gone \d+, left \d+", done.stdout)
        figure = f"{seconds:.1f} s, exit code {done.returncode}"
        row(
            f"whole course solved headless, {what}",
            figure,
            f"aim: under {aim}",
            receipt[0] if receipt else "no receipt",
        )


def docker_answers() -> bool:
    """Whether the doctor's own probe finds an engine that the lab would use."""
    try:
        return engine.find({**os.environ, "LAB_ENGINE": "docker"}).name == "docker"
    except LabError:
        return False


def bench_lab() -> None:
    """JupyterLab, from the start of the command to its URL, the local AWS included."""
    times = []
    for _ in range(measure.ROUNDS):
        with tempfile.TemporaryDirectory(prefix="bench-lab-") as home:
            environment = {**os.environ, "LAB_HOME": home, "LAB_NO_BROWSER": "1"}
            began = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-m", "labs", "start"],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            for line in process.stdout:
                if "token=" in line:
                    times.append(time.monotonic() - began)
                    break
            process.terminate()
            process.communicate(timeout=60)
    row("make lab: command to URL, both servers", f"{statistics.median(times):.2f} s" if times else "no URL")


def bench_panel() -> None:
    """The course panel's watcher: from its start to its first answer, and its memory with boto3 loaded."""
    times, sizes = [], []
    for _ in range(measure.ROUNDS):
        with tempfile.TemporaryDirectory(prefix="bench-panel-") as home:
            began = time.monotonic()
            process = subprocess.Popen(
                processes.labs("watch"),
                env={**os.environ, "LAB_HOME": home},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdin is not None
            assert process.stdout is not None
            gates: list[object] = []
            # The gates are named when the stage's check, and boto3 with it, has been imported.
            while not gates:
                process.stdin.write('{"n": 1}\n')
                process.stdin.flush()
                gates = json.loads(process.stdout.readline())["view"]["gates"]
                if not gates and len(times) == len(sizes):
                    times.append(time.monotonic() - began)
                time.sleep(0.1)
            status = Path(f"/proc/{process.pid}/status").read_text()
            sizes.append(int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024)
            process.communicate(timeout=60)
    row("the course panel's watcher, start to first answer", f"{statistics.median(times):.2f} s")
    row("its memory", f"{statistics.median(sizes):.0f} MiB")


def bench_desk() -> None:
    """A seat: JupyterLab's page with the panel and a notebook, and the memory of all its processes."""
    if not desk.chromium():
        row("the desk in a browser", "not run: no Chromium on PATH")
        return
    found = desk.measured()
    row("the desk's first paint, after its URL is opened", f"{found['paint']:.2f} s", "aim: within 1.5 s")
    row("the course panel in it, with its stages", f"{found['panel']:.2f} s")
    row("the notebook's first cell in it", f"{found['page']:.2f} s")
    row("lab.begin()'s own panel, after its last line", f"{found['begin']:.2f} s", "aim: within 0.5 s")
    row("a seat after 03, all processes, shared memory once", f"{found['seat']:.0f} MiB", "aim: at most 247")


def bench_setup() -> None:
    """What make lab installs, into an empty folder, with the packages already in the cache."""
    with tempfile.TemporaryDirectory(prefix="bench-setup-") as folder:
        checkout = Path(folder) / "kit"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(checkout)], check=True)
        command = ["make", ".venv/run.ready"]
        seconds = measure.timed(lambda: subprocess.run(command, cwd=checkout, check=True, capture_output=True))
        row("set-up of .venv, packages cached", f"{seconds:.1f} s")


def main(words: list[str]) -> int:
    unknown = sorted(set(words) - set(PARTS))
    if unknown:
        print(f"No such part: {', '.join(unknown)}. The parts are {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    # As users have it: modules are compiled once, not at every start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    row("what", "kit", "against", "ratio")
    for part in words or PARTS:
        globals()[f"bench_{part}"]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
