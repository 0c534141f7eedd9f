# The first process of a host under test. It reads lines from the test and runs each line as shell text. It is bash,
# because dash does not reap orphans while it reads.
while IFS= read -r line; do
  eval "$line"
done
