import { items } from '@rumpfarm/client'
import { command, type Group } from '../parsing/command.ts'

const scopes = ['trigger', 'try', 'admin'] as const
const name = { says: 'the name of the token' } as const

const create = command({
  says: 'Create a token for the API, and print it.',
  args: { name },
  flags: {
    scope: {
      kind: 'text',
      value: 'SCOPE',
      choices: scopes,
      says: 'trigger (the default) can only start builds, try only build uploaded trees',
    },
  },
  async run({ farm }, { args, flags: { scope = 'trigger' } }) {
    const created = await (await farm()).post('/api/v1/tokens', { body: { name: args.name, scope } })
    const advice = 'Store the token now: the farm keeps only its hash. Send it as "Authorization: Bearer …".'
    return { value: created, lines: [created.token, advice] }
  },
})

const list = command({
  says: 'List the tokens, with the time of the last use.',
  async run({ farm }) {
    const found = []
    for await (const token of items(await farm(), '/api/v1/tokens')) found.push(token)
    const lines = found.map(
      ({ name, scope, lastUsedAt, revokedAt }) =>
        `${name}  ${scope}  ${revokedAt ? `revoked ${revokedAt}` : `last used ${lastUsedAt ?? 'never'}`}`,
    )
    return { value: { items: found }, lines }
  },
})

const revoke = command({
  says: 'Revoke a token permanently, and end its sessions.',
  args: { name },
  async run({ farm }, { args }) {
    await (await farm()).delete('/api/v1/tokens/{name}', { params: { path: { name: args.name } } })
    const line = `The token ${args.name} is permanently revoked, with its login links and browser sessions.`
    return { value: { revoked: args.name }, lines: [line] }
  },
})

export const token: Group = { says: 'Create, list or revoke tokens for the API.', commands: { create, list, revoke } }
