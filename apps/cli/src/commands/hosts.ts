import { items } from '@rumpfarm/client'
import { command, type Group } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'
import type { Colour } from '../terminal/style.ts'
import { table } from '../terminal/table.ts'
import { ago, utc } from '../terminal/words.ts'

const colours: Record<string, Colour> = { online: 'green', away: 'yellow', silent: 'red', paused: 'grey' }

export const hosts = command({
  says: 'List the hosts.',
  async run({ farm, style, out, now }) {
    const found = []
    for await (const host of items(await farm(), '/api/v1/hosts', { query: { limit: 200 } })) found.push(host)
    const rows = found.map(host => [
      host.name,
      { text: host.presence, colour: colours[host.presence] },
      ago(host.lastSeenAt, now()),
      String(host.slots),
      host.system,
      host.refusal ?? host.arches.map(({ arch }) => arch).join(' '),
    ])
    const head = ['HOST', 'STATE', 'LAST SEEN', 'SLOTS', 'SYSTEM', 'ARCHES']
    const lines = rows.length > 0 ? table(rows, { head, style, columns: out.columns() }) : ['no hosts']
    return { value: { items: found }, lines }
  },
})

const name = { shown: 'HOST', says: 'the name of the host', completes: 'host' } as const

const show = command({
  says: 'Show what the farm knows about a host.',
  args: { name },
  async run({ farm, style, out, now }, { args }) {
    const host = await (await farm()).get('/api/v1/hosts/{name}', { params: { path: { name: args.name } } })
    const arches = host.arches.map(
      ({ arch, kind, compiler, unable }) => `${arch} (${unable ?? `${kind}, ${compiler}`})`,
    )
    const rows = [
      ['state', { text: host.presence, colour: colours[host.presence] }],
      ['last seen', ago(host.lastSeenAt, now())],
      ['system', host.system],
      ['agent', host.agentVersion],
      ['slots', String(host.slots)],
      ...(host.refusal === null ? [] : [['no jobs because', host.refusal]]),
      ...arches.map(text => ['arch', text]),
      ...Object.entries(host.facts).map(([fact, value]) => [fact, value]),
    ]
    return { value: host, lines: [style('bold', clean(host.name)), ...table(rows, { style, columns: out.columns() })] }
  },
})

const invite = command({
  says: 'Print the line that enrols a machine as a host.',
  args: { name },
  async run({ farm }, { args }) {
    const invitation = await (await farm()).post('/api/v1/hosts/invitations', { body: { name: args.name } })
    const { line, signedLine, expiresAt } = invitation
    const signed = signedLine
      ? ['If the host has no TLS 1.2, run this line instead (docs/hosts.md, "Old TLS"):', signedLine]
      : []
    const use = `Run this line once on ${args.name}, before ${utc(expiresAt)}. Without curl, use wget -qO- instead.`
    return { value: invitation, lines: [line, use, ...signed] }
  },
})

const alert = command({
  says: 'Send an alert to an address when the host becomes silent.',
  args: { name, url: { shown: 'URL|MAIL|off', says: 'a web or mail address; off: send no alerts' } },
  async run({ farm }, { args }) {
    const client = await farm()
    const params = { path: { name: args.name } }
    if (args.url === 'off') {
      await client.delete('/api/v1/hosts/{name}/alert', { params })
      return { value: { alerted: false }, lines: [`Alerts for ${args.name} are off.`] }
    }
    const { secret } = await client.post('/api/v1/hosts/{name}/alert', { params, body: { url: args.url } })
    if (secret === null) {
      const says = `The farm sends mail to ${args.url} when ${args.name} becomes silent, and when it is back.`
      return { value: { alerted: true, secret }, lines: [says] }
    }
    const says = `The farm sends an alert to that address when ${args.name} becomes silent, and when it is back. The line above is the secret that signs these messages (Standard Webhooks). The secret is not shown again.`
    return { value: { alerted: true, secret }, lines: [secret, says] }
  },
})

const pause = command({
  says: 'Give the host no more jobs. Its running job continues.',
  args: { name },
  async run({ farm }, { args }) {
    const params = { path: { name: args.name } }
    const host = await (await farm()).post('/api/v1/hosts/{name}/pause', { params })
    return { value: host, lines: [`${args.name} is paused. It gets no more jobs.`] }
  },
})

const resume = command({
  says: 'Give a paused host jobs again.',
  args: { name },
  async run({ farm }, { args }) {
    const params = { path: { name: args.name } }
    const host = await (await farm()).post('/api/v1/hosts/{name}/resume', { params })
    return { value: host, lines: [`${args.name} gets jobs again.`] }
  },
})

const remove = command({
  says: 'Remove a host permanently. Its results stay.',
  args: { name },
  async run({ farm }, { args }) {
    await (await farm()).delete('/api/v1/hosts/{name}', { params: { path: { name: args.name } } })
    return { value: { removed: args.name }, lines: [`${args.name} is removed. Its agent can no longer use the farm.`] }
  },
})

export const host: Group = {
  says: 'Show, invite, pause, resume or remove a host.',
  commands: { show, invite, alert, pause, resume, remove },
}
