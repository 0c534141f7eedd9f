import { expect } from 'vitest'
import { doorsTest } from './doors.fixture.ts'

doorsTest('the page of a host names a work directory that the agent could not remove', async ({ doors }) => {
  await doors.configure()
  await doors.host('vax')
  const left = '/var/farm/work/attempt-7.1'
  await doors.sql(`UPDATE "Host" SET facts = '{"left_over": "${left}"}' WHERE name = 'vax'`)
  const { body } = await doors.ask('/hosts/vax')
  expect(body.replace(/<details>.*<\/details>/s, '')).toContain(`${left}: remove it by hand`)
})
