import type { ForgeName } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { forgeAddress } from './forge-address.rule.ts'

test.each<[ForgeName, string, string | undefined, string | undefined]>([
  ['github', 'https://github.com/ada/x.git', 'https://api.github.com', 'ada/x'],
  ['github', 'git@github.com:ada/x.git', 'https://api.github.com', 'ada/x'],
  ['github', 'ssh://git@github.example.org:2222/ada/x', 'https://github.example.org/api/v3', 'ada/x'],
  ['gitlab', 'https://gitlab.com/group/sub/x.git', 'https://gitlab.com/api/v4', 'group/sub/x'],
  ['gitlab', 'https://git.example.org:8443/g/x/', 'https://git.example.org:8443/api/v4', 'g/x'],
  ['forgejo', 'https://codeberg.org/ada/x', 'https://codeberg.org/api/v1', 'ada/x'],
  ['gitea', 'http://gitea.example.org:3000/g/x', undefined, 'g/x'],
  ['bitbucket', 'git@bitbucket.org:ada/x.git', 'https://api.bitbucket.org/2.0', 'ada/x'],
  [
    'bitbucket-data-center',
    'https://bitbucket.example.org/scm/PRJ/x.git',
    'https://bitbucket.example.org/rest',
    'PRJ/x',
  ],
  [
    'bitbucket-data-center',
    'ssh://git@bitbucket.example.org:7999/prj/x.git',
    'https://bitbucket.example.org/rest',
    'prj/x',
  ],
  ['github', '/srv/git/x', undefined, undefined],
  ['github', 'https://github.com/x', 'https://api.github.com', undefined],
  ['github', 'https://github.com/ada/%2e%2e', 'https://api.github.com', undefined],
])('the API of %s for %s', (forge, address, api, repository) => {
  const found = forgeAddress(forge, address)
  expect([found.api, found.repository]).toEqual([api, repository])
})
