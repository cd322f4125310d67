import pytest

from labs.errors import LabError
from labs.target.names import Names, names_for, owner_of


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
