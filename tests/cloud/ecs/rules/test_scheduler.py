"""The service scheduler as a function: what holds in every round, whatever the tasks do."""

import random
from dataclasses import replace

import pytest

from labs.cloud.ecs.rules.scheduler import SETTLE_S, established, failed, is_ready, next_round, threshold
from labs.cloud.ecs.store.records import Attachment, Deployment, EcsService, Task


def deployment(name, **more):
    given = {
        "definition": f"arn:d/{name}",
        "status": "PRIMARY",
        "created": 0,
        "updated": 0,
        "desired": 1,
        "network": {},
    }
    return Deployment(f"ecs-svc/{name}", **{**given, **more})


def service(desired, *deployments, **more):
    configuration = {"minimumHealthyPercent": 100, "maximumPercent": 200, **more.pop("configuration", {})}
    made = deployments or (deployment("a"),)
    return EcsService("web", "arn:s", "c", 0, "me", desired, made[0].definition, configuration, made, **more)


def task(number, of, status="RUNNING", **more):
    attachment = Attachment(f"a{number}", "subnet")
    made = Task(f"t{number}", "arn", "c", of.definition, "g", number, (), "256", "512", "Linux", (), (), attachment)
    return replace(made, service="web", deployment=of.id, status=status, **more)


class World:
    """Applies rounds; the tasks go on by chance."""

    def __init__(self, made, seed):
        self.service, self.tasks, self.now = made, [], 100.0
        self.chance, self.count = random.Random(seed), 0

    def round(self):
        step = next_round(self.service, self.tasks, self.now)
        self.service = step.service
        for _ in range(step.start):
            self.count += 1
            self.tasks.append(task(self.count, self.service.primary, "PENDING"))
        ids = {stop.task for stop in step.stops}
        self.tasks = [replace(each, desired="STOPPED") if each.id in ids else each for each in self.tasks]
        return step

    def pass_time(self, broken=()):
        self.now += 0.5
        moved = []
        for each in self.tasks:
            if each.desired == "STOPPED" and not each.is_over and self.chance.random() < 0.5:
                each = replace(each, status="STOPPED")
            elif each.status == "PENDING" and self.chance.random() < 0.5:
                each = replace(each, status="RUNNING")
                if each.deployment in broken:
                    each = replace(each, status="STOPPED", desired="STOPPED", stop_code="TaskFailedToStart")
                    self.service = failed(self.service, each, self.now, 0)
            moved.append(each)
        self.tasks = moved

    def until_steady(self, rounds=400, **more):
        for _ in range(rounds):
            self.round()
            yield self
            if self.service.steady and len(self.service.deployments) == 1:
                return
            self.pass_time(**more)
        raise AssertionError("it never settled")

    @property
    def ready(self):
        return sum(map(is_ready, self.tasks))

    @property
    def wanted(self):
        return sum(each.desired == "RUNNING" for each in self.tasks)


@pytest.mark.parametrize("seed", range(20))
def test_a_rollout_never_goes_below_the_least_nor_above_the_most(seed):
    chance = random.Random(seed)
    desired, least, most = chance.randint(1, 8), chance.choice([0, 50, 100]), chance.choice([150, 200])
    world = World(service(desired, configuration={"minimumHealthyPercent": least, "maximumPercent": most}), seed)
    list(world.until_steady())
    assert world.ready == desired
    # The limits round as AWS's do: 150 % of one task is one task, and then nothing can move unless one may go.
    if int(desired * most / 100) == desired and least == 100:
        return
    fresh = deployment("b", created=world.now)
    old = tuple(replace(each, status="ACTIVE") for each in world.service.deployments)
    world.service = replace(world.service, definition=fresh.definition, deployments=(fresh, *old), steady=False)
    for state in world.until_steady():
        assert state.ready >= min(desired, -(-desired * least // 100))
        assert state.wanted <= max(desired, desired * most // 100)
    assert {each.deployment for each in world.tasks if not each.is_over} == {fresh.id}
    assert world.service.primary.rollout == "COMPLETED"


@pytest.mark.parametrize("seed", range(5))
def test_the_breaker_goes_back_and_the_old_tasks_never_stop(seed):
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    world = World(service(2, configuration=breaker), seed)
    list(world.until_steady())
    kept = {each.id for each in world.tasks if is_ready(each)}
    fresh = deployment("bad", created=world.now)
    old = tuple(replace(each, status="ACTIVE") for each in world.service.deployments)
    world.service = replace(world.service, definition=fresh.definition, deployments=(fresh, *old), steady=False)
    for state in world.until_steady(broken={fresh.id}):
        assert kept <= {each.id for each in state.tasks if is_ready(each)}
    assert world.service.definition == "arn:d/a"
    messages = [each.message for each in world.service.events]
    at = messages.index("(service web) (deployment ecs-svc/bad) deployment failed: tasks failed to start.")
    assert messages[at + 1] == "(service web) rolling back to deployment ecs-svc/a."


@pytest.mark.parametrize(("desired", "failures"), [(1, 3), (6, 3), (7, 4), (100, 50), (1000, 200)])
def test_the_breakers_threshold_is_half_the_count_within_3_and_200(desired, failures):
    assert threshold(desired) == failures


def test_failed_starts_are_put_off_longer_each_time():
    made, waits = service(1), []
    for _ in range(9):
        made = failed(made, task(1, made.primary, "STOPPED"), 100.0, 0)
        waits.append(made.primary.next_start - 100)
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert sum("unable to consistently start" in each.message for each in made.events) == 1


def test_a_steady_service_asks_for_nothing():
    made = service(1, deployment("a", rollout="COMPLETED", steady_since=1), steady=True)
    step = next_round(made, [task(1, made.primary)], 100.0)
    assert step.service is made
    assert (step.start, step.stops, step.again) == (0, (), 0)


def test_it_settles_only_after_a_while():
    made = service(1, deployment("a"))
    first = next_round(made, [task(1, made.primary)], 100.0)
    assert first.service.primary.rollout == "IN_PROGRESS"
    assert first.again == 100.0 + SETTLE_S
    later = next_round(first.service, [task(1, made.primary)], first.again)
    assert later.service.primary.rollout == "COMPLETED"
    gone = next_round(first.service, [task(1, made.primary, "STOPPED", desired="STOPPED")], first.again)
    assert gone.start == 1


def test_a_deployment_keeps_the_first_digest_that_its_tag_named():
    new, old = deployment("new"), deployment("old", digests={"app": "sha256:old"})
    made = established(service(2, new, old), new.id, {"app": "sha256:first"})
    made = established(made, new.id, {"app": "sha256:second", "sidecar": "sha256:other"})
    made = established(made, "ecs-svc/gone", {"app": "sha256:third"})
    assert [each.digests for each in made.deployments] == [
        {"app": "sha256:first", "sidecar": "sha256:other"},
        {"app": "sha256:old"},
    ]


def test_a_service_that_rolls_back_runs_the_digests_that_it_ran_before():
    good = deployment("good", rollout="COMPLETED", digests={"app": "sha256:good"})
    bad = deployment("bad", failures=9, digests={"app": "sha256:bad"})
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
    made = next_round(service(2, bad, good, completed=good, configuration=breaker), [], 100.0).service
    assert (made.primary.id, made.primary.digests) == (good.id, {"app": "sha256:good"})
