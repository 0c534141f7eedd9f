import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agentTest, curlTrust, type Setup, trust } from './support/agent-test.ts'
import { agentClient, agentShell, bundle, type Host } from './support/host.ts'

/** posh has no option -s, so the command for posh saves the script first. */
const pipe = ({ farm, host }: Setup) =>
  agentShell === 'posh'
    ? `curl -fsS ${curlTrust}${farm.url}/agent.sh -o piped.sh && ${host.shell} piped.sh ${trust}enroll ${farm.invitation}`
    : `curl -fsS ${curlTrust}${farm.url}/agent.sh | ${host.shell} -s -- ${trust}enroll ${farm.invitation}`

const agentPid = async (host: Host) => {
  const line = await host.line(/^rumpfarm: stop: Ctrl-C or kill ([0-9]+)/)
  return Number(/kill ([0-9]+)/.exec(line.text)?.[1])
}

agentTest('the command of the dashboard enrols the host and starts the agent', async all => {
  const { farm, host } = all
  host.send(`{ ${pipe(all)}; echo "pipe exit $?"; } 2>&1 &`)
  const attempt = farm.queue({ steps: { one: 'echo one' } })
  await farm.finished(attempt)

  expect(attempt.log.toString()).toBe('one\n')
  expect(host.mode()).toBe('700')
  expect(host.mode('private')).toBe('700')
  expect(host.mode('private', 'credential')).toBe('600')
  expect(host.read('private', 'credential')).toBe(`${farm.credential}\n`)
  expect(host.read('agent.sh')).toBe(bundle().replace('@FARM_URL@', farm.url))
  expect(host.read('host.conf')).toMatch(/^arch amd64 native$/m)
  expect(host.said()).toMatch(
    /this host is enrolled as vax; its directory is .*state; its configuration is .*host.conf/,
  )
  expect(host.said()).toMatch(/run again: .* .*\/agent.sh run/)
  host.signal('TERM', await agentPid(host))
  await host.line(/^pipe exit 0$/)
})

agentTest(
  'a saved copy of the agent without an address needs --url, and stores the address',
  async ({ farm, host }) => {
    const saved = join(host.folder, 'saved.sh')
    writeFileSync(saved, bundle())
    const without = await host.run(`${host.shell} ${saved} enroll ${farm.invitation}`)
    expect(without).toMatchObject({ code: 1, output: expect.stringMatching(/^rumpfarm: .*--url http:/) })
    await host.start(`${saved} ${trust}--url ${farm.url}/ enroll ${farm.invitation}`)
    await farm.until('a claim', () => farm.count('claim') > 0)
    expect(host.read('agent.sh')).toContain(`FARM_URL='${farm.url}'`)
  },
)

agentTest('a script that arrives incomplete through the pipe does nothing', async ({ farm, host }) => {
  const text = bundle().replace('@FARM_URL@', farm.url)
  for (const part of [0.1, 0.5, 0.9, 0.995]) {
    writeFileSync(join(host.folder, 'cut.sh'), text.slice(0, Math.floor(text.length * part)))
    await host.run(`${host.shell} -s -- enroll ${farm.invitation} <cut.sh`)
  }
  expect(farm.seen).toEqual([])
  expect(host.files()).toEqual([])
})

const errors: [string, string, RegExp][] = [
  [
    'an unknown invitation',
    '401 unknown: ask for a new line',
    /^rumpfarm: the farm rejected .*: unknown: ask for a new line\n$/,
  ],
  ['an expired invitation', '410 expired at 07:08', /^rumpfarm: the farm rejected .*: expired at 07:08\n$/],
  [
    'a name that another host has taken',
    '409 a host named x has enrolled',
    /^rumpfarm: the farm rejected .*: a host named x has enrolled\n$/,
  ],
]
for (const [what, answer, expected] of errors) {
  agentTest(`the agent reports ${what} in one line with the error of the farm`, async all => {
    all.farm.enrolError = answer
    const { output, code } = await all.host.run(pipe(all))
    expect(output).toMatch(expected)
    expect(code).toBe(1)
    expect(all.host.files('private')).not.toContain('credential')
  })
}

