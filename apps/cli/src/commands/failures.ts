import { command } from '../parsing/command.ts'
import { buildFailureLines } from './build.ts'
import { failureLines } from './failure-lines.ts'
import { groupFailures, matrixExit } from './looks.ts'
import { buildExit } from './verdicts.ts'

export const failures = command({
  says: 'List the failures of a build, or the present failures of the main branches.',
  more: ['Equal failures are one entry. The exit code is 1 if there are failures that nobody has acknowledged.'],
  args: { build: { number: true, optional: true, says: 'the number of a build', completes: 'build' } },
  flags: {
    project: { kind: 'text', value: 'NAME', says: 'only this project, without a build', completes: 'project' },
    branch: { kind: 'text', value: 'BRANCH', says: 'this branch instead of the main branch, without a build' },
  },
  async run({ farm, style }, { args, flags: { project, branch } }) {
    const client = await farm()
    if (args.build === undefined) {
      const query = { ...(project ? { project } : {}), ...(branch ? { branch } : {}) }
      const { cells } = await client.get('/api/v1/matrix', { params: { query } })
      const groups = groupFailures(cells)
      const lines = groups.length > 0 ? failureLines(groups, style) : ['no failures']
      return { value: { groups }, lines, exit: matrixExit(cells) }
    }
    const params = { path: { id: args.build } }
    const [found, { counts }] = await Promise.all([
      client.get('/api/v1/builds/{id}/failures', { params }),
      client.get('/api/v1/builds/{id}', { params }),
    ])
    const lines = found.groups.length > 0 ? buildFailureLines(found, style) : ['no failures']
    return { value: found, lines, exit: buildExit(counts) }
  },
})
