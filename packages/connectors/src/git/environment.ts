export type Environment = Readonly<Record<string, string | undefined>>

// An administrator can set these variables for the farm's git. The farm removes all other GIT_* variables, such as
// GIT_DIR. git sets GIT_DIR for a hook. If a hook starts the server, the farm's git would otherwise work on the
// repository of the hook.
const inherited = /^GIT_(CONFIG_|SSH|SSL_|PROXY_|TRACE|EXEC_PATH|HTTP_)/

/**
 * The farm's settings for every git process. git reads them after the administrator's settings, so the farm's settings
 * have priority.
 */
const settings = [
  // git ends an HTTP transfer that is slower than 1 kB/s for a minute.
  ['http.lowSpeedLimit', '1000'],
  ['http.lowSpeedTime', '60'],
  // The farm runs gc separately (collectGarbage), so that a fetch does not wait for gc.
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['protocol.version', '2'],
  ['core.quotePath', 'false'],
  ['log.showSignature', 'false'],
  ['advice.detachedHead', 'false'],
] as const

/**
 * The environment of every git process: git shows no prompts, uses only the transports in GIT_ALLOW_PROTOCOL, and
 * writes English messages.
 */
export function gitEnvironment(environment: Environment): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [key, value] of Object.entries(environment))
    if (value !== undefined && (!key.startsWith('GIT_') || inherited.test(key))) own[key] = value
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

/**
 * An ssh command without prompts and with a time limit. The administrator can configure another command
 * (core.sshCommand).
 */
export const quietSsh = 'ssh -oBatchMode=yes -oConnectTimeout=20 -oServerAliveInterval=15 -oServerAliveCountMax=4'
