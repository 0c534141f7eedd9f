# The first process of a host under test: it runs, as shell text, each line that the test writes, and reaps orphans, which
# bash does while it reads and dash does not. The test is told of starts and exits by lines.
while IFS= read -r line; do
  eval "$line"
done
