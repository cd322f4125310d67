from datetime import UTC, datetime, timedelta

import pytest

from labs.errors import LabError
from labs.ledger.names import Names, lifetime, moment, names_for, owner_of, stamp


def test_everything_carries_the_prefix_of_the_lab() -> None:
    names = names_for({})
    assert (names.prefix, names.repository, names.push_role) == ("fargate-lab", "fargate-lab/app", "fargate-lab-push")


def test_a_trainee_has_a_prefix_of_their_own() -> None:
    names = names_for({"LAB_TRAINEE": "anna"})
    assert (names.repository, names.push_role) == ("fargate-lab-anna/app", "fargate-lab-anna-push")


@pytest.mark.parametrize("trainee", ["Anna", "anna!", "-anna", "anna-", "a" * 21, "anna/../x", "アンナ"])
def test_a_trainee_name_that_fits_no_repository_name_is_refused_with_an_example(trainee: str) -> None:
    with pytest.raises(LabError, match="LAB_TRAINEE") as told:
        names_for({"LAB_TRAINEE": trainee})
    assert "LAB_TRAINEE=anna" in told.value.next_step


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("fargate-lab/app", True),
        ("fargate-lab-push", True),
        ("fargate-lab", True),
        ("/fargate-lab/app", True),
        ("//fargate-lab/app", False),
        ("/ecs/fargate-lab", False),
        ("fargate-labour", False),
        ("prod/fargate-lab", False),
        ("", False),
    ],
)
def test_a_name_is_the_labs_only_with_the_whole_prefix(name: str, ours: bool) -> None:
    assert Names().owns(name) is ours


def test_the_tags_tell_two_trainees_apart() -> None:
    assert Names().tags("anna")["fargate-lab-kit"] != Names("fargate-lab-ben").tags("anna")["fargate-lab-kit"]


def test_the_owner_is_who_signed_in_unless_a_trainee_is_named() -> None:
    assert owner_of("arn:aws:sts::123456789012:assumed-role/Dev/anna@example.com", {}) == "anna@example.com"
    assert owner_of("arn:aws:iam::123456789012:user/x", {"LAB_TRAINEE": "ben"}) == "ben"
    assert owner_of("arn:aws:iam::123456789012:user/a,b", {}) == "a-b"


@pytest.mark.parametrize(("given", "hours"), [("", 8), ("8", 8), (" 0.5 ", 0.5), ("744", 744)])
def test_lab_hours_say_how_long_it_may_stay(given: str, hours: float) -> None:
    assert lifetime({"LAB_HOURS": given}) == timedelta(hours=hours)


@pytest.mark.parametrize("given", ["0", "-1", "745", "nan", "inf", "a day"])
def test_lab_hours_that_are_no_hours_are_refused(given: str) -> None:
    with pytest.raises(LabError, match="LAB_HOURS is") as told:
        lifetime({"LAB_HOURS": given})
    assert "LAB_HOURS=8" in told.value.next_step


def test_a_moment_is_written_and_read_in_one_form() -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert stamp(noon) == "2026-11-23T12:00:00Z"
    assert moment(stamp(noon)) == noon
    assert moment("tomorrow") is None
