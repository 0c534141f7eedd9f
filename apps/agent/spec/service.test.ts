import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agentTest, type Setup } from './support/agent-test.ts'
import { bundle, type Host } from './support/host.ts'

const script = bundle('--service')

/** Fake commands: each appends its arguments to the file `calls` and runs its text. */
const standIns = (host: Host, commands: Record<string, string>) => {
  const folder = join(host.folder, 'bin')
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >>${host.folder}/calls\n${text}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  return folder
}

const calls = (host: Host) => {
  const file = join(host.folder, 'calls')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Runs `agent.sh WORDS` with these commands in PATH. */
const ask = async ({ farm, host }: Setup, words: string, commands: Record<string, string> = {}) => {
  farm.service = script
  const { output, code } = await host.run(
    `PATH=${standIns(host, commands)}:$PATH ${host.shell} ${host.dir}/agent.sh ${words}`,
  )
  return { output, code }
}

const crontab = (host: Host) => ({
  crontab: `if [ "$1" = -l ]; then cat ${host.folder}/table; else cat >${host.folder}/table.new && mv ${host.folder}/table.new ${host.folder}/table; fi`,
})
const table = (host: Host) => readFileSync(join(host.folder, 'table'), 'utf8')

const stopped = async ({ host, enrolled }: Setup) => {
  await enrolled()
  host.signal('TERM')
  await host.line(/^agent-1 exit/)
}

agentTest('`install cron` adds one line even if the owner runs it twice, and keeps the other lines', async all => {
  const { farm, host } = all
  await stopped(all)
  const others = `MAILTO=ada\n0 4 * * * backup\n@reboot other # Rumpfarm agent of ${host.dir}-2, made by "agent.sh install"\n`
  writeFileSync(join(host.folder, 'table'), others)
  expect(await ask(all, 'uninstall', crontab(host))).toMatchObject({
    code: 0,
    output: expect.stringContaining('nothing is installed'),
  })
  for (const words of ['started the agent', 'is up to date']) {
    const { output, code } = await ask(all, 'install cron', crontab(host))
    expect(output).toContain(words)
    expect(output).toContain('rumpfarm: install: cron\n')
    expect(output).toContain(`log:   tail -f ${host.dir}/agent.log`)
    expect(output).toContain(`undo:  sh ${host.dir}/agent.sh uninstall cron`)
    expect(code).toBe(0)
  }
  expect(table(host).startsWith(others)).toBe(true)
  const [line = '', ...more] = table(host).slice(others.length).trimEnd().split('\n')
  expect(more).toEqual([])
  expect(line).toMatch(/^@reboot /)

  // The test starts the agent with the command that cron will use.
  const attempt = farm.queue({ steps: { one: 'echo one; printenv RUMPFARM_LOG || echo no log' } })
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('one\nno log\n')
  expect(host.read('agent.log')).toMatch(/rumpfarm: waiting for jobs/)
  const again = await ask(all, 'install cron', crontab(host))
  expect(again.output).toContain('the agent already runs')

  expect((await ask(all, 'uninstall cron', crontab(host))).code).toBe(0)
  expect(table(host)).toBe(others)
})

agentTest('`uninstall cron` changes only the crontab of the owner', async all => {
  const { host } = all
  await stopped(all)
  writeFileSync(join(host.folder, 'table'), '')
  const asOther = { ...crontab(host), id: 'case $1 in -un) echo other ;; *) exec /usr/bin/id "$@" ;; esac' }
  expect(await ask(all, 'uninstall cron', asOther)).toMatchObject({
    code: 1,
    output: expect.stringMatching(/belongs to \S+: run this as \S+, for that user's crontab\n$/),
  })
})

const systemctl = { systemctl: 'exit 0', id: 'if [ "$1" = -u ]; then echo 1000; else exec /usr/bin/id "$@"; fi' }

agentTest('`install` and `uninstall` manage a systemd unit of an ordinary user', async all => {
  const { farm, host } = all
  await stopped(all)
  const unit = join(host.folder, 'home/.config/systemd/user/rumpfarm.service')
  const first = await ask(all, 'install systemd', systemctl)
  expect(first).toMatchObject({ code: 0 })
  for (const words of [
    `wrote ${unit}\n`,
    'systemctl --user daemon-reload && systemctl --user enable rumpfarm\n',
    'start: systemctl --user start rumpfarm\n',
    'stop:  systemctl --user stop rumpfarm\n',
    'log:   journalctl --user -fu rumpfarm\n',
    'loginctl enable-linger',
  ]) {
    expect(first.output).toContain(words)
  }
  expect(calls(host)).toMatch(
    /--user daemon-reload\nsystemctl --user enable rumpfarm\nsystemctl --user start rumpfarm\n/,
  )
  const text = readFileSync(unit, 'utf8')
  expect(text).toMatch(new RegExp(`^ExecStart=/\\S+ ${host.dir}/agent.sh run$`, 'm'))
  expect(text).not.toMatch(/@[A-Z]+@|^User=/m)

  const second = await ask(all, 'install systemd', systemctl)
  expect(second.output).toContain(`${unit} is up to date\n`)
  expect(await ask(all, 'uninstall systemd', systemctl)).toMatchObject({ code: 0 })
  expect(existsSync(unit)).toBe(false)
  expect(calls(host)).toMatch(
    /--user stop rumpfarm\nsystemctl --user disable rumpfarm\nsystemctl --user daemon-reload\n$/,
  )
  expect(host.files('private').filter(name => name === 'service')).toEqual([])
  expect(farm.count('service')).toBe(3)
})

agentTest('`install` and `uninstall` neither overwrite nor remove a file of somebody else', async all => {
  const { host } = all
  await stopped(all)
  const unit = join(host.folder, 'home/.config/systemd/user/rumpfarm.service')
  mkdirSync(join(unit, '..'), { recursive: true })
  writeFileSync(unit, '[Service]\nExecStart=/opt/own\n')
  for (const verb of ['install', 'uninstall']) {
    const { output, code } = await ask(all, `${verb} systemd`, systemctl)
    expect(output).toContain(`${unit} exists and is not from the agent in ${host.dir}: `)
    expect(code).toBe(1)
  }
  expect(readFileSync(unit, 'utf8')).toBe('[Service]\nExecStart=/opt/own\n')
})

agentTest('while an agent runs, `install` does not start the service', async all => {
  const { host, enrolled } = all
  await enrolled()
  const { output, code } = await ask(all, 'install systemd', systemctl)
  expect(output).toContain(`an agent already runs as process ${host.agentPid}`)
  expect(calls(host)).not.toContain('start rumpfarm')
  expect(code).toBe(0)
})

for (const kind of ['freebsd', 'netbsd', 'openbsd', 'dragonfly', 'smf']) {
  agentTest(`${kind} needs root, and install shows an ordinary user the alternative`, async all => {
    await stopped(all)
    const { output, code } = await ask(all, `install ${kind}`, { id: systemctl.id })
    expect(output).toMatch(/needs root: run this as root, or choose: agent.sh install cron/)
    expect(code).toBe(1)
  })
}

agentTest('`install` detects the kind of service, and reports an unknown kind', async all => {
  const { host } = all
  await stopped(all)
  writeFileSync(join(host.folder, 'table'), '')
  const none = await ask(all, 'install', { id: systemctl.id, ...crontab(host) })
  expect(none.output).toContain('rumpfarm: install: cron\n')
  const termux = await ask(all, 'install', { id: systemctl.id, 'termux-wake-lock': 'exit 0' })
  expect(termux.output).toContain('rumpfarm: install: termux\n')
  expect(readFileSync(join(host.folder, 'home/.termux/boot/rumpfarm'), 'utf8')).toContain('termux-wake-lock\n')
  const unknown = await ask(all, 'install upstart')
  expect(unknown).toMatchObject({
    code: 1,
    output: expect.stringContaining('usage: agent.sh install [systemd|freebsd|'),
  })
})

agentTest('if the farm does not answer, `install` does nothing', async all => {
  const { farm, host } = all
  await stopped(all)
  await farm.close()
  const { output, code } = await ask(all, 'install cron', crontab(host))
  expect(output).toMatch(/^rumpfarm: cannot download the installer from the farm at http:.*: /m)
  expect(code).toBe(1)
  await farm.open()
})

agentTest('the agent rotates its log at 1 MB', async ({ farm, host, enrolled }) => {
  await enrolled()
  host.signal('TERM')
  await host.line(/^agent-1 exit/)
  writeFileSync(join(host.dir, 'agent.log'), 'x'.repeat(1_000_001))
  host.send(`RUMPFARM_LOG=${host.dir}/agent.log ${host.shell} ${host.dir}/agent.sh run &`)
  await farm.until('a claim', () => farm.seen.at(-1)?.kind === 'claim')
  expect(host.read('agent.log.old')).toHaveLength(1_000_001)
  expect(host.read('agent.log')).toMatch(
    /^rumpfarm: host vax, .*\nrumpfarm: steps run .*\nrumpfarm: waiting for jobs\n$/,
  )
})
