export type Environment = Readonly<Record<string, string | undefined>>

// What an administrator may set for the farm's git. The rest of GIT_* (GIT_DIR, GIT_INDEX_FILE …) is left behind: a
// server that was started from a git hook would work on the wrong repository.
const kept = /^GIT_(CONFIG_|SSH|SSL_|PROXY_|TRACE|EXEC_PATH|HTTP_)/

/** Settings of ours for every git, after the administrator's. */
const settings = [
  // git's own limits on a stalled HTTP transfer: less than 1 kB/s for a minute.
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '60'],
  // Housekeeping happens when the mirror decides, not behind a fetch that somebody waits for.
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['protocol.version', '2'],
  ['core.quotePath', 'false'],
  ['log.showSignature', 'false'],
  ['advice.detachedHead', 'false'],
] as const

/** The environment of every git we run: no questions, no surprising transports, messages in English. */
export function gitEnvironment(environment: Environment): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [key, value] of Object.entries(environment))
    if (value !== undefined && (!key.startsWith('GIT_') || kept.test(key))) own[key] = value
  return {
    ...own,
    ...withSettings(own),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    GIT_ALLOW_PROTOCOL: 'file:https:http:ssh:git',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ATTR_NOSYSTEM: '1',
  }
}

function withSettings(own: Record<string, string>): Record<string, string> {
  const first = /^\d{1,4}$/.test(own.GIT_CONFIG_COUNT ?? '') ? Number(own.GIT_CONFIG_COUNT) : 0
  const added: Record<string, string> = { GIT_CONFIG_COUNT: String(first + settings.length) }
  for (const [index, [key, value]] of settings.entries()) {
    added[`GIT_CONFIG_KEY_${first + index}`] = key
    added[`GIT_CONFIG_VALUE_${first + index}`] = value
  }
  return added
}

/** ssh that asks nothing and gives up; used unless the administrator has configured another (core.sshCommand). */
export const quietSsh = 'ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15 -oServerAliveCountMax=4'
