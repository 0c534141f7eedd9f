import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import { agentShell, bundle, shellNamed } from './support/host.ts'

// The functions are in a file, because Linux limits one argument of a command to 128 KiB.
const functions = join(mkdtempSync(join(tmpdir(), 'rumpfarm-functions-')), 'agent-functions.sh')
beforeAll(() => writeFileSync(functions, bundle().replace(/\nmain [^\n]*\n# end of agent.sh\n$/, '\n')))
afterAll(() => rmSync(dirname(functions), { recursive: true }))

/** Runs this text in the shell under test. The text can call the agent's functions. */
const inAgent = (text: string) => {
  const { program, as } = shellNamed(agentShell)
  const words = program === 'busybox' ? [as] : []
  const argv0 = program === 'busybox' ? program : as
  const { stdout, stderr } = spawnSync(
    program,
    [...words, '-c', `. ${functions}\nchoose_put\n${text}`, 'sh', 'rules'],
    {
      argv0,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'], // bash reads ~/.bashrc when its input is a socket
      env: { PATH: process.env.PATH ?? '' },
    },
  )
  return stderr + stdout
}

/** `yes` if these rules of host.conf allow the project and the branch, else `no`. */
const mayRun = (conf: string, project: string, branch: string) => {
  const rules = conf.split('; ').map(line => `line='${line}' line_number=1; read_conf_line`)
  return inAgent(
    ["RULES='' HOURS='' CONF_TEXT='' DIR=/d", ...rules, `may_run '${project}' '${branch}' && echo yes || echo no`].join(
      '\n',
    ),
  )
}

test.each([
  ['', 'sample', 'main', 'yes'],
  ['allow sample', 'sample', 'main', 'yes'],
  ['allow sample', 'sample', '', 'yes'],
  ['allow sample', 'other', 'main', 'no'],
  ['allow sample; allow oth*', 'other', 'main', 'yes'],
  ['allow sample main release-?', 'sample', 'main', 'yes'],
  ['allow sample main release-?', 'sample', 'release-2', 'yes'],
  ['allow sample main release-?', 'sample', 'release-22', 'no'],
  ['allow sample main', 'sample', '', 'no'],
  ['allow sample *', 'sample', '', 'yes'],
  ['allow * topic/*', 'sample', 'topic/a/b', 'yes'],
  ['deny sample', 'sample', 'main', 'no'],
  ['deny sample', 'other', 'main', 'yes'],
  ['deny sample wip*', 'sample', 'main', 'yes'],
  ['deny sample wip*', 'sample', 'wip-1', 'no'],
  ['deny sample wip*', 'sample', '', 'no'],
  ['allow *; deny sample wip*', 'sample', 'wip', 'no'],
  ['deny sample wip*; allow *', 'sample', 'wip', 'no'],
  ['deny sample wip*; allow *', 'sample', 'main', 'yes'],
  ['allow sample', 'sample;touch', 'main', 'no'],
  ['deny * :try', 'sample', ':try', 'no'],
  ['deny * :try', 'sample', '', 'yes'],
  ['deny * :try', 'sample', 'main', 'yes'],
  ['deny * :try main', 'sample', '', 'no'],
  ['allow sample', 'sample', ':try', 'yes'],
  ['allow sample main', 'sample', ':try', 'no'],
  ['allow sample main :try', 'sample', ':try', 'yes'],
])('for the rules "%s", the answer to "may %s run at branch %s?" is %s', (conf, project, branch, answer) => {
  expect(mayRun(conf, project, branch)).toBe(`${answer}\n`)
})

const inHours = (hours: string, now: string) => {
  const lines = hours.split('; ').map(line => `line='hours ${line}' line_number=1; read_conf_line`)
  return inAgent(
    [
      "RULES='' HOURS='' CONF_TEXT='' DIR=/d",
      `date() { echo '${now}'; }`,
      ...lines,
      'in_hours && echo in || echo out',
    ].join('\n'),
  )
}

// As in the agent, each time has a 1 in front: 12159 is 21:59.
test.each([
  ['22:00-06:00', 'Mon 12159', 'out'],
  ['22:00-06:00', 'Mon 12200', 'in'],
  ['22:00-06:00', 'Mon 10559', 'in'],
  ['22:00-06:00', 'Mon 10600', 'out'],
  ['08:30-17:00', 'Sun 10829', 'out'],
  ['08:30-17:00', 'Sun 10830', 'in'],
  ['08:30-17:00', 'Sun 11700', 'out'],
  ['08:30-17:00 mon-fri', 'Fri 11200', 'in'],
  ['08:30-17:00 mon-fri', 'Sat 11200', 'out'],
  ['08:30-17:00 sat-mon', 'Sun 11200', 'in'],
  ['08:30-17:00 sat-mon', 'Tue 11200', 'out'],
  ['08:30-17:00 tue sat', 'Sat 11200', 'in'],
  ['08:30-17:00 tue sat', 'Sun 11200', 'out'],
  // The span of Friday evening ends on Saturday morning. Monday morning belongs to the span of Sunday.
  ['22:00-06:00 mon-fri', 'Sat 10500', 'in'],
  ['22:00-06:00 mon-fri', 'Sun 10500', 'out'],
  ['22:00-06:00 mon-fri', 'Mon 10500', 'out'],
  ['22:00-06:00 sun', 'Mon 10500', 'in'],
  ['00:00-00:00 sat', 'Sat 10000', 'in'],
  ['00:00-00:00 sat', 'Sun 10000', 'out'],
  ['22:00-06:00 mon-fri; 00:00-00:00 sat-sun', 'Sun 11200', 'in'],
])('for the line "hours %s", the time "%s" is %s', (hours, now, answer) => {
  expect(inHours(hours, now)).toBe(`${answer}\n`)
})

test.each([
  ['hours 22-06', /line 1: expected .*hours 22:00-06:00.*; found: hours 22-06/],
  ['hours 22:00-06:00 mo-fr', /line 1: expected days like mon-fri or sat; found/],
  ['slots 0', /line 1: expected slots 1 to 59; found: slots 0/],
  ['nice -5', /line 1: expected nice 0 to 19; found: nice -5/],
  ['run_as -x', /line 1: expected .*run_as USER.*; found: run_as -x/],
  ['allow forks sample', /line 1: expected allow forks .*; found: allow forks sample/],
  ['cache 2t', /line 1: expected cache no, or a size such as 500m or 2g; found: cache 2t/],
  ['cache 9999999g', /line 1: expected cache no, or a size.*; found: cache 9999999g/],
  ['pass A-B', /line 1: not the name of a variable; found: pass A-B/],
  ['alow sample', /line 1: unknown key alow; did you mean allow\?.*; found: alow sample/],
])('the agent reports "%s" as an error', (line, complaint) => {
  const said = inAgent(`RULES='' HOURS='' PASS='' CONF_TEXT='' DIR=/d line='${line}' line_number=1\nread_conf_line`)
  expect(said).toMatch(complaint)
})

agentTest(
  'the agent sends its rules to the farm and refuses a job that the rules forbid',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    await enrolled()
    appendFileSync(join(host.dir, 'host.conf'), 'allow sample main\nallow tool*\ndeny toolbox\n')
    await farm.until('a second hello', () => farm.count('hello') > 1)
    const told = farm.seen
      .filter(seen => seen.kind === 'hello')
      .at(-1)
      ?.body.toString()
    expect(told).toMatch(/^allow sample main\nallow tool\*\ndeny toolbox$/m)

    const steps = { touch: `touch ${host.folder}/ran` }
    const other = farm.queue({ project: 'other', branch: 'main', steps })
    await farm.finished(other)
    const branch = farm.queue({ project: 'sample', branch: 'wip', steps })
    await farm.finished(branch)
    const denied = farm.queue({ project: 'toolbox', branch: 'main', steps })
    await farm.finished(denied)
    expect(host.files('..')).not.toContain('ran')
    expect(other.finishes[0]).toMatchObject({
      reason: 'refused',
      logsize: '0',
      detail: "the host's owner does not allow other, branch main: no line names it",
    })
    expect(branch.finishes[0]?.detail).toBe("the host's owner does not allow sample, branch wip: no line names it")
    expect(denied.finishes[0]?.detail).toBe(
      "the host's owner does not allow toolbox, branch main: the line deny toolbox",
    )
    expect(other.sourceCalls + branch.sourceCalls + denied.sourceCalls).toBe(0)

    const allowed = farm.queue({ project: 'toolchain', branch: 'any', steps })
    await farm.finished(allowed)
    expect(allowed.finishes[0]).toMatchObject({ reason: 'exit' })
    expect(host.files('..')).toContain('ran')
  },
)

agentTest(
  'a host refuses code from forks, unless host.conf allows it and does not also deny it',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    await enrolled()
    const conf = host.read('host.conf')
    const run = async () => {
      const attempt = farm.queue({ project: 'sample', fork: true, steps: { one: 'echo one' } })
      await farm.finished(attempt)
      return [attempt.finishes[0]?.reason, attempt.finishes[0]?.detail]
    }
    const hellos = () => farm.seen.filter(({ kind }) => kind === 'hello')
    const configure = async (line: string) => {
      const before = hellos().length
      host.configure(`${conf}${line}\n`)
      await farm.until('a hello with the new host.conf', () => hellos().length > before)
      return /^forks yes$/m.test(String(hellos().at(-1)?.body))
    }
    const refusal =
      "the host's owner does not allow code from forks: host.conf has no line allow forks, or a line deny forks"
    expect(await run()).toEqual(['refused', refusal])
    expect(await configure('allow *')).toBe(false)
    expect(await run()).toEqual(['refused', refusal])
    expect(await configure('allow forks')).toBe(true)
    expect(await run()).toEqual(['exit', undefined])
    expect(await configure('allow forks\ndeny forks')).toBe(false)
    expect(await run()).toEqual(['refused', refusal])
    expect(await configure('allow forks\nallow other')).toBe(true)
    expect(await run()).toEqual(['refused', "the host's owner does not allow sample: no line names it"])
  },
)

agentTest(
  'a host with an invalid line in host.conf takes no jobs and reports the line',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    await enrolled()
    const conf = readFileSync(join(host.dir, 'host.conf'), 'utf8')
    host.configure(`${conf}denny sample\n`)
    const refusal = () =>
      farm.seen.find(
        seen =>
          seen.kind === 'claim' &&
          /^refuse host-conf line [0-9]+: unknown key denny; did you mean deny\? .*denny sample$/m.test(
            String(seen.body),
          ),
      )
    await farm.until('a refusal', () => refusal() !== undefined)
    const attempt = farm.queue({ steps: { one: 'echo one' } })
    const claims = farm.count('claim')
    await farm.until('a claim after the refusal', () => farm.count('claim') > claims)
    expect(attempt.state).toBe('queued')

    host.configure(conf)
    await farm.finished(attempt)
    expect(attempt.log.toString()).toBe('one\n')
    await host.line(/host.conf line [0-9]+: unknown key denny; did you mean deny\?.*; found: denny sample/)
  },
)

