# The first process of a host under test. It runs each line that the test writes as shell text, and prints lines about
# starts and exits. It is bash, because dash does not reap orphans while it reads.
while IFS= read -r line; do
  eval "$line"
done
