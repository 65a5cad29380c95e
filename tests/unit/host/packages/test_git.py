"""Git repositories that would fill the disk, run a program, or bring files from elsewhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from viewra.errors import ViewraError
from viewra.host.packages.git import clone, is_git
from viewra.host.packages.names import BadPackage, Limits


class Repository:
    """A repository with one file, ``plugin.cue``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"git+file://{folder}"
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        (folder / "plugin.cue").write_text("first")
        self.commit()

    def git(self, *words: str, text: str = "") -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "protocol.file.allow=always")
        command = ["git", *who, *words]
        done = subprocess.run(command, cwd=self.folder, input=text, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def test_a_branch_a_tag_and_a_commit(repository: Repository, tmp_path: Path) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.git("tag", "v1")
    (repository.folder / "plugin.cue").write_text("second")
    second = repository.commit()
    for number, (revision, commit) in enumerate(
        {"": second, "@main": second, "@v1": first, f"@{first}": first, f"@{first[:7]}": first}.items()
    ):
        target = tmp_path / str(number)
        assert clone(repository.url + revision, target) == commit
        assert (target / "plugin.cue").read_text() == ("first" if commit == first else "second")


def test_nothing_of_it_runs_and_no_link_leads_out(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    repository.git("submodule", "--quiet", "add", str(other.folder), "module")
    (repository.folder / "link").symlink_to("/etc/passwd")
    (repository.folder / ".gitattributes").write_text("* filter=lfs\n")
    repository.commit()
    target = tmp_path / "target"
    clone(repository.url, target)
    assert list((target / "module").iterdir()) == []
    assert not (target / "link").is_symlink()
    assert not (target / ".git" / "hooks").exists()


def test_a_few_names_that_stand_for_millions_of_files(repository: Repository, tmp_path: Path) -> None:
    blob = repository.git("hash-object", "-w", "--stdin", text="boom")
    tree = repository.git("mktree", text="".join(f"100644 blob {blob}\tf{n}\n" for n in range(10)))
    for _ in range(9):
        tree = repository.git("mktree", text="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)))
    repository.git("branch", "bomb", repository.git("commit-tree", tree, "-m", "x"))
    with pytest.raises(ViewraError, match="it is too large"):
        clone(f"{repository.url}@bomb", tmp_path / "target")
    assert [one.name for one in (tmp_path / "target").iterdir()] == [".git"]


@pytest.mark.parametrize(
    ("limits", "why"),
    [(Limits(files=1), "contains more than 1 files"), (Limits(total=9), "contains more than 9 bytes")],
)
def test_more_than_a_plugin_has(repository: Repository, limits: Limits, why: str, tmp_path: Path) -> None:
    (repository.folder / ".hidden").write_text("12345")
    repository.commit()
    with pytest.raises(BadPackage, match=why):
        clone(repository.url, tmp_path / "target", limits)
    assert [one.name for one in (tmp_path / "target").iterdir()] == [".git"]


def test_what_git_complains_of_comes_first(tmp_path: Path) -> None:
    with pytest.raises(ViewraError, match="does not appear to be a git repository"):
        clone(f"git+file://{tmp_path}", tmp_path / "target")


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ("https://example.org/a.git", True),
        ("https://example.org/a.git@v1", True),
        ("git+https://example.org/a", True),
        ("git@example.org:a.git", True),
        ("https://example.org/a.zip", False),
        ("ext::sh -c touch% x", False),
        ("git+ext::sh -c touch% x", False),
        ("git+file:///a b.git", False),
        ("-oProxyCommand=x@example.org:a.git", False),
    ],
)
def test_which_sources_git_gets(source: str, known: bool) -> None:
    assert is_git(source) == known