const clock = (hours: number) => {
  const time = new Date(Date.now() + hours * 3_600_000)
  return `${String(time.getHours()).padStart(2, '0')}:${String(time.getMinutes()).padStart(2, '0')}`
}

agentTest(
  'outside of its hours a host takes no jobs, and its running job continues',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    farm.next = 200
    await enrolled()
    const conf = readFileSync(join(host.dir, 'host.conf'), 'utf8')
    host.configure(`${conf}hours ${clock(-2)}-${clock(2)}\n`)
    const go = join(host.folder, 'go')
    const running = farm.queue({ steps: { wait: `echo begun; until [ -e ${go} ]; do sleep 0.1; done` } })
    await farm.logged(running, 'begun')
    const hours = `${clock(2)}-${clock(3)}` // computed once, because the minute can change during the test
    host.configure(`${conf}hours ${hours}\n`)
    const calls = running.calls.length
    await farm.until('two heartbeats', () => running.calls.length > calls + 2)
    writeFileSync(go, '')
    await farm.finished(running)
    expect(running.finishes[0]).toMatchObject({ reason: 'exit' })

    const next = farm.queue({ steps: { one: 'echo one' } })
    const refusal = `refuse hours outside of ${hours}`
    const told = () => farm.seen.some(seen => seen.kind === 'claim' && String(seen.body).includes(refusal))
    await farm.until('a refusal', told)
    expect(next.state).toBe('queued')
  },
)

