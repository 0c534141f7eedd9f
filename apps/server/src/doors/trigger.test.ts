import { expect } from 'vitest'
import { doorsTest } from './doors.fixture.ts'

doorsTest('a build without a word is the newest commit of the first branch', async ({ doors }) => {
  await doors.configure()
  await doors.host('vax')
  const commit = doors.repository.commit('Second')
  const made = await doors.post('/api/v1/projects/sample/builds')

  expect(made.json()).toEqual({
    id: 1,
    url: 'http://localhost:80/builds/1',
    project: 'sample',
    commit,
    created: true,
    jobsAdded: 1,
    problem: null,
  })
  expect(made.statusCode).toBe(201)
  expect(made.headers.location).toBe('/api/v1/builds/1')
  const build = (await doors.ask('/api/v1/builds/1')).json()
  expect(build).toMatchObject({ commit, branch: 'main', subject: 'Second', author: 'Ada', counts: { waiting: 1 } })
  expect((await doors.ask('/api/v1/jobs/1')).json()).toMatchObject({
    id: 1,
    host: 'vax',
    state: 'waiting',
    verdict: null,
  })
})
