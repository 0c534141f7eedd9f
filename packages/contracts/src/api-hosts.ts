import Type from 'typebox'
import { count, list, maybeInteger, maybeMoment, maybeText, moment, oneOf, page } from './api-formats.ts'

const OwnerRule = Type.Object({
  verb: oneOf(
    ['allow', 'deny', 'allow-forks'],
    'deny has priority over allow. allow-forks: the host also runs code from people who cannot push to the repository',
  ),
  project: Type.String({ description: 'Pattern of project names. * matches any text, ? one character' }),
  branches: list(Type.String(), 'Patterns of branches; empty: all branches'),
})

export const Host = Type.Object(
  {
    name: Type.String(),
    system: Type.String({ description: 'Output of uname' }),
    presence: oneOf(
      ['online', 'away', 'silent', 'paused'],
      'away: the agent has stopped normally. silent: no message for almost two minutes, and the agent has not stopped normally',
    ),
    lastSeenAt: moment('Time of the last message from the host'),
    silentSince: maybeMoment('Time of the last message from the host, if the host is silent'),
    alerted: Type.Boolean({ description: 'Whether the farm sends alerts when the host becomes silent' }),
    awaySince: maybeMoment('When the agent stopped normally'),
    enrolledAt: moment('When the host was enrolled'),
    pausedAt: maybeMoment('When an administrator paused the host'),
    refusal: maybeText('Why the host gets no jobs now. A reason of the farm has priority over a reason of the host'),
    diskFreeMb: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'Free disk space in MB, as the host reported it last',
    }),
    agentVersion: Type.String(),
    agentOffered: maybeText('Agent version that the farm offers to the host; null: the host already has this version'),
    updateFailed: maybeText('Agent version that the host could not install, and the reason'),
    slots: count('Number of jobs that the host runs at the same time'),
    usualJobMs: maybeInteger(
      'Median duration of the newest jobs of the host in milliseconds; null: it ran too few jobs',
    ),
    slow: Type.Boolean({ description: 'Whether this median is more than 30 minutes: see `coalesce` in farm.yaml' }),
    facts: Type.Record(Type.String(), Type.String(), {
      description: 'Host facts: what the agent reports about the machine',
    }),
    arches: Type.Array(
      Type.Object({
        arch: Type.String(),
        kind: oneOf(['native', 'cross'], 'native: the host has this arch. cross: the host uses a cross compiler'),
        compiler: Type.String(),
        unable: maybeText('Why the host cannot build for this arch now: the compiler or the runner does not work'),
      }),
    ),
    rules: list(OwnerRule, 'Rules of the owner that say which jobs may run; empty: all jobs may run'),
  },
  { $id: 'Host', description: 'A machine that runs jobs' },
)
export const HostPage = page(Host)
