/**
 * Thrown if an agent's request violates docs/agent-protocol.md. The test farm checks every request. It answers a
 * violation with 400, and stores the violation so that the test fails.
 */
export class BadRequest extends Error {}

const violate = (what: string): never => {
  throw new BadRequest(what)
}

const isNumber = (text: string) => /^(0|[1-9][0-9]{0,8})$/.test(text)
const isName = (text: string) => /^[A-Za-z0-9_+][A-Za-z0-9._+-]{0,127}$/.test(text)
const isText = (text: string) => Buffer.byteLength(text) <= 1000 && !/\p{Cc}/u.test(text)
const isSum = (text: string) => /^(crc:[0-9]{1,10}|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}|none)$/.test(text)
const isSteps = (text: string) => /^[0-9]{1,3}:[0-9]{1,9}:[0-9]{1,9}(,[0-9]{1,3}:[0-9]{1,9}:[0-9]{1,9})*$/.test(text)
const isReason = (text: string) =>
  /^(exit|cancelled|wall-limit|silence-limit|log-limit|disk-full|broken|vanished|stopped|refused)$/.test(text)
const isArch = (text: string) => /^[A-Za-z0-9_+][A-Za-z0-9._+-]* (native|cross)( .*)?$/.test(text) && isText(text)
const isArtifact = (text: string) => text.length <= 128 && text.split('/').every(isName)
const isTold = (text: string) => {
  const [name = '', bytes = '', sum = '', more] = text.split(' ')
  return isArtifact(name) && isNumber(bytes) && isSum(sum) && more === undefined
}
const isUnable = (text: string) => /^[A-Za-z0-9_+][A-Za-z0-9._+-]* (native|cross) .+$/.test(text) && isText(text)
const isRule = (text: string) => /^[A-Za-z0-9._+@*?-]+( [A-Za-z0-9._+/@*?-]+)*$/.test(text)
const isRefusal = (text: string) => /^[a-z-]+ .+$/.test(text) && isText(text)

const isHex = (text: string) => text === 'hex'

type Check = (text: string) => boolean
type Rules = Record<string, Check>

const facts: Rules = {
  protocol: text => text === '1',
  version: isName,
  uname_s: isText,
  uname_r: isText,
  uname_m: isText,
  uname_p: isText,
  uname_v: isText,
  libc: isText,
  ncpu: isNumber,
  mem_mb: isNumber,
  disk_mb: isNumber,
  client: isName,
  shell: isText,
  launcher: isName,
  sum: isName,
  left_over: isText,
}

export const bodies = {
  enroll: { token: isName, nonce: isName, ...facts },
  hello: {
    ...facts,
    instance: isName,
    previous: isName,
    slots: isNumber,
    arch: isArch,
    update_failed: text => /^[A-Za-z0-9._+-]+ .+$/.test(text) && isText(text),
    updates: text => text === 'no',
    unable: isUnable,
    allow: isRule,
    deny: isRule,
    forks: text => text === 'yes',
    cache_mb: isNumber,
  },
  claim: { disk_mb: isNumber, refuse: isRefusal },
  finish: {
    reason: isReason,
    steps: isSteps,
    logsize: isNumber,
    sum: isSum,
    compiler: isText,
    detail: isText,
    artifact: isTold,
    left: isText,
  },
  bye: {},
  service: {},
} satisfies Record<string, Rules>

export const queries = {
  enroll: {},
  hello: {},
  agent: {},
  service: {},
  bye: { instance: isName },
  claim: { instance: isName, slot: isNumber, claim: isNumber, wait: text => isNumber(text) && +text <= 50 },
  source: { lease: isName },
  progress: { lease: isName, offset: isNumber, len: isNumber, sum: isSum, step: isNumber, steps: isSteps, enc: isHex },
  artifact: {
    lease: isName,
    offset: isNumber,
    len: isNumber,
    sum: isSum,
    size: isNumber,
    step: isNumber,
    steps: isSteps,
    enc: isHex,
  },
  finish: { lease: isName },
} satisfies Record<string, Rules>

/** Keys that may occur more than once. */
const lists = new Set(['arch', 'unable', 'allow', 'deny', 'artifact', 'left'])
const optional = new Set([
  'steps',
  'enc',
  'previous',
  'refuse',
  'compiler',
  'detail',
  'disk_mb',
  'mem_mb',
  ...lists,
  'update_failed',
  'updates',
  'forks',
  'cache_mb',
  ...Object.keys(facts),
])

const hold = (rules: Rules, pairs: [string, string][], where: string) => {
  for (const [key, value] of pairs) {
    const check = rules[key] ?? (key.startsWith('tool_') ? isText : undefined)
    if (!check) violate(`${where}: unknown key ${key}`)
    else if (!check(value)) violate(`${where}: ${key} is malformed: ${JSON.stringify(value)}`)
  }
  const missing = Object.keys(rules).filter(key => !optional.has(key) && !pairs.some(([found]) => found === key))
  if (missing.length > 0) violate(`${where}: ${missing.join(', ')} missing`)
  const keys = pairs.map(([key]) => key).filter(key => !lists.has(key))
  if (new Set(keys).size !== keys.length) violate(`${where}: a key came twice: ${keys.join(' ')}`)
}

export const holdArtifact = (name: string) =>
  isArtifact(name) || violate(`artifact: ${JSON.stringify(name)} is no name`)

/** The pairs of a text body. Its last line must be `end`. */
export const readBody = (kind: keyof typeof bodies, body: Buffer): [string, string][] => {
  const lines = body.toString('utf8').split('\n')
  if (lines.pop() !== '' || lines.pop() !== 'end') violate(`${kind}: the body's last line is not "end"`)
  const pairs = lines.map((line): [string, string] => {
    const blank = line.indexOf(' ')
    if (blank < 1) violate(`${kind}: no "key value" in ${JSON.stringify(line)}`)
    return [line.slice(0, blank), line.slice(blank + 1)]
  })
  hold(bodies[kind], pairs, kind)
  return pairs
}

export const readQuery = (kind: keyof typeof queries, query: URLSearchParams): Record<string, string> => {
  hold(queries[kind], [...query], `${kind}?`)
  return Object.fromEntries(query)
}
