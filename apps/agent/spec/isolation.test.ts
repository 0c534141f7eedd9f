import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { agentTest, type Setup } from './support/agent-test.ts'
import { bundle, type Host, quote } from './support/host.ts'

// In the pid namespace of the tests, every user appears as root. Only the real root can change to another user id.
const isRoot = process.getuid?.() === 0

/** All ways in which a job could try to read the credential. */
const search = (host: Host) => `
cat ${host.dir}/private/credential ${host.dir}/private/* 2>/dev/null || :
cat ${host.dir}/credential ${host.dir}/tools ${host.dir}/slot-1/* 2>/dev/null || :
find ${host.dir}/private 2>/dev/null || :
umount ${host.dir}/private 2>/dev/null && cat ${host.dir}/private/credential || :
unshare -rm sh -c 'umount ${host.dir}/private; cat ${host.dir}/private/credential' 2>/dev/null || :
for p in /proc/[0-9]*; do cat $p/environ $p/cmdline $p/root${host.dir}/private/credential $p/cwd/private/credential 2>/dev/null || :; done
echo searched`

/** Enrols an agent that runs as an ordinary user, whose home is this host's folder. */
const asNobody = async ({ farm, host }: Setup) => {
  chmodSync(host.folder, 0o755)
  await host.run(`chown -R 65534:65534 ${host.folder}`)
  const saved = join(host.folder, 'saved.sh')
  writeFileSync(saved, bundle())
  const words = `setpriv --reuid 65534 --regid 65534 --clear-groups ${host.shell} ${saved} --url ${farm.url} enroll ${farm.invitation}`
  await host.start(`-c ${quote(`exec ${words}`)}`)
  await farm.until('the first claim', () => farm.count('claim') > 0)
}

const rootTest = isRoot ? agentTest : (sentence: string) => test.skip(`${sentence} (needs root)`, () => {})

rootTest('a job of an ordinary user cannot find the credential, and runs as that user', async all => {
  const { farm, host } = all
  await asNobody(all)
  await host.line(/steps run as user 65534, like the agent; a namespace hides the credential/)
  const attempt = farm.queue({ steps: { search: search(host), who: 'id -u; touch mine; ls -ln mine; umask' } })
  await farm.finished(attempt)

  expect(attempt.log.toString()).not.toContain(farm.credential)
  expect(attempt.log.toString()).toMatch(/searched\n65534\n-rw-r--r-- 1 65534 65534 .* mine\n0022\n$/)
  expect(host.read('private', 'credential')).toBe(`${farm.credential}\n`)
})

rootTest(
  'the agent ends the processes that an ordinary user’s job leaves running, also outside of the job’s group',
  async all => {
    const { farm, host } = all
    await asNobody(all)
    const attempt = farm.queue({ steps: { leave: 'setsid sleep 4711 & sleep 4712 & echo left' } })
    await farm.finished(attempt)
    expect(attempt.log.toString()).toBe('left\n')
    expect(await host.alive('sleep 471')).toEqual([])

    const cancelled = farm.queue({ steps: { wait: "trap '' TERM; setsid sleep 4713 & echo begun; sleep 4714" } })
    await farm.logged(cancelled, 'begun')
    cancelled.cancel = 'cancelled'
    await farm.finished(cancelled)
    expect(cancelled.finishes[0]).toMatchObject({ reason: 'cancelled' })
    expect(await host.alive('sleep 471')).toEqual([])
  },
)

rootTest(
  'the agent ends an ssh-agent that an ordinary user’s job left; with `hide no`, the log only lists it as running',
  async all => {
    const { farm, host } = all
    await asNobody(all)
    const steps = { leave: 'eval "$(ssh-agent -s)" >/dev/null; setsid env -i sleep 4716 & echo left' }
    const hidden = farm.queue({ steps })
    await farm.finished(hidden)
    expect(hidden.log.toString()).toBe('left\n')
    expect([await host.alive('ssh-agent'), await host.alive('sleep 4716')]).toEqual([[], []])

    appendFileSync(join(host.dir, 'host.conf'), 'hide no\n')
    await farm.finished(farm.queue({ steps: { none: ':' } }))
    const open = farm.queue({ steps })
    await farm.finished(open)
    const named = /^left\n(left running: pid \d+ (ssh-agent -s|sleep 4716)\n){2}$/
    expect(open.log.toString()).toMatch(named)
    expect((await host.alive('ssh-agent')).length).toBe(1)
  },
)

