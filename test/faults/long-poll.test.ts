import { describe, expect, test } from 'vitest'
import { bothQueues, sharedFarm } from '../support/farm-test.ts'
import { eventually } from '../support/waiting.ts'
import { offerOf, WireHost } from '../support/wire-host.ts'

describe.each(bothQueues)('a waiting claim with the queues on %s', queues => {
  const farm = sharedFarm({ queues })
  let hosts = 0
  const newHost = () => farm().wireHost(`host-${++hosts}`)

  test('the farm answers a waiting claim at once when a job is queued', async () => {
    const host = await newHost()
    await farm().push()
    await host.runs(1) // the first push of a repository creates its mirror
    const waiting = host.job(2)
    const build = await farm().push()
    await build.prepared()
    const ready = Date.now()
    await waiting
    expect(Date.now() - ready).toBeLessThan(5_000) // without a wake-up, the reconcile task would take 10 s
  })

  test('when the waiting time of a claim ends, the farm answers "none"', async () => {
    const host = await newHost()
    const asked = Date.now()
    expect((await host.claim(1, { wait: 1 })).lines).toEqual([['none', '0']])
    expect(Date.now() - asked).toBeGreaterThanOrEqual(1_000)
  })

  test('if a host closes its connection during a claim, the claim takes no job, and a repeated claim gets the job', async () => {
    const host = await newHost()
    const gone = new AbortController()
    const { answer } = await waits(host, 1, gone.signal)
    gone.abort()
    await expect(answer).rejects.toThrow(/abort/)
    await (await farm().push()).prepared()
    expect((await host.job(1)).attempt).toMatch(/^[0-9]+\.1$/)
  })

  test('if a host closes its connection while a job is queued, its next claim gets the job', async () => {
    const host = await newHost()
    for (let claim = 1; claim <= 8; claim++) {
      const gone = new AbortController()
      const hungUp = host.claim(claim, { wait: 50, signal: gone.signal }).catch(() => undefined)
      await (await farm().push()).prepared()
      gone.abort()
      const offer = await host.job(claim)
      const before = offerOf((await hungUp) ?? { code: 0, text: '', lines: [] })
      if (before) expect(before).toEqual(offer)
      expect((await host.finish(offer)).code).toBe(0)
    }
  })

  test('if a host claims again while its first claim waits, the first claim gets "none" and the second claim gets the job', async () => {
    const host = await newHost()
    const older = await waits(host, 1)
    const newer = host.claim(1, { wait: 50 })
    expect((await older.answer).lines).toEqual([['none', '0']])
    await farm().push()
    expect(offerOf(await newer)).toBeDefined()
  })

  test('a paused host gets no job until an administrator resumes the host', async () => {
    const host = await newHost()
    const admin = farm().api()
    await admin.post(`/api/v1/hosts/${host.name}/pause`)
    const build = await farm().push()
    await build.prepared()
    const paused = await waits(host, 1)
    await admin.post(`/api/v1/hosts/${host.name}/resume`)
    expect((await paused.answer).lines).toEqual([['none', '0']])
    expect(offerOf(await host.claim(1, { wait: 5 }))).toBeDefined()
  })

  test('if the successor of an agent has sent a hello, the agent takes no job, and the successor gets the job', async () => {
    const host = await newHost()
    const successor = Object.assign(new WireHost(host.url, host.name), { credential: host.credential })
    const older = await waits(host, 1)
    await successor.hello(['amd64'], [['previous', host.instance]])
    await (await farm().push()).prepared()
    expect(await older.answer).toMatchObject({ code: 409, text: expect.stringMatching(/another agent/) })
    expect(offerOf(await successor.claim(1, { wait: 5 }))).toBeDefined() // the reconcile task takes up to 10 s
  })

  /** Sends a claim and resolves when the farm has received it. The claim waits for its answer. */
  async function waits(host: WireHost, claim: number, signal?: AbortSignal) {
    const lastSeen = async () =>
      Date.parse((await farm().api().get<{ lastSeenAt: string }>(`/api/v1/hosts/${host.name}`)).lastSeenAt)
    // The farm writes `lastSeenAt` only if the stored value is old. So the test stores an old value.
    await farm().sql(`UPDATE "Host" SET "lastSeenAt" = now() - interval '1 minute' WHERE "name" = '${host.name}'`)
    const before = await lastSeen()
    const answer = host.claim(claim, { wait: 50, signal })
    answer.catch(() => {}) // the test awaits the answer later
    await eventually(`a claim of ${host.name}`, async () => (await lastSeen()) > before || undefined)
    return { answer }
  }
})
