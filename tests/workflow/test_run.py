"""A workflow really runs here, under act: permissions, events, environments, secrets, and what it leaves."""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from labs.errors import LabError
from labs.session import TargetName
from labs.workflow import job_machine, record
from tests.workflow.place import ASK, Place

NO_JOBS = "name: Push\non: [push, pull_request, pull_request_target, workflow_dispatch, release]\n"
MAIN = "repo:octo-org@123456/octo-repo@789012:ref:refs/heads/main"


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def asking(top="", job="", more=""):
    """A workflow whose one job asks for a token."""
    return f"{NO_JOBS}{top}jobs:\n  push:\n    runs-on: ubuntu-latest\n{job}    steps:\n{ASK}{more}"


WRITE = "permissions: {id-token: write}\n"
# permissions of the workflow, of the job, event, from a fork: the sub that the job is given, or none.
PERMISSIONS = {
    ("", "", "push", False): "none",
    (WRITE, "", "push", False): MAIN,
    ("", WRITE, "push", False): MAIN,
    (WRITE, WRITE, "push", False): MAIN,
    (WRITE, "permissions: {}\n", "push", False): "none",
    (WRITE, "permissions: {contents: read}\n", "push", False): "none",
    ("permissions: {}\n", WRITE, "push", False): MAIN,
    ("permissions: {contents: read}\n", "", "push", False): "none",
    ("permissions: {id-token: none}\n", "", "push", False): "none",
    ("permissions: write-all\n", "", "push", False): MAIN,
    ("permissions: read-all\n", "", "push", False): "none",
    ("", "permissions: write-all\n", "push", False): MAIN,
    (WRITE, "", "pull_request", True): "none",
    ("permissions: write-all\n", "", "pull_request", True): "none",
    (WRITE, "", "pull_request", False): "repo:octo-org@123456/octo-repo@789012:pull_request",
    (WRITE, "", "pull_request_target", True): MAIN,
}


@pytest.mark.parametrize(("given", "sub"), PERMISSIONS.items(), ids=str)
def test_a_job_is_given_a_token_only_where_its_permissions_say_so(place, given, sub):
    top, job, event, fork = given
    place.write(asking(top, f"    {job}" if job else ""))
    found = place.run(event, fork=fork)
    assert found.conclusion == "success", place.said
    assert found.jobs["push"].step("ask").outputs == {"sub": sub}
    assert found.jobs["push"].subject == ("" if sub == "none" else sub)
    assert place.left == []


def test_two_jobs_have_their_own_environment_in_their_sub_and_no_more_than_they_may(place):
    place.write(
        f"{NO_JOBS}permissions: {{}}\njobs:\n"
        + "".join(
            f"  {name}:\n    runs-on: ubuntu-latest\n{more}    steps:\n{ASK}"
            for name, more in {
                "push": f"    {WRITE}",
                "deploy": f"    environment: production\n    {WRITE}",
                "named": f"    environment: {{name: 'a:b', url: x}}\n    {WRITE}",
                "nothing": "",
            }.items()
        )
    )
    found = place.run()
    start = "repo:octo-org@123456/octo-repo@789012:"
    assert {name: job.subject for name, job in found.jobs.items()} == {
        "push": MAIN,
        "deploy": f"{start}environment:production",
        "named": f"{start}environment:a%3Ab",
        "nothing": "",
    }
    assert found.jobs["deploy"].environment == "production"
    assert any("nothing: gets no id token" in line for line in place.said)


def test_an_environment_that_is_asked_for_stands_in_place_of_what_the_workflow_says(place):
    place.write(asking(WRITE, "    environment: ${{ vars.WHERE }}\n"))
    with pytest.raises(LabError, match="environment of job push is an expression"):
        place.run()
    assert place.run(environment="staging").jobs["push"].subject.endswith(":environment:staging")