agentTest('host.conf may have CR LF, blanks around lines and a byte order mark', async ({ farm, host, enrolled }) => {
  await enrolled()
  host.configure('\u{feff}arch amd64 native\r\nslots 1 \r\n \tenv amd64 WORD=x\t \r\n\r\n   \r\nallow sample\r\n')
  const attempt = farm.queue({ steps: { one: 'echo "[$WORD]"' } })
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('[x]\n')
  const { output } = await host.run(`${host.shell} ${host.dir}/agent.sh check`)
  expect(output).toMatch(/^arch amd64 native/m)
  expect(host.said()).not.toMatch(/host.conf line/)
})

agentTest('if a key of host.conf is unknown, the agent suggests a similar key', async ({ host, enrolled }) => {
  await enrolled()
  const check = async (line: string) => {
    host.configure(`arch amd64 native\n${line}\n`)
    return (await host.run(`${host.shell} ${host.dir}/agent.sh check`)).output
  }
  for (const [line, words] of [
    ['dney sample', 'unknown key dney; did you mean deny?'],
    ['alow sample', 'did you mean allow?'],
    ['slotss 2', 'did you mean slots?'],
    ['runas nobody', 'did you mean run_as?'],
    ['colour red', 'unknown key colour ('],
    ['slots many', 'expected slots 1 to 59'],
  ] as const)
    expect(await check(line)).toContain(words)
})