agentTest(
  'if there is no farm, no HTTP client or no writable directory, the enrolment prints one line and fails',
  async ({ farm, host }) => {
    const saved = join(host.folder, 'saved.sh')
    writeFileSync(saved, bundle())
    const enrolAt = (url: string) => `${host.shell} ${saved} ${trust}--url ${url} enroll ${farm.invitation}`
    const enrol = enrolAt(farm.url)

    // In POSIX mode, yash has the built-in `[` only if PATH contains a program with this name.
    const tools = join(host.folder, 'tools')
    mkdirSync(tools)
    const { output: paths } = await host.run(
      'for t in test [ echo kill pwd printf mkdir chmod cp rm ln mv cat date cksum sed grep tr env sleep ls id ps setsid getconf; do type -P $t; done',
    )
    for (const path of paths.trim().split('\n')) symlinkSync(path, join(tools, path.split('/').at(-1) ?? ''))
    const noClient = await host.run(`PATH=${tools} ${enrol}`)
    expect(noClient).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /^rumpfarm: no HTTP client here can reach https?:.* \(tried: .*\); install curl or GNU wget\n$/,
      ),
    })

    const noPlace = await host.run(`RUMPFARM_DIR=${saved}/sub ${enrol}`)
    expect(noPlace).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^rumpfarm: cannot make .*RUMPFARM_DIR\n$/),
    })

    const noFarm = await host.run(enrolAt(farm.url.replace(/\d+$/, '1')), 30_000)
    expect(noFarm).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^rumpfarm: no answer from the farm at http.*\n$/),
    })
  },
)

agentTest('enrolment repeats a lost request with the same nonce', async all => {
  const { farm, host } = all
  farm.injectFault('enroll', 'lost-answer')
  host.send(`{ ${pipe(all)}; echo "pipe exit $?"; } 2>&1 &`)
  await farm.until('a claim', () => farm.count('claim') > 0)

  const nonces = farm.seen
    .filter(seen => seen.kind === 'enroll')
    .map(seen => /^nonce (.*)$/m.exec(seen.body.toString())?.[1])
  expect(nonces.length).toBe(2)
  expect(nonces[0]).toBe(nonces[1])
  expect(host.files('private').sort()).toEqual(['client-rc', 'credential'])
})

agentTest(
  'no argument list and no environment of a process contains the credential',
  async ({ farm, host, enrols }) => {
    farm.next = 50
    await enrols()
    const look =
      'for i in 1 2 3 4 5 6 7 8; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; sleep 0.1; done 2>/dev/null'
    const idle = await host.run(look)
    expect(idle.output).toContain(new URL(farm.url).port)
    if (agentClient === 'bbwget') {
      // This client accepts headers only as arguments. So the agent must print a warning for this client.
      expect(host.said()).toMatch(/busybox wget shows the credential to other users of this host, in its arguments/)
      return
    }
    expect(idle.output).not.toContain(farm.credential)
    const attempt = farm.queue({ steps: { look } })
    await farm.finished(attempt)
    expect(attempt.log.toString()).toContain(attempt.id)
    expect(attempt.log.toString()).not.toContain(farm.credential)
  },
)

agentTest('enrolment lists the tools that the agent found and those that are missing', async ({ host, enrols }) => {
  await enrols()
  const { text } = await host.line(/^rumpfarm: found: /)
  expect(text).toMatch(
    /found: client [a-z]+, launcher setsid, checksum crc, shell .*, and .*curl.* tar gzip .*; missing or not usable: ./,
  )
  expect(host.said()).not.toMatch(/install them/)
})