def test_nothing_secret_is_said_logged_or_recorded(place):
    place.write(
        asking(
            WRITE,
            "    env:\n      PASSWORD: ${{ secrets.PASSWORD }}\n",
            '      - run: |\n          echo "$PASSWORD $ACTIONS_ID_TOKEN_REQUEST_TOKEN"\n'
            '          echo "::add-mask::later-secret"\n          echo later-secret\n'
            '          echo "shown=later-secret and $PASSWORD" >> "$GITHUB_OUTPUT"\n        id: tells\n'
            "      - run: echo ${{ steps.tells.outputs.shown }}; exit 3\n",
        )
    )
    found = place.run(secrets={"PASSWORD": "correct-horse"})
    everything = "\n".join([*place.said, place.log, repr(found)])
    assert found.jobs["push"].step("tells").outputs == {"shown": "*** and ***"}
    for secret in ("correct-horse", "later-secret"):
        assert secret not in everything
    # A request token has 43 letters of the URL-safe alphabet.
    assert not re.search(r"(?<![\w-])[\w-]{43}(?![\w-])", everything)
    assert "*** ***" in place.log


def test_a_fork_gets_no_secrets_but_the_values(place):
    place.write(asking(more='      - {id: x, run: \'echo "is=${{ secrets.A }}-${{ vars.B }}" >> "$GITHUB_OUTPUT"\'}\n'))
    given = {"secrets": {"A": "secret-a"}, "values": {"B": "value-b"}}
    assert place.run("pull_request", fork=True, **given).jobs["push"].step("x").outputs == {"is": "-value-b"}
    assert any("from a fork: GitHub gives it no id token and no secrets" in line for line in place.said)
    assert place.run("pull_request", **given).jobs["push"].step("x").outputs == {"is": "***-value-b"}


def test_the_log_reads_like_one_of_githubs(place):
    place.write(
        asking(more="      - name: Fails\n        run: |\n          echo '::warning::look out'\n          exit 3\n")
    )
    found = place.run()
    assert (found.conclusion, found.jobs["push"].conclusion) == ("failure", "failure")
    assert [step.conclusion for step in found.jobs["push"].steps] == ["success", "failure"]
    lines = place.log.splitlines()
    assert all(re.match(r"[\w() ]*\t[^\t]*\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ", line) for line in lines)
    of_step = [line.split("\t")[2].partition(" ")[2] for line in lines if line.startswith("push\tFails\t")]
    assert of_step[0].startswith("##[group]Run echo")
    assert of_step[-2:] == ["##[warning]look out", "##[error]Process completed with exit code 3."]
    assert any(line == "    ##[error]Process completed with exit code 3." for line in place.said)


def test_a_job_that_is_skipped_and_one_whose_need_failed_are_in_the_record(place):
    place.write(
        f"{NO_JOBS}jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{{run: 'exit 1'}}, {{run: echo}}]\n"
        "  b:\n    needs: a\n    runs-on: ubuntu-latest\n    steps: [{run: echo}]\n"
        "  c:\n    if: github.ref == 'refs/heads/x'\n    runs-on: ubuntu-latest\n    steps: [{run: echo}]\n"
    )
    found = place.run()
    assert {name: job.conclusion for name, job in found.jobs.items()} == {
        "a": "failure",
        "b": "skipped",
        "c": "skipped",
    }
    assert [step.conclusion for step in found.jobs["a"].steps] == ["failure", "skipped"]