test('without /proc, the agent uses ps to find the processes that a job left running', () => {
  const table = [
    '90 1 90 500 ?? 00:07 left over',
    '91 1 91 500 ?? 00:11 older than the job',
    '92 1 92 500 ?? 2-00:00:01 much older',
    '93 1 93 501 ?? 00:07 of another user',
    '94 1 94 500 ttyp0 00:07 of a person with a terminal',
    '95 90 90 500 - 00:07 with a parent',
    '96 1 96 500 - 00:00 left, too',
  ].join('\n')
  const stubs = `now() { NOW=1010; }; ps() { echo '${table}'; }; RUN_UID=500 STARTED=1000 DIR=/none PRIVATE=/none SPOOL=/none`
  expect(inAgent(`${stubs}; unmarked_of_ps 2>/dev/null`)).toBe('pid 90 left over\npid 96 left, too\n')
})

test('if a process keeps the pipe of a step open, the agent waits one second, also where `sleep` accepts no fractions', () => {
  const stubs = 'FRACTIONS=; pause() { SLEPT=1000; echo slept; }; OUTPUT=/none/pipe'
  expect(inAgent(`${stubs}; wait_for_reader`)).toBe('slept\n')
})

test('FARM_JOBS counts the processors that the agent may use', () => {
  const asked = "taskset -c 0 sh -c 'nproc'"
  expect(inAgent(`nproc() { ${asked}; }; env() { return 1; }; count_cpus; echo "$NCPU"`)).toBe('1\n')
})

test.each([
  ['cpu.max', '150000 100000', 8, 2],
  ['cpu.max', 'max 100000', 8, 8],
  ['cpu.max', '400000 100000', 2, 2],
  ['cpu.max', '50000 100000', 2, 1],
])('a control group with %s "%s" reduces %i processors to %i', (file, text, before, after) => {
  const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-cgroup-'))
  writeFileSync(join(folder, file), `${text}\n`)
  expect(inAgent(`NCPU=${before}; apply_cpu_quota ${folder}; echo "$NCPU"`)).toBe(`${after}\n`)
  rmSync(folder, { recursive: true })
})

const muslLoader = '#!/bin/sh\nprintf "musl libc (x86_64)\\nVersion 1.2.4\\nDynamic Program Loader\\n" >&2; exit 1\n'

