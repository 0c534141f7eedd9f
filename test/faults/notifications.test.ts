// Tests with real servers, a real agent and a real receiver: what a person or program learns about a failing build.
import { expect } from 'vitest'
import { scriptProject, type TestFarm } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { Receiver } from '../support/receiver.ts'
import { eventually } from '../support/waiting.ts'

const secret = `whsec_${Buffer.from('a secret for tests').toString('base64')}`

/** A farm whose project sends signed requests to the receiver. */
async function withReceiver(
  { notifyAfter, queues }: { notifyAfter: string; queues: 'redis' | 'postgres' },
  act: (farm: TestFarm, receiver: Receiver) => Promise<void>,
): Promise<[Parameters<typeof farmTest>[1], (farm: TestFarm) => Promise<void>]> {
  const receiver = await Receiver.open()
  receiver.secret = secret
  const notify = [{ webhook: receiver.url, secret: '$NOTIFY_HOOK', on: ['newly-failing', 'fixed', 'build'] }]
  const options = {
    queues,
    environment: { NOTIFY_PRIVATE: 'true', NOTIFY_HOOK: secret },
    farmWide: { 'notify-after': notifyAfter },
    projects: { sample: scriptProject({ confirm: '0', notify }) },
  }
  return [options, farm => act(farm, receiver).finally(() => receiver.close())]
}

const events = (receiver: Receiver) => receiver.received.map(({ body }) => body.type)
const hasEvents = (receiver: Receiver, ...wanted: string[]) =>
  eventually(`the messages ${wanted.join(', ')}`, async () =>
    wanted.every(event => events(receiver).includes(event)) ? receiver.received : undefined,
  )

farmTest(
  'a job that fails and passes again on a real host makes one signed message each',
  ...(await withReceiver({ notifyAfter: '0s', queues: 'redis' }, async (farm, receiver) => {
    await farm.host('vax')
    await (await (await farm.push('echo fine\n')).job()).finished()
    await hasEvents(receiver, 'build')
    const failed = await farm.push('echo "a.c:7:3: error: \'x\' undeclared"; exit 1\n')
    const received = await hasEvents(receiver, 'newly-failing')
    const message = received.find(({ body }) => body.type === 'newly-failing')
    expect(message?.signed).toBe(true)
    expect(message?.body).toMatchObject({
      project: 'sample',
      hosts: ['vax'],
      since: failed.commit,
      message: "a.c:7:3: error: 'x' undeclared",
    })
    await farm.push('echo fine again\n')
    await hasEvents(receiver, 'fixed')
    const { items } = await farm.api().get<{ items: { state: string }[] }>('/api/v1/notifications')
    expect(items.length).toBeGreaterThanOrEqual(4)
    expect(events(receiver).filter(event => event === 'newly-failing')).toHaveLength(1)
  })),
)

farmTest(
  'a server that is killed between the commit and the delivery loses no message',
  ...(await withReceiver({ notifyAfter: '4s', queues: 'postgres' }, async (farm, receiver) => {
    await farm.host('vax')
    await (await (await farm.push('echo fine\n')).job()).finished()
    await farm.push('echo "a.c:7:3: error: broken"; exit 1\n')
    await eventually('the row of the outbox', async () => {
      const rows = await farm.sql<{ id: number }>(`SELECT "id" FROM "Notification" WHERE "event" = 'newly-failing'`)
      return rows[0]
    })
    await farm.kill9()
    expect(events(receiver)).not.toContain('newly-failing')
    await farm.start()
    await hasEvents(receiver, 'newly-failing')
    expect(events(receiver).filter(event => event === 'newly-failing')).toHaveLength(1)
  })),
)
