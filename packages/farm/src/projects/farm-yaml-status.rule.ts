import type { ForgeName, ProjectStatus, WrittenProject } from '@rumpfarm/contracts'
import { type Finding, show } from './farm-yaml-mistakes.rule.ts'
import { forgeAddress } from './forge-address.rule.ts'

type WrittenStatus = NonNullable<WrittenProject['status']>[number]

/** The addresses can be empty only if farm.yaml has an error (`statusFindings`). */
export function fillInStatus(written: WrittenStatus, repository: string): ProjectStatus {
  const forge = written.forge as ForgeName
  const found = forgeAddress(forge, repository)
  const { token, app } = written
  return {
    forge,
    api: written.api ?? found.api ?? '',
    repository: written.repository ?? found.repository ?? '',
    ...(token === undefined ? {} : { token: token.slice(1) }),
    ...(app === undefined ? {} : { app: { ...app, key: app.key.slice(1) } }),
    perCell: written['per-cell'] === 'true',
  }
}

/** Errors of the key `status` that a schema cannot describe. */
export function statusFindings({ repository, status = [] }: WrittenProject): Finding[] {
  const seen = new Set<string>()
  return status.flatMap((entry, index) => {
    const path = ['status', index]
    const wrong = (key: string, found: string, expected: string) => ({
      path: [...path, key],
      at: 'value' as const,
      found,
      expected,
    })
    const filled = fillInStatus(entry, repository)
    const target = `${filled.api} ${filled.repository}`
    const findings: Finding[] = []
    if ((entry.token === undefined) === (entry.app === undefined))
      findings.push(
        wrong('token', entry.token ? 'token and app' : 'no token', 'one of token, such as $STATUS_GITHUB, and app'),
      )
    if (entry.app !== undefined && entry.forge !== 'github')
      findings.push(wrong('app', `an app of ${entry.forge}`, 'a token: only GitHub has apps'))
    if (filled.api === '')
      findings.push(
        wrong(
          'api',
          'no api',
          "the address of the forge's API, because the address of the repository does not tell it",
        ),
      )
    if (filled.repository === '')
      findings.push(
        wrong(
          'repository',
          'no repository',
          'its path on the forge, such as rumpkernel/buildrump.sh, because the address of the repository does not tell it',
        ),
      )
    if (seen.has(target))
      findings.push(wrong('forge', `a second status for ${show(target)}`, 'one entry for each repository on a forge'))
    seen.add(target)
    return findings
  })
}