agentTest('with `hide no` jobs can read the credential, and the agent warns', async ({ farm, host, enrolled }) => {
  await enrolled()
  appendFileSync(join(host.dir, 'host.conf'), 'hide no\n')
  const first = farm.queue({ steps: { none: ':' } })
  await farm.finished(first)
  const attempt = farm.queue({ steps: { look: `cat ${host.dir}/private/credential` } })
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe(`${farm.credential}\n`)
  await host.line(/CAN READ the credential in .*private: set a wrapper, or run/)
})

agentTest('without `hide no` the private directory is empty for a job of root', async ({ farm, host, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({
    steps: { look: `ls -A ${host.dir}/private; cat ${host.dir}/private/credential || echo no` },
  })
  await farm.finished(attempt)
  expect(attempt.log.toString()).toMatch(/No such file.*\nno\n$/)
})

const ways = ['setpriv', 'perl', 'su']
rootTest(
  'with run_as, steps run as that user, who cannot read the credential or change the files of the agent',
  async all => {
    const { farm, host, enrolled } = all
    chmodSync(host.folder, 0o755)
    await enrolled()
    appendFileSync(join(host.dir, 'host.conf'), 'run_as nobody\nnice 3\n')
    await farm.finished(farm.queue({ steps: { none: ':' } })) // this job may still run without the new host.conf
    const files = `ls ${host.dir} ${host.dir}/slot-1 2>/dev/null || :; for f in "$0" ${host.dir}/agent.sh ${host.dir}/host.conf; do (echo x >>"$f") 2>/dev/null || echo kept; done`
    const attempt = farm.queue({
      steps: {
        search: search(host),
        who: 'id -u; id -g; cat readme.txt; echo x >mine; echo "$HOME $USER"; nice',
        files,
      },
    })
    await farm.finished(attempt)
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
    expect(attempt.log.toString()).not.toContain(farm.credential)
    const niceness = Math.min(19, getPriority() + 3)
    const printed = `searched\n65534\n65534\na source\n/nonexistent nobody\n${niceness}\n`
    expect(attempt.log.toString()).toContain(printed)
    expect(attempt.log.toString()).toMatch(/kept\nkept\nkept\n$/)
    expect(attempt.log.toString()).not.toMatch(/^(tools|slot-1|host.conf)$/m)
    await host.line(/steps run as nobody \(by setpriv\) and cannot read the credential/)

    const stray = farm.queue({ steps: { leave: 'setsid sleep 4715 & echo left' } })
    await farm.finished(stray)
    expect(await host.alive('sleep 4715')).toEqual([])
  },
)

rootTest('with run_as, root does not follow links that the user of the job makes in the work directory', async all => {
  const { farm, host, enrolled } = all
  chmodSync(host.folder, 0o755)
  await enrolled()
  appendFileSync(join(host.dir, 'host.conf'), 'run_as nobody\n')
  await farm.finished(farm.queue({ steps: { none: ':' } }))
  const ours = join(host.folder, 'ours')
  writeFileSync(ours, 'of root\n', { mode: 0o600 })

  const release = farm.holdSource()
  const attempt = farm.queue({ steps: { none: ':' } })
  const names = '.now .step-2 readme.txt src/.now src/readme.txt'
  const plant = `cd ${join(host.dir, 'work', `attempt-${attempt.id}`)} && test -w . && for name in ${names}; do ln -s ${ours} $name; done`
  const asUser = `setpriv --reuid 65534 --regid 65534 --clear-groups sh -c ${quote(plant)}`
  await host.run(`until ${asUser}; do sleep 0.05; done`)
  release()
  await farm.finished(attempt)
  expect(attempt.finishes[0]).toMatchObject({ reason: 'exit', steps: expect.stringMatching(/^0:/) })
  expect([readFileSync(ours, 'utf8'), statSync(ours).mode & 0o777]).toEqual(['of root\n', 0o600])
})

rootTest('with run_as, a step that opens /dev/stderr again does not truncate the log', async all => {
  const { farm, host, enrolled } = all
  chmodSync(host.folder, 0o755)
  await enrolled()
  appendFileSync(join(host.dir, 'host.conf'), 'run_as nobody\n')
  await farm.finished(farm.queue({ steps: { none: ':' } })) // this job may still run without the new host.conf
  const attempt = farm.queue({
    steps: { loud: 'id -u; seq 2000; echo warning >/dev/stderr; echo copied | tee /dev/stderr; echo last' },
  })
  await farm.finished(attempt)
  const numbers = Array.from({ length: 2000 }, (_, i) => `${i + 1}\n`).join('')
  expect(attempt.log.toString()).toBe(`65534\n${numbers}warning\ncopied\ncopied\nlast\n`)
})

// Root can remove every directory except a mount point. So a mount point is the directory that the agent cannot remove.
rootTest('the agent reports a work directory that it cannot remove', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  const go = join(host.folder, 'go')
  const attempt = farm.queue({ steps: { wait: `until [ -e ${go} ]; do sleep 0.02; done` } })
  const work = join(host.dir, 'work', `attempt-${attempt.id}`)
  await host.run(
    `until [ -d ${work}/src ]; do sleep 0.02; done; mkdir ${work}/kept; mount -t tmpfs none ${work}/kept; : >${go}`,
  )
  await farm.finished(attempt)
  await host.line(new RegExp(`cannot remove ${work}: another user may own files in it; remove it manually`))
  // The agent sends a hello every hour, and after a change of host.conf.
  appendFileSync(join(host.dir, 'host.conf'), 'nice 3\n')
  const report = new RegExp(`^left_over ${work}$`, 'm')
  await farm.until('a report', () => farm.seen.some(({ kind, body }) => kind === 'hello' && report.test(`${body}`)))
})

