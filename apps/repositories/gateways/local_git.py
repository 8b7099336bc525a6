"""The first code host: the registered repository itself, changed only through worktrees of our own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from apps.repositories.gateways import git
from apps.repositories.gateways.worktrees import worktree
from apps.repositories.types import BranchKept, MergeBlocked, PatchRejected, Person, PushRefused

FORBIDDEN_MODES = re.compile(r"^(?:new file mode|new mode|old mode|deleted file mode) (?:120000|160000)$", re.MULTILINE)


@dataclass(frozen=True)
class LocalGit:
    """
    A repository on this machine.

    :param path: the repository.
    :param worktrees: directory for worktrees; made when missing, left empty but for those in use.
    :param default_branch: the branch merged into.
    :param remote: name of the remote pushed to; empty when there is none.
    """

    path: Path
    worktrees: Path
    default_branch: str
    remote: str

    def branch_commit(self, *, branch: str, base_sha: str, patch: str, message: str, author: Person) -> str:
        """
        Commit *patch* on top of *base_sha* as *branch*. A branch that already holds this very change is left as it is.

        :raises PatchRejected: the patch does not apply, changes nothing, or holds a link or a submodule.
        """
        if FORBIDDEN_MODES.search(patch):
            raise PatchRejected("The patch holds a symbolic link or a submodule.", remedy="Choose another candidate.")
        with worktree(self.path, base_sha, folder=self.worktrees) as place:
            try:
                git.run(place, "apply", "--index", "--whitespace=nowarn", "-", stdin=patch.encode())
            except git.GitError as error:
                raise PatchRejected(
                    f"The patch does not apply to {base_sha[:12]}: {error}.", remedy="Generate again from today's code."
                ) from error
            tree = git.text(place, "write-tree")
            existing = git.resolve(self.path, f"refs/heads/{branch}")
            if existing and git.text(self.path, "rev-parse", f"{existing}^{{tree}}") == tree:
                return existing
            if tree == git.text(self.path, "rev-parse", f"{base_sha}^{{tree}}"):
                raise PatchRejected("The patch changes nothing.", remedy="Choose another candidate.")
            git.run(place, "commit", "--quiet", "--file=-", stdin=message.encode(), author=author)
            head = git.text(place, "rev-parse", "HEAD")
            git.run(self.path, "update-ref", f"refs/heads/{branch}", head, existing or "0" * len(head))
        return head

    def branch_push(self, *, branch: str) -> bool:
        """
        Push *branch*; return False when the repository has no remote.

        :raises PushRefused: the remote cannot be reached or says no.
        """
        if not self.remote:
            return False
        self._push(f"refs/heads/{branch}:refs/heads/{branch}", force=True)
        return True

    def branch_merge(self, *, branch: str, head_sha: str, message: str, author: Person) -> str:
        """
        Merge *branch* into the default branch: on the remote first, so that a refusal leaves everything as it was.

        A default branch that only lacks commits of the remote's is brought up first. So a merge whose process died
        after the remote had taken it is found there, and is the answer.

        :raises MergeBlocked: the branch moved, the merge conflicts, or the checkout has changes of its own.
        :raises PushRefused: the remote cannot be reached or says no.
        """
        target = f"refs/heads/{self.default_branch}"
        old = git.resolve(self.path, target)
        if git.resolve(self.path, f"refs/heads/{branch}") != head_sha or old is None:
            raise MergeBlocked(f"The branch {branch} is no longer at {head_sha[:12]}.", remedy="Reload the page.")
        if not self._is_ancestor(head_sha, old):
            old = self._catch_up(target, old)
        if self._is_ancestor(head_sha, old):
            return self._merge_of(head_sha, old)
        checkout = self._clean_checkout(target)
        with worktree(self.path, old, folder=self.worktrees) as place:
            try:
                git.run(place, "merge", "--no-ff", "--no-edit", "-m", message, head_sha, author=author)
            except git.GitError as error:
                raise MergeBlocked(
                    f"The branch conflicts with {self.default_branch}.",
                    remedy="Change the specification on the page of the request: a new one begins with today's code.",
                ) from error
            merged = git.text(place, "rev-parse", "HEAD")
        self._require_room(checkout, old, merged)
        if self.remote:
            self._push(f"{merged}:{target}", force=False)
        self._forward(target, checkout, old, merged)
        return merged

    def branch_delete(self, *, branch: str, head_sha: str) -> None:
        """
        Remove *branch*: from the remote first, so that a refusal leaves everything as it was.

        :raises BranchKept: somebody added to it or merged it, or it is checked out somewhere.
        :raises PushRefused: the remote cannot be reached or says no.
        """
        ref = f"refs/heads/{branch}"
        here = git.resolve(self.path, ref)
        there = self._remote_head(ref, branch)
        if {here, there} - {None, head_sha}:
            raise BranchKept(
                f"Somebody added to {branch}, so it is kept.", remedy="Look at its commits, then remove it with git."
            )
        default = git.resolve(self.path, f"refs/heads/{self.default_branch}")
        if default and self._is_ancestor(head_sha, default):
            raise BranchKept(
                f"{branch} is merged into {self.default_branch} already.",
                remedy=f"Revert the merge on {self.default_branch} if it should not be there.",
            )
        checkout = self._checkout_of(ref)
        if checkout:
            raise BranchKept(f"{branch} is checked out in {checkout}.", remedy="Check something else out there first.")
        if there:
            self._push(f":{ref}", force=False)
        if here:
            git.run(self.path, "update-ref", "-d", ref, head_sha)

    def _remote_head(self, ref: str, branch: str) -> str | None:
        """Return the commit of *ref* on the remote; None where there is none."""
        if not self.remote:
            return None
        try:
            found = git.text(self.path, "ls-remote", "--", self.remote, ref).split()
        except git.GitError as error:
            raise PushRefused(
                f"The remote {self.remote} cannot be asked for {branch}: {error}.",
                remedy="Check the remote and its permissions, then try again; nothing was changed.",
            ) from error
        return found[0] if found else None

    def _catch_up(self, target: str, old: str) -> str:
        """Bring *target*, which is at *old*, up to the remote's when it only lacks commits; return where it is then."""
        upstream = self._upstream(target)
        if upstream is None or upstream == old or not self._is_ancestor(old, upstream):
            return old
        checkout = self._clean_checkout(target)
        self._require_room(checkout, old, upstream)
        self._forward(target, checkout, old, upstream)
        return upstream

    def _upstream(self, target: str) -> str | None:
        """Return the commit of *target* on the remote, with its history fetched; None where there is none."""
        if not self.remote:
            return None
        try:
            found = git.text(self.path, "ls-remote", "--", self.remote, target).split()
            if not found:
                return None
            if git.resolve(self.path, found[0]) is None:
                git.run(self.path, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self.remote, target)
        except git.GitError as error:
            raise PushRefused(
                f"The remote {self.remote} cannot be asked for {self.default_branch}: {error}.",
                remedy="Check the remote and its permissions, then merge again; nothing was changed.",
            ) from error
        return found[0]

    def _forward(self, target: str, checkout: Path | None, old: str, new: str) -> None:
        """Move *target* from *old* to its descendant *new*, in its checkout when it has one."""
        if checkout:
            git.run(checkout, "merge", "--ff-only", new)
        else:
            git.run(self.path, "update-ref", target, new, old)

    def _merge_of(self, head_sha: str, tip: str) -> str:
        """Return the commit by which *head_sha* came into the branch at *tip*; *tip* when no merge brought it."""
        history = git.text(self.path, "rev-list", "--first-parent", "--parents", tip, f"^{head_sha}")
        for line in history.splitlines():
            commit, *parents = line.split()
            if head_sha in parents:
                return commit
        return tip

    def _clean_checkout(self, target: str) -> Path | None:
        """
        Return where *target* is checked out, if anywhere.

        :raises MergeBlocked: there are changes that are not committed.
        """
        checkout = self._checkout_of(target)
        if checkout and git.text(checkout, "status", "--porcelain", "--untracked-files=no"):
            raise MergeBlocked(
                f"{self.default_branch} is checked out in {checkout} with changes that are not committed.",
                remedy="Commit or put aside those changes, then merge again.",
            )
        return checkout

    def _push(self, refspec: str, *, force: bool) -> None:
        try:
            git.run(
                self.path, "push", "--quiet", *(["--force-with-lease"] if force else []), "--", self.remote, refspec
            )
        except git.GitError as error:
            branch = refspec.split(":", 1)[1].removeprefix("refs/heads/")
            raise PushRefused(
                f"The remote {self.remote} did not take {branch}: {_said(error)}.",
                remedy="Check the remote and its permissions; the commit is kept here and can be pushed again.",
            ) from error

    def _require_room(self, checkout: Path | None, old: str, new: str) -> None:
        """Refuse before anything is pushed when the checkout could not follow, since an unknown file is in the way."""
        if checkout is None:
            return
        try:
            git.run(checkout, "read-tree", "--dry-run", "-m", "-u", old, new)
        except git.GitError as error:
            raise MergeBlocked(
                f"{self.default_branch} is checked out in {checkout}, where files are in the way: {error}.",
                remedy="Move those files, then merge again.",
            ) from error

    def _is_ancestor(self, sha: str, of: str) -> bool:
        try:
            return git.text(self.path, "merge-base", sha, of) == sha
        except git.GitError:
            return False  # The two have no commit in common: the branch was written anew.

    def _checkout_of(self, ref: str) -> Path | None:
        current: Path | None = None
        for line in git.text(self.path, "worktree", "list", "--porcelain").splitlines():
            if line.startswith("worktree "):
                current = Path(line.removeprefix("worktree "))
            elif line == f"branch {ref}":
                return current
        return None


def _said(error: git.GitError) -> str:
    """Return what the remote itself said; what git writes when it said nothing."""
    lines = [line.removeprefix("remote:").strip() for line in error.message.splitlines() if line.startswith("remote:")]
    return (" ".join(filter(None, lines)) or error.message).rstrip(".")
