"""Every finding of the doctor, from facts alone: what it says, the one remedy, and whether the lab can still run."""

from dataclasses import replace

import pytest

from labs.engine.doctor import GIB, DoctorLine, DoctorStatus, can_run, judge, table
from labs.engine.facts import DockerFacts, DockerProblem, Machine, MachineFacts
from labs.oci import Platform

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")
MACHINE = Machine(
    python=(3, 11, 7),
    home="/home/ada/lab/.lab",
    home_problem="",
    loopback_problem="",
    free_disk=50 * GIB,
    memory=16 * GIB,
)
DOCKER = DockerFacts(
    None,
    client="/usr/bin/docker",
    endpoint="unix:///var/run/docker.sock",
    server="27.3.1",
    system="Debian GNU/Linux 12",
    buildx="0.17.1",
)
WELL = MachineFacts(MACHINE, DOCKER, (AMD64, ARM64))


def finding(facts: MachineFacts, what: str) -> DoctorLine:
    found = [each for each in judge(facts) if each.what == what]
    assert len(found) == 1, f"{len(found)} findings about {what}"
    return found[0]


def with_machine(**changes: object) -> MachineFacts:
    return replace(WELL, machine=replace(MACHINE, **changes))


def with_docker(**changes: object) -> MachineFacts:
    return replace(WELL, docker=replace(DOCKER, **changes))


def test_a_machine_with_everything_has_nothing_to_fix() -> None:
    findings = judge(WELL)
    assert {each.status for each in findings} == {DoctorStatus.OK}
    assert not any(each.remedy for each in findings)
    assert can_run(findings)
    assert finding(WELL, "Engine").found == "docker"


def test_every_finding_that_is_not_ok_names_a_remedy() -> None:
    broken = [
        with_machine(python=(3, 10, 1), home_problem="it is a file", loopback_problem="not permitted"),
        with_machine(free_disk=GIB, memory=GIB, proxies=("http_proxy",), forced_engine="dokcer"),
        replace(WELL, platforms=(AMD64,)),
        *(with_docker(problem=problem) for problem in DockerProblem),
    ]
    for facts in broken:
        for each in judge(facts):
            assert (each.status is DoctorStatus.OK) == (each.remedy == ""), each


def test_an_old_python_stops_the_lab() -> None:
    facts = with_machine(python=(3, 10, 12))
    assert finding(facts, "Python").found == "3.10.12; the kit needs 3.11 or newer"
    assert not can_run(judge(facts))


def test_a_home_that_cannot_be_written_stops_the_lab() -> None:
    facts = with_machine(home_problem="Read-only file system")
    assert "LAB_HOME" in finding(facts, "LAB_HOME").remedy
    assert not can_run(judge(facts))


