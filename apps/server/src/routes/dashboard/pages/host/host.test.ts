import { expect } from 'vitest'
import { serverTest } from '../../../../server.fixture.ts'

serverTest('the page of a host shows the work directory that the agent could not remove', async ({ server }) => {
  await server.configure()
  await server.host('vax')
  const left = '/var/farm/work/attempt-7.1'
  await server.sql(`UPDATE "Host" SET facts = '{"left_over": "${left}"}' WHERE name = 'vax'`)
  const { body } = await server.ask('/hosts/vax')
  expect(body.replace(/<details>.*<\/details>/s, '')).toContain(`${left}: remove it by hand`)
})
