import type { OutgoingMessage } from '../notifiers/notifier.ts'

/** A message about a new failure. Its log contains the markup of every receiver. */
export const newFailure = (changes: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  id: 'rumpfarm-17-1764460800',
  thread: 'rumpfarm-problem-12',
  event: 'newly-failing',
  title: 'buildrump main: step build fails since abc1234 on 3 of 7 hosts (all OpenBSD)',
  lines: ['cc: error: <unistd.h> & "x" not found – größer', 'Commits: 3, by Ann O’Hara and *Bob*'],
  excerpt: ['\tgcc -c a.c', "a.c:3: error: '<unistd.h>' & _x_ `y` @everyone @channel", '```', '*** Error code 1'],
  links: [
    { text: 'Build 5', url: 'https://farm.example.org/builds/5?a=1&b=2' },
    { text: 'Changes (3)', url: 'https://forge.example.org/compare/a...b_(x)' },
  ],
  list: 'buildrump.farm.example.org',
  createdAt: new Date('2026-11-30T00:00:00Z'),
  data: { type: 'problem.opened', problem: { id: 12 } },
  unsubscribeUrl: 'https://farm.example.org/unsubscribe?t=abc',
  ...changes,
})
