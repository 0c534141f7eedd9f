import { command, exits } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import { short } from '../terminal/words.ts'
import { watchBuild } from './watch.ts'

const cells = (says: string) => ({ kind: 'list', value: 'PATTERN', says }) as const

export const trigger = command({
  says: 'Start a build of a commit, a branch or a tag.',
  more: ['With --wait, the command follows the build, and the exit code is its verdict.'],
  args: {
    project: { says: 'the project in farm.yaml', completes: 'project' },
    ref: { optional: true, shown: 'COMMIT|BRANCH', says: 'by default the newest commit of the main branch' },
  },
  flags: {
    wait: { kind: 'switch', short: 'w', says: 'wait until all jobs have ended' },
    again: { kind: 'switch', says: 'build the commit again if it was built before' },
    host: { ...cells('only these hosts'), completes: 'host' },
    arch: cells('only these architectures'),
    variant: cells('only these variants'),
  },
  examples: ['trigger hello main --wait', "trigger hello 3f2c1a9 --host 'netbsd*' --arch amd64"],
  async run(context, { args: { project, ref }, flags }) {
    const { farm, out, json, program } = context
    const client = await farm()
    const started = await client.post('/api/v1/projects/{name}/builds', {
      params: { path: { name: project } },
      body: {
        ...(ref ? { ref } : {}),
        ...(flags.again ? { again: true } : {}),
        ...(flags.host.length > 0 ? { hosts: flags.host } : {}),
        ...(flags.arch.length > 0 ? { arches: flags.arch } : {}),
        ...(flags.variant.length > 0 ? { variants: flags.variant } : {}),
      },
    })
    const { id, url, commit, created, jobsAdded, problem } = started
    const added = jobsAdded > 0 ? `; jobs added: ${jobsAdded}` : ''
    const again = `--again builds it again, ${program} retry ${id} runs its jobs again`
    const existing = created ? '' : ` (already built with this recipe${added}; ${again})`
    const lines = [
      `build ${id}: ${clean(project)} at ${short(commit)}${existing}`,
      ...(problem ? [clean(problem)] : []),
      clean(url),
    ]
    if (!flags.wait) return { value: started, lines, exit: exits.passed }
    if (!json) await out.write(`${lines.join('\n')}\n`)
    return watchBuild(client, id, context)
  },
})