test.each([
  ['getconf() { echo "glibc 2.36"; }', [], 'libc glibc 2.36\n'],
  ['getconf() { echo undefined; }', [], ''],
  ['getconf() { echo "getconf: no such variable" >&2; return 1; }', [], ''],
  ['getconf() { return 127; }', ['ld-musl-x86_64.so.1'], 'libc musl 1.2.4\n'],
  ['getconf() { return 127; }', ['ld-musl-armhf.so.1', 'ld-musl-x86_64.so.1'], 'libc musl 1.2.4\n'],
  ['getconf() { echo "glibc 2.36"; }', ['ld-musl-x86_64.so.1'], 'libc glibc 2.36\n'],
])('%s with the loaders %j reports "%s"', (getconf, loaders, fact) => {
  const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-loaders-'))
  for (const name of loaders) writeFileSync(join(folder, name), muslLoader, { mode: 0o755 })
  expect(inAgent(`${getconf}; LOADERS=${folder}; print_libc`)).toBe(fact)
  rmSync(folder, { recursive: true })
})

test('the agent removes a work directory that contains read-only directories', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-work-'))
  chmodSync(folder, 0o777)
  const file = join(folder, 'agent-functions.sh')
  writeFileSync(file, bundle().replace(/\nmain [^\n]*\n# end of agent.sh\n$/, '\n'))
  const make = `mkdir -p ${folder}/attempt-1.1/go/pkg/mod && echo x >${folder}/attempt-1.1/go/pkg/mod/file && chmod -R a-w ${folder}/attempt-1.1/go`
  const script = `. ${file}; choose_put; RUN_AS='' ISOLATION='' HIDES_PRIVATE=''; ${make}; remove_work ${folder}/attempt-1.1; ls ${folder}`
  // Root can remove every file. So a test that runs as root starts this script as an ordinary user.
  const words = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env']
  const { stdout, stderr } = spawnSync(words[0] ?? '', [...words.slice(1), 'dash', '-c', script], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  expect(stderr + stdout).toBe('agent-functions.sh\n')
})

const wget = spawnSync('sh', ['-c', 'command -v wget'], { encoding: 'utf8' }).stdout.trim()
test.skipIf(!wget)('the agent calls GNU wget by its path, also in a shell that has its own wget', () => {
  const ownWget = 'wget() { echo "BusyBox v1.35.0"; }'
  expect(inAgent(`${ownWget}; URL=http://farm.example; wget_usable && echo "$CLIENT_TOOL"`)).toBe(`${wget}\n`)
})

test.each([
  ['http://[::1]', '[::1]:80'],
  ['http://[::1]:8080', '[::1]:8080'],
  ['http://farm.example/x', 'farm.example:80'],
  ['http://farm.example:8080', 'farm.example:8080'],
])('the tunnel to the farm at %s connects to %s', (url, place) => {
  const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-tunnel-'))
  const stubs = `ssh() { :; }; launch() { echo "$*" >&4; LAUNCHED=$$; }; TUNNEL=gate TUNNEL_KEY=k PRIVATE=${folder} AGENT_SHELL=sh`
  expect(inAgent(`exec 4>&1; choose_put; set_url '${url}'; ${stubs}; start_tunnel`)).toMatch(
    new RegExp(` -L 127.0.0.1:[0-9]+:${place.replaceAll(/[[\].]/g, '\\$&')} `),
  )
  rmSync(folder, { recursive: true })
})

test.each([
  ['http://[::1]:8080', '::1 8080'],
  ['http://[::1]', '::1 80'],
  ['http://build_farm:8080/x', 'build_farm 8080'],
  ['http://127.0.0.1', '127.0.0.1 80'],
])('a request to the farm at %s connects to %s', (url, place) => {
  const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-talk-'))
  const talk = `t_exchange() { echo "$HOST $PORT" >&2; }; CLIENT=t DIR=${folder} SLOT_DIR=${folder} PRIVATE=${folder}; raw_prepare ''`
  expect(inAgent(`set_url '${url}'; ${talk}; raw_exchange GET /x /dev/null ${folder}/answer 1`)).toBe(`${place}\n`)
  rmSync(folder, { recursive: true })
})