for (const [what, text] of [
  ['a missing tar', 'exit 127'],
  ['a tar for another processor', 'exit 126'],
] as const) {
  agentTest(`enrolment reports ${what}`, async ({ farm, host }) => {
    const saved = join(host.folder, 'saved.sh')
    writeFileSync(saved, bundle())
    writeFileSync(join(host.folder, 'tar'), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    host.send(
      `PATH=${host.folder}:$PATH ${host.shell} ${saved} ${trust}--url ${farm.url} enroll ${farm.invitation} 2>&1 </dev/null &`,
    )
    await host.line(/jobs with sources need tar and gzip: install them$/)
    expect(host.said()).toMatch(/missing or not usable:.* tar( |$)/m)
  })
}

agentTest(
  '`check` prints the configuration of the host, and shows whether an agent runs and whether the farm answers',
  async ({ farm, host, enrols }) => {
    await enrols()
    host.signal('TERM')
    await host.line(/^agent-1 exit 0/)
    const check = () => host.run(`${host.shell} ${host.dir}/agent.sh check`)
    const { output, code } = await check()

    expect(code).toBe(0)
    for (const line of [
      /^host vax$/m,
      /^client [a-z]+$/m,
      /^checksum crc$/m,
      /^launcher setsid$/m,
      /^arch amd64 native/m,
      /^takes jobs now$/m,
      /^no agent runs; start it: /m,
      /^the farm answers$/m,
    ]) {
      expect(output).toMatch(line)
    }
    expect(farm.seen.at(-1)?.kind).toBe('service')
    expect(host.files('private')).not.toContain('aside')
    expect(readFileSync(join(host.dir, 'agent.sh'), 'utf8')).toContain('AGENT_VERSION')
    expect((await host.run(`${host.shell} ${host.dir}/agent.sh version`)).output).toMatch(/^[0-9.]+\+[0-9]+\n$/)
  },
)

agentTest('if the host takes no jobs or the farm does not answer, `check` fails', async ({ farm, host, enrols }) => {
  await enrols()
  const check = (words = '') => host.run(`${host.shell} ${host.dir}/agent.sh ${words} check`)
  expect(await check()).toMatchObject({ code: 0, output: expect.stringMatching(/^an agent runs as process \d+$/m) })
  const away = await check('--url http://127.0.0.1:1')
  expect(away).toMatchObject({ code: 1, output: expect.stringMatching(/^the farm does NOT answer: ./m) })
  host.configure(`${host.read('host.conf')}disk_floor_mb 999999999\n`)
  expect(await check()).toMatchObject({ code: 1, output: expect.stringMatching(/^takes NO jobs now: disk-full/m) })
  await farm.until('a claim', () => farm.count('claim') > 0)
})

agentTest('`status` lists the running jobs, and `stop` ends them', async ({ farm, host, enrols }) => {
  await enrols()
  const ask = (words: string) => host.run(`${host.shell} ${host.dir}/agent.sh ${words}`)
  const attempt = farm.queue({ steps: { one: 'echo up; sleep 4814' } })
  await farm.logged(attempt, 'up')
  const running = await ask('status')
  expect(running.code).toBe(0)
  expect(running.output).toMatch(/^host vax, farm http.*\nan agent runs as process \d+\nit runs attempt-1.1\n$/)
  expect(await ask('stop')).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^rumpfarm: process \d+ has stopped$/m),
  })
  await host.line(/^agent-1 exit 0/)
  expect(await ask('status')).toMatchObject({ code: 1, output: expect.stringMatching(/^no agent runs; start it: /m) })
  expect(await ask('stop')).toMatchObject({ code: 0, output: expect.stringMatching(/^no agent runs/) })
})

agentTest('if an argument is unknown, the agent prints its usage and stops no job', async ({ farm, host, enrols }) => {
  await enrols()
  const attempt = farm.queue({ steps: { one: `echo up; until [ -f ${host.folder}/go ]; do sleep 0.1; done` } })
  await farm.logged(attempt, 'up')
  for (const words of [
    'stop --after-jobs',
    'stop --after-job now',
    'status -v',
    'check -x',
    'check a b c',
    'run --url x',
  ]) {
    const { output, code } = await host.run(`${host.shell} ${host.dir}/agent.sh ${words}`)
    expect(output).toMatch(/^rumpfarm: unknown argument: \S+\nusage: agent.sh /)
    expect(code).toBe(2)
  }
  await host.run(`: >${host.folder}/go`)
  await farm.finished(attempt)
  expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
})

agentTest('a host that enrols with --paused has a host.conf and takes no jobs', async ({ farm, host }) => {
  const saved = join(host.folder, 'saved.sh')
  writeFileSync(saved, bundle())
  const enrol = (words: string) => host.run(`${host.shell} ${saved} ${trust}--url ${farm.url} enroll ${words}`)
  for (const words of [`--pause ${farm.invitation}`, `${farm.invitation} another`])
    expect(await enrol(words)).toMatchObject({
      code: expect.any(Number),
      output: expect.stringMatching(/usage: agent.sh/),
    })
  expect(farm.seen).toEqual([])
  const { output, code } = await enrol(`${farm.invitation} --paused`)
  expect(code).toBe(0)
  expect(output).toMatch(/this host takes no job until the agent runs; edit .*host.conf first/)
  expect(host.read('host.conf')).toMatch(/^arch amd64 native$/m)
  expect([farm.count('enroll'), farm.count('hello'), farm.count('claim')]).toEqual([1, 0, 0])
})

agentTest('`check` does not change the files of a running agent', async ({ host, enrols }) => {
  await enrols()
  const before = host.read('private', 'client-rc')
  const { output } = await host.run(`RUMPFARM_CLIENT=wget ${host.shell} ${host.dir}/agent.sh check`)
  expect(output).toMatch(/^client wget$/m)
  expect(host.read('private', 'client-rc')).toBe(before)
})

agentTest(
  'the agent moves the credential of an older agent into the private directory',
  async ({ farm, host, enrols }) => {
    await enrols()
    host.signal('TERM')
    await host.line(/^agent-1 exit 0/)
    renameSync(join(host.dir, 'private', 'credential'), join(host.dir, 'credential'))
    rmSync(join(host.dir, 'private'), { recursive: true })
    const claims = farm.count('claim')
    await host.start()
    await farm.until('a claim', () => farm.count('claim') > claims)

    expect(host.mode('private')).toBe('700')
    expect(host.read('private', 'credential')).toBe(`${farm.credential}\n`)
    expect(host.files()).not.toContain('credential')
  },
)