rootTest(
  'with run_as, the agent rejects a work directory that the user of the job can write to',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    chmodSync(host.folder, 0o755)
    await enrolled()
    await host.run(`mkdir ${host.folder}/theirs && chown 65534 ${host.folder}/theirs`)
    appendFileSync(join(host.dir, 'host.conf'), `run_as nobody\nwork_dir ${host.folder}/theirs\n`)
    const refusal = /^refuse host-conf steps cannot run as nobody: .*theirs is writable by that user: chown/m
    await farm.until('a refusal', () => farm.seen.some(({ kind, body }) => kind === 'claim' && refusal.test(`${body}`)))
  },
)

rootTest('the agent does not send a link to one of its own files as an artifact', async ({ farm, host, enrolled }) => {
  chmodSync(host.folder, 0o755)
  await enrolled()
  for (const conf of ['', 'run_as nobody\n']) {
    appendFileSync(join(host.dir, 'host.conf'), conf)
    await farm.finished(farm.queue({ steps: { none: ':' } }))
    const steps = { link: `cd ..; mv src kept; ln -s ${host.dir}/private src` }
    const attempt = farm.queue({ steps, artifacts: ['credential', 'client-rc'] })
    await farm.finished(attempt)
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit', artifacts: [] })
    expect(farm.seen.filter(seen => seen.kind === 'artifact')).toEqual([])
  }
})

rootTest(
  'if the user of run_as does not exist or cannot enter the work directory, the host takes no jobs and reports this',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    await enrolled() // mkdtemp makes the directory with mode 700
    const conf = readFileSync(join(host.dir, 'host.conf'), 'utf8')
    const refused = (words: RegExp) =>
      farm.until('a refusal', () => farm.seen.some(seen => seen.kind === 'claim' && words.test(String(seen.body))))
    host.configure(`${conf}run_as nobody-of-that-name\n`)
    await refused(/^refuse host-conf steps cannot run as nobody-of-that-name: no such user/m)
    host.configure(`${conf}run_as nobody\n`)
    await refused(
      /^refuse host-conf steps cannot run as nobody: .*work is not accessible to that user \(chmod a\+x its parents/m,
    )
    const attempt = farm.queue({ steps: { one: 'id -u' } })
    const claims = farm.count('claim')
    await farm.until('two more claims', () => farm.count('claim') > claims + 1)
    expect(attempt.state).toBe('queued')
  },
)