def test_each_job_has_a_home_and_a_docker_configuration_of_its_own_and_no_key_of_the_trainee(place):
    place.env |= {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_PROFILE": "mine", "SECRET_OF_MINE": "x", "HTTP_PROXY": "x"}
    step = "{id: x, run: 'echo names=$(env | cut -d= -f1) >> $GITHUB_OUTPUT; echo home=$HOME >> $GITHUB_OUTPUT'}"
    place.write(
        f"{NO_JOBS}jobs:\n"
        + "".join(f"  {name}:\n    runs-on: ubuntu-latest\n    steps: [{step}]\n" for name in ("a", "b"))
    )
    found = place.run()
    outputs = [found.jobs[name].step("x").outputs for name in ("a", "b")]
    names = outputs[0]["names"].split()
    assert "AWS_ENDPOINT_URL" in names
    assert not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION", "SECRET_OF_MINE", "HTTP_PROXY"} & set(names)
    assert outputs[0]["home"] != outputs[1]["home"]


def test_the_same_files_have_the_same_commit_and_other_files_another(place):
    place.write(asking())
    (place.work / "app").mkdir()
    (place.work / "app" / "Dockerfile").write_text("FROM scratch\n")
    first = place.run().sha
    (place.work / "push.log").write_text("left out")
    (place.work / "app.tar").write_text("left out")
    (place.work / ".ipynb_checkpoints").mkdir()
    (place.work / ".ipynb_checkpoints" / "x").write_text("x")
    assert place.run().sha == first
    assert "Not in the commit: app.tar, push.log" in place.said
    (place.work / "app" / "Dockerfile").write_text("FROM scratch\nUSER 1\n")
    assert place.run().sha != first


def test_what_is_checked_out_is_the_trainees_text_without_what_the_kit_adds(place):
    text = asking(
        WRITE, more="      - uses: actions/checkout@v7\n      - {id: x, run: 'cat .github/workflows/push.yml'}\n"
    )
    place.write(text)
    assert place.run().conclusion == "success"
    shown = [line.split("\t")[2].partition(" ")[2] for line in place.log.splitlines() if "\tRun cat " in line]
    assert shown[shown.index("##[endgroup]") + 1 :] == text.splitlines()


def test_github_contexts_are_those_of_the_event(place):
    place.write(
        asking(
            more="      - id: x\n        run: |\n          echo '"
            "is=${{ github.repository }} ${{ github.ref }} ${{ github.event_name }} ${{ github.base_ref }} "
            "${{ github.head_ref }} ${{ github.event.pull_request.head.repo.full_name }} ${{ github.actor }}'"
            ' >> "$GITHUB_OUTPUT"\n'
        )
    )
    found = place.run("pull_request", "change", fork=True)
    assert found.jobs["push"].step("x").outputs["is"] == (
        "octo-org/octo-repo refs/pull/7/merge pull_request main change someone/octo-repo octocat"
    )
    assert (
        place.run("push", "refs/tags/v1")
        .jobs["push"]
        .step("x")
        .outputs["is"]
        .startswith("octo-org/octo-repo refs/tags/v1 push")
    )


def test_an_event_that_starts_nothing_is_said_and_leaves_no_run(place):
    place.write(asking().replace(NO_JOBS, "on: {push: {branches: [main]}}\n"))
    with pytest.raises(LabError, match=r"This event starts nothing: on\.push\.branches has main, not x"):
        place.run("push", "x")
    assert record.last(place.target.home) is None
    assert place.left == []


JOB = "jobs:\n  push:\n    runs-on: ubuntu-latest\n"
REFUSED = {
    f"{JOB}    steps: [{{uses: someone/unknown@v1}}]\n": "no stand-in for someone/unknown, and LAB_ACTIONS is not set",
    f"{JOB}    steps: [{{uses: 'docker://alpine:3'}}]\n": "docker://alpine:3 runs a container image",
    f"{JOB}    steps: [{{uses: ./nowhere}}]\n": "./nowhere is no action",
    f"{JOB}    steps: [{{uses: ../../outside}}]\n": "is no action that can be found",
    f"{JOB}    steps: [{{uses: docker/login-action/inner@v4}}]\n": "no stand-in for docker/login-action/inner",
    f"{JOB}    container: alpine\n    steps: [{{run: 'true'}}]\n": "runs in a container",
    f"{JOB}    services: {{db: {{image: x}}}}\n    steps: [{{run: 'true'}}]\n": "has service containers",
    "jobs:\n  push:\n    runs-on: macos-latest\n    steps: [{run: 'true'}]\n": "job push runs on macos-latest",
    "jobs:\n  push:\n    uses: ./.github/workflows/other.yml\n": "calls a reusable workflow",
    f"{JOB}    env: ${{{{ fromJSON('{{}}') }}}}\n    steps: [{{run: 'true'}}]\n": "is one expression",
}


@pytest.mark.parametrize(("jobs", "words"), REFUSED.items(), ids=REFUSED.values())
def test_what_cannot_run_here_is_refused_by_name_before_anything_runs(place, jobs, words):
    place.write(f"on: push\n{jobs}")
    with pytest.raises(LabError, match=re.escape(words)) as told:
        place.run()
    assert told.value.next_step
    assert record.last(place.target.home) is None
    assert place.left == []


def test_real_aws_refuses_a_run_with_the_reason(place):
    place.write(asking())
    place.target.name = TargetName.AWS
    with pytest.raises(LabError, match="AWS trusts the keys with which GitHub signs its tokens"):
        place.run()


def test_without_git_or_act_a_run_cannot_be_here_and_says_so(place, monkeypatch, tmp_path):
    place.write(asking())
    place.env["PATH"] = str(tmp_path)
    with pytest.raises(LabError, match="there is no git on this machine"):
        place.run()
    monkeypatch.setattr("labs.workflow.act.PACKAGE", "no-such-package")
    with pytest.raises(LabError, match="act, which runs it, has no package for this machine"):
        place.run()


def test_real_actions_need_node_and_a_folder_that_is_there(place, tmp_path):
    place.write(asking(more="      - uses: a/b@v1\n"))
    place.env["LAB_ACTIONS"] = str(tmp_path / "none")
    with pytest.raises(LabError, match="there is no such folder"):
        place.run()
    (tmp_path / "given" / "a" / "b").mkdir(parents=True)
    (tmp_path / "given" / "a" / "b" / "action.yml").write_text("name: b\nruns: {using: node24, main: x.js}\n")
    place.env |= {"LAB_ACTIONS": str(tmp_path / "given"), "PATH": str(tmp_path)}
    with pytest.raises(LabError, match="need Node"):
        place.run()


def test_a_real_checkout_is_used_where_there_is_one_and_the_first_lines_say_so(place, tmp_path):
    folder = tmp_path / "given" / "octo-org" / "say"
    folder.mkdir(parents=True)
    (folder / "action.yml").write_text(
        "name: say\ninputs: {what: {default: hello}}\noutputs: {said: {value: '${{ steps.x.outputs.said }}'}}\n"
        "runs:\n  using: composite\n  steps:\n    - id: x\n      shell: sh\n"
        '      run: echo "said=${{ inputs.what }}" >> "$GITHUB_OUTPUT"\n'
    )
    place.env["LAB_ACTIONS"] = str(tmp_path / "given")
    place.write(asking(more="      - {id: x, uses: octo-org/say@v1, with: {wrong: y}}\n"))
    found = place.run()
    assert found.actions == {"octo-org/say@v1": "real"}
    assert found.jobs["push"].step("x").outputs == {"said": "hello"}
    assert any(line.startswith("Real actions, from ") and "octo-org/say@v1" in line for line in place.said)
    assert "##[warning]Unexpected input(s) 'wrong', valid inputs are ['what']" in place.log


def test_what_act_cannot_read_is_a_failed_run_with_acts_words(place):
    place.write(asking(more="      - run: echo ${{ nothing.at.all }}\n"))
    found = place.run()
    assert found.conclusion == "failure"
    assert "nothing" in place.log


def test_the_last_twenty_runs_are_kept(place):
    for number in range(1, 24):
        (record.runs_folder(place.target.home) / str(number)).mkdir()
    place.write(asking())
    assert place.run().number == 24
    assert len(list(record.runs_folder(place.target.home).iterdir())) == 20


def test_a_runner_that_an_expression_names_and_nobody_has_is_a_failed_job(place):
    place.write("on: push\njobs:\n  push:\n    runs-on: ${{ vars.RUNNER }}\n    steps: [{run: 'true'}]\n")
    found = place.run(values={"RUNNER": "macos-latest"})
    assert (found.conclusion, found.jobs["push"].conclusion) == ("failure", "failure")
    assert "##[error]No runner here has the label: macos-latest" in place.log
    assert place.run(values={"RUNNER": "ubuntu-24.04"}).succeeded


def test_a_matrix_is_one_job_each(place):
    place.write(
        "on: push\njobs:\n  push:\n    strategy: {matrix: {arch: [amd64, arm64]}}\n    runs-on: ubuntu-latest\n"
        "    steps: [{id: x, run: 'echo is=${{ matrix.arch }} >> $GITHUB_OUTPUT'}]\n"
    )
    found = place.run()
    assert {name: job.step("x").outputs for name, job in found.jobs.items()} == {
        "push (amd64)": {"is": "amd64"},
        "push (arm64)": {"is": "arm64"},
    }


@pytest.mark.parametrize("file", ["../push.yml", "/etc/passwd", "", ".", "a/b.yml"])
def test_a_workflow_is_named_by_its_file_name_alone(place, file):
    place.write(asking())
    with pytest.raises(LabError, match="is not the name of a workflow file"):
        place.run(file=file)
    assert place.left == []


@pytest.mark.parametrize("others", [("/tmp",), ("/nowhere", "/tmp")])
def test_where_temporary_files_have_an_odd_path_too_a_plain_one_is_found(tmp_path, monkeypatch, others):
    odd = tmp_path / "of $two words"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    monkeypatch.setattr(job_machine, "_TEMPORARY", others)
    found = job_machine.scratch(odd)
    assert found.parent == Path("/tmp")
    found.rmdir()


def test_where_no_path_is_plain_it_says_so(tmp_path, monkeypatch):
    odd = tmp_path / "of $two words"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    monkeypatch.setattr(job_machine, "_TEMPORARY", ())
    with pytest.raises(LabError, match="set TMPDIR to a folder with a plain path"):
        job_machine.scratch(odd)


def test_a_lab_home_with_spaces_and_a_file_without_a_readable_name(tmp_path):
    (tmp_path / "a lab, é").mkdir()
    place = Place(tmp_path / "a lab, é")
    name = os.fsdecode(b"\xff.log")
    with suppress(OSError):  # macOS takes no such name
        (place.work / name).write_text("x")
    place.write(asking(WRITE))
    before = set(Path(tempfile.gettempdir()).glob("fargate-lab-run-*"))
    assert place.run().jobs["push"].step("ask").outputs == {"sub": MAIN}
    assert "Not in the commit: " in "\n".join(place.said).encode().decode() or not (place.work / name).exists()
    assert set(Path(tempfile.gettempdir()).glob("fargate-lab-run-*")) <= before


def test_a_token_that_a_script_prints_is_masked_in_the_log_and_on_the_screen(place):
    ask = (
        "import os, urllib.request as r; e = os.environ; "
        "q = r.Request(e['ACTIONS_ID_TOKEN_REQUEST_URL'] + '&audience=x', "
        "headers={'Authorization': 'bearer ' + e['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}); "
        "print(r.urlopen(q).read().decode())"
    )
    script = f"""      - run: |
          answer=$("$LAB_PYTHON" -c "{ask}")
          echo "seen ${{#answer}}"; echo "$answer"
"""
    place.write(asking(top=WRITE, more=script))
    place.run()
    assert re.search(r"seen [1-9]\d\d", place.log)
    for shown in (place.log, "\n".join(place.said)):
        assert "eyJ" not in shown
    assert '"value": "***"' in place.log or '"value":"***"' in place.log
