-- Before the farm builds a commit for a branch, it looks whether the commit came with a pull request from a fork.
CREATE INDEX fork_commits ON "PullRequestCommit"("commit") WHERE "fork";
