import type { components } from '@rumpfarm/client'
import { type Command, oneOf, type Run, type Values } from './command.ts'

type Acknowledgement = components['schemas']['Acknowledgement']

const path = '/api/v1/projects/{name}/acknowledgements'

const list: Run = async (api, [project, ...rest], values) => {
  if (!project || rest.length > 0 || Object.keys(values).length > 0) return undefined
  const { items } = await api.get(path, { params: { path: { name: project } } })
  return items.map(lineOf)
}

const lineOf = (one: Acknowledgement): string => {
  const { branch, host, arch, variant, fingerprint, link } = one
  const of = one.kind === 'cell' ? `${branch} ${host} ${arch} ${variant}` : fingerprint
  const until = one.expiresAt.slice(0, 10)
  return `${one.id}  ${of}  until ${until}  ${one.owner}: ${one.note}${link === null ? '' : ` ${link}`}`
}

const add: Run = async (api, [project, ...of], values) => {
  const failure = failureOf(of)
  const { note, owner, link, days } = textsOf(values)
  if (!project || !failure || note === undefined || owner === undefined) return undefined
  if (days !== undefined && !/^[0-9]{1,6}$/.test(days)) return undefined // the API knows the limits
  const acknowledged = await api.post(path, {
    params: { path: { name: project } },
    body: { ...failure, note, owner, ...(link ? { link } : {}), ...(days ? { days: Number(days) } : {}) },
  })
  return [
    `Acknowledgement ${acknowledged.id} is active until ${acknowledged.expiresAt.slice(0, 10)}. To end it earlier: ./farm acknowledge end ${acknowledged.id}`,
  ]
}

/** The failure with a fingerprint, or the failure of a cell: branch, host, arch and variant. */
function failureOf([first, host, arch, variant, ...rest]: string[]) {
  if (first !== undefined && host === undefined) return { fingerprint: first }
  if (!first || !host || !arch || !variant || rest.length > 0) return undefined
  return { branch: first, host, arch, variant }
}

const textsOf = (values: Values): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))

const end: Run = async (api, [id = '', ...rest], values) => {
  if (!/^[0-9]{1,9}$/.test(id) || rest.length > 0 || Object.keys(values).length > 0) return undefined
  await api.delete('/api/v1/acknowledgements/{id}', { params: { path: { id: Number(id) } } })
  return [`Acknowledgement ${id} has ended. The failure counts again.`]
}

export const acknowledge: Command = {
  usage: `./farm acknowledge list PROJECT
       ./farm acknowledge add PROJECT FINGERPRINT --note TEXT --owner NAME [--link ADDRESS] [--days NUMBER]
       ./farm acknowledge add PROJECT BRANCH HOST ARCH VARIANT --note TEXT --owner NAME [--link ADDRESS] [--days NUMBER]
       ./farm acknowledge end NUMBER`,
  options: {
    note: { type: 'string' },
    owner: { type: 'string' },
    link: { type: 'string' },
    days: { type: 'string' },
  },
  run: oneOf({ list, add, end }),
}
