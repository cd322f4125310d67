"""The lab object, as a trainee meets it: sentences, never tracebacks; state from files, never from the kernel."""

import inspect
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from labs import lab
from labs.desk import copies
from labs.lesson import additions, runner
from labs.lesson.bench import Bench
from labs.lesson.stage import stage
from labs.lesson.throwaway import room

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def own_bench() -> Iterator[Bench]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LAB_"))}
    with room({**env, "LAB_ENGINE": "embedded"}) as opened:
        yield opened


@pytest.fixture
def bench(own_bench: Bench) -> Iterator[Bench]:
    """Shown to the lab by the environment, which is given back afterwards."""
    before = dict(os.environ)
    for name in [each for each in os.environ if each.startswith(("AWS_", "LAB_"))]:
        del os.environ[name]
    os.environ.update({"LAB_HOME": str(own_bench.home), "LAB_ENGINE": "embedded"})
    runner.reset("start", own_bench)
    restart()
    yield own_bench
    os.environ.clear()
    os.environ.update(before)
    restart()


def restart() -> None:
    """Forget everything a kernel would forget."""
    lab._open.bench, lab._open.stage = None, None


def said(capsys: Said) -> str:
    return capsys.readouterr().out


def test_the_first_cell_names_target_account_region_identity_and_engine(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    text = said(capsys)
    for words in (bench.target.account, bench.target.region, bench.target.identity, bench.engine.line, "Ready."):
        assert words in text


def test_the_first_cell_twice_says_the_same(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    first = said(capsys)
    path = os.environ["PATH"]
    lab.begin("start")
    assert said(capsys) == first
    assert os.environ["PATH"] == path


def test_shell_cells_get_the_names(bench: Bench) -> None:
    lab.begin("start")
    for name in ("IMAGE", "REGISTRY", "REPOSITORY", "WORK", "PYTHON_IMAGE", "PUSH_ROLE", "DOCKER_CONFIG"):
        assert os.environ[name]
    done = subprocess.run("docker version", shell=True, capture_output=True, text=True, check=True)
    assert done.stderr.startswith("embedded engine")


def test_names_are_attributes_and_an_unknown_one_lists_them(bench: Bench) -> None:
    lab.begin("start")
    assert lab.repository == bench.repository
    assert lab.tags == dict(bench.target.tags)
    assert "image" in dir(lab)
    with pytest.raises(AttributeError, match="its names are"):
        _ = lab.imagee


def test_an_unknown_stage_gets_one_sentence(bench: Bench, capsys: Said) -> None:
    lab.begin("pull")
    assert said(capsys).startswith("There is no stage 'pull'.\nNext: ")


def test_a_function_before_the_first_cell_says_to_run_it(bench: Bench, capsys: Said) -> None:
    lab.check()
    assert "run the first cell" in said(capsys)


def test_a_notebook_out_of_order_says_what_comes_first(bench: Bench, capsys: Said) -> None:
    lab.begin("push-fixed")
    text = said(capsys)
    assert "Not yet: 03-push-fixed needs start, build and push-denied, which have not been passed." in text
    assert 'lab.solve("push-denied")' in text
    lab.check()
    assert said(capsys).startswith("NOT YET  check.out_of_order")


def test_a_restarted_kernel_goes_on_where_it_was(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    lab.predict("aws")
    restart()
    lab.begin("start")
    lab.confirm(bench.target.account)
    restart()
    lab.begin("start")
    said(capsys)
    lab.check()
    assert said(capsys).startswith("PASS  start.pass")
    assert bench.progress.of("start").prediction == "aws"


def test_a_prediction_that_is_not_an_answer_lists_the_answers(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    said(capsys)
    lab.predict("perhaps")
    assert said(capsys) == (
        '"perhaps" is not one of the answers.\nNext: predict "client", "login" or "aws"\n'
    )  # fmt: skip
    lab.predict()
    assert said(capsys).startswith("Who decides")


def test_the_wrong_account_is_not_confirmed(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    said(capsys)
    lab.confirm("444455556666")
    assert "You typed '444455556666'" in said(capsys)
    lab.check()
    assert said(capsys).startswith("FAIL  start.other_account")


def ready_to_push() -> None:
    lab.begin("start")
    lab.solve("build")
    lab.begin("push-denied")


def test_a_malformed_policy_names_line_and_column_and_nothing_is_lost(bench: Bench, capsys: Said) -> None:
    ready_to_push()
    lab.create_repository()
    lab.write("push-policy.json", stage("push-denied").policy("push-policy"))
    lab.push_role()
    said(capsys)
    broken = stage("push-denied").policy("push-policy").replace('"Allow",', '"Allow"', 1)
    lab.write("push-policy.json", broken)
    said(capsys)
    lab.push_role()
    text = said(capsys)
    assert "malformed at line 6, column " in text
    assert "Traceback" not in text
    lab.policy()
    assert "ecr:PutImage" in said(capsys)
    lab.check()
    assert said(capsys).startswith("FAIL  push.denied.malformed")


def test_an_empty_policy_is_not_put(bench: Bench, capsys: Said) -> None:
    ready_to_push()
    lab.write("push-policy.json", '{"Version": "2012-10-17", "Statement": []}')
    said(capsys)
    lab.push_role()
    assert said(capsys).startswith("The policy has no statement yet")


def test_the_same_cells_twice(bench: Bench, capsys: Said) -> None:
    ready_to_push()
    lab.write("push-policy.json", stage("push-denied").policy("push-policy"))
    said(capsys)
    for first in (True, False):
        lab.create_repository()
        lab.push_role()
        text = said(capsys)
        assert text.startswith("Created:" if first else "Already there:")
        assert ("created, with this policy" in text) is first
        assert ("nothing has changed" in text) is not first


def test_a_policy_file_knows_the_repositorys_arn(bench: Bench, capsys: Said) -> None:
    ready_to_push()
    lab.write("push-policy.json", stage("push-denied").policy("push-policy"))
    assert bench.repository_arn in bench.policy_file.read_text()


def test_a_dockerfile_is_written_as_it_stands(bench: Bench) -> None:
    lab.begin("start")
    lab.write("app/Dockerfile", "FROM ${PYTHON_IMAGE}\nENV A=$ACCOUNT")
    assert (bench.app / "Dockerfile").read_text() == "FROM ${PYTHON_IMAGE}\nENV A=$ACCOUNT\n"


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/motd", ""])
def test_nothing_is_written_outside_the_work_folder(bench: Bench, capsys: Said, name: str) -> None:
    lab.begin("start")
    said(capsys)
    lab.write(name, "x")
    assert f"'{name}' is not a file in $WORK." in said(capsys)


def test_reset_tells_what_it_undid(bench: Bench, capsys: Said) -> None:
    ready_to_push()
    said(capsys)
    lab.reset("build")
    assert said(capsys).splitlines()[-1].endswith("push-fixed, push-denied and build.")


def test_reset_begins_the_notebook_on_the_desk_anew_and_says_where_the_old_one_is(bench: Bench, capsys: Said) -> None:
    copies.lay_out(bench.home)
    page = bench.home / "desk" / "notebooks" / "01-build.ipynb"
    page.write_text(page.read_text().replace("lab.begin", "lab.begin  # mine"))
    lab.begin("start")
    said(capsys)
    lab.reset("build")
    kept = page.with_name(f"01-build-{date.today().isoformat()}.ipynb")
    assert f"01-build.ipynb begins anew; what you had saved is kept as {kept.name}." in said(capsys)
    assert "# mine" in kept.read_text()
    assert "# mine" not in page.read_text()


def test_pictures_and_tables_before_there_is_anything_say_so(bench: Bench, capsys: Said) -> None:
    ready_to_push()
    said(capsys)
    lab.trail()
    assert said(capsys).startswith("The trail has no call to ECR by ")
    lab.policy()
    assert said(capsys).startswith("There is no role ")
    lab.index("both")
    assert said(capsys).startswith("There is no tag both ")
    lab.calls()
    assert "not seen" in said(capsys)


def test_clean_takes_everything_back_and_prints_the_receipt(bench: Bench, capsys: Said) -> None:
    ready_to_push()
    lab.solve("push-fixed")
    said(capsys)
    lab.clean()
    assert "left 0" in said(capsys)
    assert bench.client("ecr").describe_repositories()["repositories"] == []


def test_a_damaged_progress_file_is_named(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    bench.progress.path.write_text("{")
    said(capsys)
    lab.check()
    text = said(capsys)
    assert "progress.json is damaged" in text
    assert "Traceback" not in text
    bench.progress.path.unlink()


def test_what_aws_refuses_is_said_in_a_sentence(bench: Bench, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    lab.begin("start")
    said(capsys)

    def refuse(_: Any) -> bool:
        sentence = "User: x is not authorized to perform: ecr:CreateRepository on resource: y"
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": sentence}}, "CreateRepository")

    monkeypatch.setattr("labs.subjects.push.lab_repository.create", refuse)
    lab.create_repository()
    assert "is not authorized to perform: ecr:CreateRepository" in said(capsys)


def test_three_times_the_same_answer_offers_a_hint(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    for _ in range(3):
        said(capsys)
        lab.check()
    assert "Look at " in said(capsys)
    lab.hint()
    assert said(capsys).startswith("Idea: ")


def test_every_verb_is_explained_with_an_example_and_the_bench_is_not_asked_for() -> None:
    verbs = [*lab.__all__, *additions.verbs()]
    assert {"index", "push_role", "vpc", "run_task", "service", "cost"} <= set(verbs)
    for name in verbs:
        verb = getattr(lab, name)
        assert f"``lab.{name}(" in (inspect.getdoc(verb) or ""), name
        assert "bench" not in inspect.signature(verb).parameters, name


def test_the_names_are_listed_with_what_they_are(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    said(capsys)
    lab.names()
    lines = said(capsys).splitlines()
    shown = {line.split()[0].removesuffix("()") for line in lines if line}
    assert shown == {f"lab.{name}" for name in dir(lab)}
    assert all(len(line.split()) > 2 for line in lines if line)


def test_a_restarted_kernel_knows_the_names_of_every_stage_before_the_first_cell(bench: Bench) -> None:
    restart()
    assert lab.vpc_id == ""
    assert lab.parameter == f"{bench.target.prefix}-app-secret"
    assert callable(lab.run_task)


def test_the_stage_in_hand_comes_before_the_others(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    own = additions.Additions(names={"cluster": lambda _: "its own"})
    real = additions.additions_of
    monkeypatch.setattr(additions, "additions_of", lambda each: own if each.name == "clean-up" else real(each))
    assert lab.cluster == bench.target.prefix
    lab.begin("clean-up")
    assert lab.cluster == "its own"


def test_a_stages_verb_says_what_went_wrong_in_a_sentence(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    said(capsys)
    lab.way("s3")
    assert said(capsys) == "There is no VPC of the lab yet.\nNext: run the cell that calls create_vpc\n"


@pytest.mark.parametrize(
    ("call", "says", "like"),
    [
        (lambda: lab.begin(), "lab.begin(): missing a required argument: 'name'.", "lab.begin(name)"),
        (lambda: lab.hint(99), "lab.hint(): too many positional arguments.", "lab.hint("),
        (lambda: lab.check(stage="x"), "lab.check(): got an unexpected keyword argument 'stage'.", "lab.check("),
    ],
)
def test_a_verb_that_is_called_otherwise_says_how_it_is_called(
    bench: Bench, capsys: Said, call: Callable[[], None], says: str, like: str
) -> None:
    call()
    text = said(capsys)
    assert says in text
    assert f"write it like {like}" in text


def test_a_prediction_that_is_no_text_is_answered(bench: Bench, capsys: Said) -> None:
    lab.begin("start")
    said(capsys)
    lab.predict(1)
    assert '"1" is not one of the answers' in said(capsys)
