""".dockerignore and the wildcards of COPY, by Go's rules."""

import pytest

from labs.engine.embedded.patterns import BadPattern, match_paths, read_ignore


@pytest.mark.parametrize(
    ("rules", "excluded", "kept"),
    [
        ("*.md\n", ["a.md"], ["docs/a.md", "md"]),
        ("**/*.pyc\n", ["a.pyc", "a/b/c.pyc"], ["a.py"]),
        ("/build\ncache/\n", ["build", "build/x", "cache/y"], ["a/build"]),
        ("*\n!app.py\n!src\n", ["secret", "Dockerfile"], ["app.py", "src/a/b"]),
        ("*.md\n!README*.md\nREADME-secret.md\n", ["x.md", "README-secret.md"], ["README.md"]),
        ("a/**/b\n", ["a/b", "a/x/b", "a/x/y/b"], ["a/bc", "b"]),
        ("**\n!keep\n", ["a", "b/c"], ["keep"]),
        ("# comment\n\n  spaced  \n", ["spaced"], ["# comment"]),
        ("temp?\n[a-c]x\n", ["temp1", "bx"], ["temp", "temp12", "dx"]),
        ("./a/../b\n", ["b"], ["a"]),
        ("README\n", ["README"], ["readme"]),
        ("\\*x\n", ["*x"], ["ax"]),
        ("docs\n!docs/keep\n", ["docs/a"], ["docs/keep", "docs/keep/b"]),
    ],
)
def test_the_last_matching_rule_decides(rules, excluded, kept):
    ignore = read_ignore(rules)
    assert [path for path in excluded + kept if ignore.excludes(path)] == excluded


@pytest.mark.parametrize("rules", ["!\n", "[a\n", "a\\\n"])
def test_a_rule_that_go_refuses_is_named(rules):
    with pytest.raises(BadPattern):
        read_ignore(rules)


def test_a_copy_wildcard_does_not_cross_folders():
    paths = ["a.py", "b.py", "src/c.py", "src", "a.txt"]
    assert match_paths("*.py", paths) == ["a.py", "b.py"]
    assert match_paths("s*/?.py", paths) == ["src/c.py"]
