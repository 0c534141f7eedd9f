import { expect } from 'vitest'
import { serverTest } from '../../../../server.fixture.ts'

serverTest(
  'the queue and the build say which newer build made a job unnecessary, and who cancelled a job',
  async ({ server }) => {
    await server.configure({ coalesce: true })
    await server.host('vax')
    await server.build()
    expect((await server.ask('/queue')).body).not.toContain('made unnecessary')
    await server.build(server.repository.commit('Second'))
    server.wait(60)
    const detail = 'a newer commit of main waits for this cell: build 2'
    const { body } = await server.ask('/queue')
    expect(body).toContain('1 job of the')
    expect(body).toContain(detail)
    expect(body).toContain('<a href="/builds/2">2</a>')
    const page = (await server.ask('/builds/1')).body
    expect(page).toContain('Jobs without a result')
    expect(page).toContain('<a href="/builds/2">Open the newer build 2</a>')

    const { items } = (await server.ask('/api/v1/jobs?build=1')).json()
    expect(items).toMatchObject([{ verdict: 'cancelled', reason: 'superseded', detail, supersededBy: 2 }])

    await server.post('/api/v1/builds/2/cancel')
    server.wait(60)
    expect((await server.ask('/api/v1/builds/2')).json().jobs).toMatchObject([
      { reason: 'cancelled', detail: 'cancelled by admin before it began', supersededBy: null },
    ])
    expect((await server.ask('/builds/2')).body).toContain('cancelled by admin before it began')
  },
)