def test_a_full_disk_is_to_fix_and_little_memory_is_a_note() -> None:
    facts = with_machine(free_disk=GIB // 2, memory=GIB)
    assert finding(facts, "Disk").status is DoctorStatus.FIX
    assert finding(facts, "Disk").found.startswith("0.5 GiB free")
    assert finding(facts, "Memory").status is DoctorStatus.NOTE
    assert can_run(judge(facts))


def test_sizes_that_could_not_be_read_are_not_judged() -> None:
    subjects = {each.what for each in judge(with_machine(free_disk=-1, memory=-1))}
    assert not subjects & {"Disk", "Memory"}


def test_a_loopback_that_cannot_be_used_stops_the_lab() -> None:
    assert not can_run(judge(with_machine(loopback_problem="Operation not permitted")))


def test_proxies_that_catch_127_0_0_1_are_named_with_the_variable_to_set() -> None:
    found = finding(with_machine(proxies=("http_proxy", "ALL_PROXY")), "Proxy")
    assert found.found == "http_proxy and ALL_PROXY would send requests for 127.0.0.1 to a proxy"
    assert "NO_PROXY=127.0.0.1,localhost" in found.remedy


@pytest.mark.parametrize("problem", list(DockerProblem))
def test_without_a_usable_docker_the_embedded_engine_does_the_lab(problem: DockerProblem) -> None:
    findings = judge(with_docker(problem=problem))
    assert can_run(findings)
    assert next(each for each in findings if each.what == "Engine").found.startswith("embedded")


@pytest.mark.parametrize("problem", list(DockerProblem))
def test_a_forced_docker_that_cannot_do_the_lab_stops_it(problem: DockerProblem) -> None:
    facts = replace(with_machine(forced_engine="docker"), docker=replace(DOCKER, problem=problem))
    assert not can_run(judge(facts))


@pytest.mark.parametrize(
    ("problem", "status", "found", "remedy"),
    [
        (DockerProblem.NO_CLIENT, DoctorStatus.NOTE, "no Docker Engine found", "install Docker"),
        (DockerProblem.NOT_ANSWERING, DoctorStatus.NOTE, "at unix:///var/run/docker.sock", "start Docker"),
        (
            DockerProblem.PERMISSION_DENIED,
            DoctorStatus.FIX,
            "may not use the Docker socket /var/run",
            "usermod -aG docker",
        ),
        (DockerProblem.NOT_DOCKER, DoctorStatus.FIX, "is not a Docker Engine", "DOCKER_HOST"),
        (DockerProblem.NO_BUILDX, DoctorStatus.FIX, "docker has no buildx", "docker-buildx"),
        (
            DockerProblem.CLASSIC_STORE,
            DoctorStatus.FIX,
            "one platform of an image only",
            '{"features":{"containerd-snapshotter":true}}',
        ),
        (DockerProblem.LOOPBACK_OUT_OF_REACH, DoctorStatus.FIX, "cannot reach this machine's 127.0.0.1", "embedded"),
    ],
)
def test_each_docker_problem_is_named_with_its_remedy(
    problem: DockerProblem, status: DoctorStatus, found: str, remedy: str
) -> None:
    said = finding(with_docker(problem=problem), "Docker")
    assert said.status is status
    assert found in said.found
    assert remedy in said.remedy


def test_docker_desktop_is_named_and_gets_remedies_of_its_own() -> None:
    desktop = {"system": "Docker Desktop", "endpoint": "unix:///Users/ada/.docker/run/docker.sock"}
    assert "(Docker Desktop)" in finding(with_docker(**desktop), "Docker").found
    store = finding(with_docker(problem=DockerProblem.CLASSIC_STORE, **desktop), "Docker")
    assert "Settings" in store.remedy
    reach = finding(with_docker(problem=DockerProblem.LOOPBACK_OUT_OF_REACH, **desktop), "Docker")
    assert reach.found.startswith("Docker Desktop's engine lives on another network")
    emulation = finding(replace(with_docker(**desktop), platforms=(AMD64,)), "Platforms")
    assert "Docker Desktop" in emulation.remedy


def test_on_real_aws_the_daemon_need_not_reach_this_machine() -> None:
    facts = replace(with_machine(target="aws"), docker=replace(DOCKER, problem=DockerProblem.LOOPBACK_OUT_OF_REACH))
    assert finding(facts, "Engine").found == "docker"


def test_a_missing_emulator_is_named_by_the_platform_that_cannot_run() -> None:
    said = finding(replace(WELL, platforms=(AMD64,)), "Platforms")
    assert said.status is DoctorStatus.FIX
    assert said.found.startswith("linux/arm64 images can be built here but not run")
    assert "qemu-user-static" in said.remedy
    assert can_run(judge(replace(WELL, platforms=(AMD64,))))


def test_on_an_arm64_machine_it_is_amd64_that_may_be_missing() -> None:
    assert finding(replace(WELL, platforms=(ARM64,)), "Platforms").found.startswith("linux/amd64 images")


def test_an_engine_name_with_a_typo_stops_the_lab() -> None:
    facts = with_machine(forced_engine="dokcer")
    assert finding(facts, "Engine").found == "LAB_ENGINE is 'dokcer'"
    assert not can_run(judge(facts))


def test_the_table_is_plain_words_within_100_columns_and_keeps_commands_whole() -> None:
    text = table(judge(with_docker(problem=DockerProblem.CLASSIC_STORE)))
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.isascii()
    assert "/etc/docker/daemon.json" in text
    assert [line.split()[0] for line in text.splitlines() if line[0] != " "][:2] == ["ok", "ok"]
