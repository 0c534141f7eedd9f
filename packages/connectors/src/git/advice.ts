import { hideSecrets } from '@rumpfarm/contracts'

// Advice for people about messages of git, curl and ssh (with LC_ALL=C).
const advices: [RegExp, string][] = [
  [
    /dubious ownership/,
    "the directory belongs to another user: git config --global --add safe.directory, as the farm's user",
  ],
  [
    /could not resolve|name or service not known|failed to connect|connection (refused|timed out|reset)|no route to host|network is unreachable|no answer within|operation too slow|couldn't connect/i,
    'the forge does not answer: check the address and the network',
  ],
  [
    /authentication failed|could not read (username|password)|permission denied|access denied|returned error: 40[13]|host key verification/i,
    "give the farm's user access (a git credential helper, or an ssh key), or use a public address; some forges give the same answer for a repository that does not exist",
  ],
  [
    /not a git repository|not found|does not exist|does not appear to be a git repository|no such file|returned error: 404/i,
    "check the repository's address in farm.yaml",
  ],
  [/returned error: 5\d\d|unexpected disconnect|early eof|rpc failed/i, 'the forge failed'],
  [/transport .* not allowed/, 'use https, http, ssh, git, file, or a path'],
  [/invalid path '/, 'no part of a path may be ., .. or .git: correct the commit'],
  [/ENOSPC|no space left|disk full/i, "free space on the farm server's disk"],
]

/** A message for people: the failure, git's message, and the next step for the reader. */
export function explain(failure: string, message: string): string {
  const advice = advices.find(([pattern]) => pattern.test(message))?.[1]
  return hideSecrets(`${failure}: ${message}${advice ? ` (${advice})` : ''}`)
}