test.skipIf(!isRoot).each(ways)('%s runs a command as another user with exact arguments', way => {
  // The functions are in a file, because Linux limits one argument of a command to 128 KiB.
  const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-functions-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const functions = join(folder, 'agent-functions.sh')
  writeFileSync(functions, bundle().replace(/\nmain [^\n]*\n# end of agent.sh\n$/, '\n'))
  const text = `. ${functions}\nRUN_AS=nobody RUN_UID=65534 RUN_GID=65534 HIDES_PRIVATE='' ISOLATION=${way}\nisolate sh -c 'id -u; id -g; pwd; echo "$0|$1"' 'a  b' '-e "x"'`
  const { stdout, stderr } = spawnSync('dash', ['-c', text], { encoding: 'utf8', cwd: '/usr' })
  expect(stderr + stdout).toBe('65534\n65534\n/usr\na  b|-e "x"\n')
})

agentTest('a wrapper gets the directory and the environment of each step', async ({ farm, host, enrolled }) => {
  await enrolled()
  const wrapper = join(host.folder, 'wrap')
  writeFileSync(
    wrapper,
    `#!/bin/sh\necho "wrapped $1 $2 in $(pwd) for $FARM_WORK: $3 $4"\ncase $5 in "$FARM_WORK"/*) shift 2; exec "$@" ;; esac\necho "outside: $5"\n`,
    { mode: 0o755 },
  )
  appendFileSync(join(host.dir, 'host.conf'), `wrapper ${wrapper} --jail *\n`)
  await farm.finished(farm.queue({ steps: { none: ':' } }))
  const attempt = farm.queue({
    env: { MESSAGE: 'hello  you' },
    steps: { one: 'echo "$MESSAGE"', two: 'cat readme.txt' },
  })
  await farm.finished(attempt)
  const work = join(host.dir, 'work', `attempt-${attempt.id}`)
  const wrapped = `wrapped --jail * in ${work}/src for ${work}: sh -e\n`
  expect(attempt.log.toString()).toBe(`${wrapped}hello  you\n${wrapped}a source\n`)
})

agentTest(
  'with `pass`, a job gets only the listed variables of the agent; without `pass`, it gets all variables',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands this
    const show = 'echo "${SECRET-}|${HTTP_PROXY-}|${PATH:+path}|${HOME:+home}|$FARM_WORK|${LC_ALL-}"'
    const all = farm.queue({ steps: { show } })
    await farm.finished(all)
    appendFileSync(join(host.dir, 'host.conf'), 'pass HTTP_PROXY\n')
    await farm.finished(farm.queue({ steps: { none: ':' } }))
    const some = farm.queue({ steps: { show } })
    await farm.finished(some)
    const work = (id: string) => join(host.dir, 'work', `attempt-${id}`)
    expect(all.log.toString()).toBe(`hush|http://proxy|path|home|${work(all.id)}|C\n`)
    expect(some.log.toString()).toBe(`|http://proxy|path|home|${work(some.id)}|C\n`)
    expect(existsSync('/tmp/never')).toBe(false)
  },
  { env: { SECRET: 'hush', HTTP_PROXY: 'http://proxy' } },
)

agentTest('`check` shows the configuration and the jobs that may run', async ({ host, enrolled }) => {
  await enrolled()
  host.signal('TERM')
  await host.line(/^agent-1 exit 0/)
  appendFileSync(
    join(host.dir, 'host.conf'),
    'allow sample main\ndeny *box\nwrapper nice\narch arm cross\nenv arm CC=/no/such-gcc\nslots 2\nhours 00:00-00:00\n',
  )
  const check = async (words: string) => (await host.run(`${host.shell} ${host.dir}/agent.sh check ${words}`)).output
  const found = await check('')
  for (const line of [
    /^slots 2$/m,
    /^arch amd64 native .*cc/m,
    /^unable arm cross \/no\/such-gcc cannot build a program: .*not found$/m,
    /^steps run as /m,
    /^each step is run as: nice sh -e FILE$/m,
    /^takes jobs now$/m,
    /^allow sample main\ndeny \*box$/m,
  ]) {
    expect(found).toMatch(line)
  }
  expect(await check('sample main')).toMatch(/^would run sample main: the line allow sample main$/m)
  expect(await check('sample wip')).toMatch(/^would NOT run sample wip: no line names it$/m)
  expect(await check('toolbox')).toMatch(/^would NOT run toolbox : the line deny \*box$/m)
  appendFileSync(join(host.dir, 'host.conf'), 'slots many\n')
  expect(await check('')).toMatch(
    /^takes NO jobs now: host-conf line [0-9]+: expected slots 1 to 59; found: slots many$/m,
  )
})
