// What the tests of messages share: failing jobs, their examination, and the delivery to a receiver that counts.
import type { NotifyRule, ProjectConfig } from '@rumpfarm/contracts'
import type { Draft, DueMessage, Offer } from '../src/index.ts'
import { attemptOf, type HostHandle, project, type TestFarm } from './farm-test.ts'

export const mailTo = (...events: string[]): NotifyRule => ({
  target: { kind: 'mail', to: ['dev@example.org'] },
  events: events.length > 0 ? events : ['newly-failing', 'fixed', 'bisected'],
})

/** Makes the project `sample` active, with these channels and without a wait before messages. */
export const configureWith = (farm: TestFarm, notify: NotifyRule[], changes: Partial<ProjectConfig> = {}) =>
  farm.projects.applyConfiguration([project({ confirm: 0, notify, ...changes })], { notify: [], notifyAfterSeconds: 0 })

export const undeclared = (name: string) => `cc -c a.c\na.c:7:3: error: '${name}' undeclared\nmake: *** [a.o] Error 1\n`

let claims = 0
export async function claimed(host: HostHandle): Promise<Offer> {
  const offer = await host.claim(++claims)
  if (typeof offer === 'string') throw new Error(offer)
  return offer
}

/** Ends the next job of the host. A log means that the step `build` fails with this output. */
export async function runNext(farm: TestFarm, host: HostHandle, log?: string): Promise<Offer> {
  const offer = await claimed(host)
  if (log) await farm.say(host, offer, log)
  const steps = [
    { exit: 0, milliseconds: 5, logBytes: 0 },
    { exit: log ? 2 : 0, milliseconds: 5, logBytes: log?.length ?? 0 },
    ...(log ? [] : [{ exit: 0, milliseconds: 5, logBytes: 0 }]),
  ]
  const finish = { ...attemptOf(offer), hostId: host.id, lease: offer.lease, reason: 'exit' as const, steps }
  await farm.attempts.finish({ ...finish, checksum: null, logBytes: log?.length ?? 0 })
  return offer
}

/** Examines every ended attempt, as the task does. */
export async function examineAll(farm: TestFarm): Promise<void> {
  for (const name of await farm.failures.listExaminations()) {
    const [jobId = 0, number = 0] = name.split('.').map(Number)
    await farm.failures.examine({ jobId, number })
  }
}

export type Sent = Draft & { id: string; channel: string; thread: string | null; rows: number }

/** Sends all due messages. `accept` decides whether the receiver takes a message. */
export async function deliverAll(
  farm: TestFarm,
  accept: (message: DueMessage) => boolean = () => true,
): Promise<Sent[]> {
  const sent: Sent[] = []
  for (let due = await farm.notifications.takeDue(); due.length > 0; due = await farm.notifications.takeDue())
    for (const message of due) {
      const draft = await farm.notifications.compose(message)
      if (typeof draft === 'string') await farm.notifications.markNotSent(message, draft)
      else if (accept(message)) {
        const { id, channel, thread, rows } = message
        sent.push({ ...draft, id, channel, thread, rows: rows.length })
        await farm.notifications.markDelivered(message)
      } else await farm.notifications.markFailed(message, { problem: 'it cannot be reached', permanent: false })
    }
  return sent
}
