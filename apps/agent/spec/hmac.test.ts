// Node and every shell compute the example of "Signed requests" in docs/agent-protocol.md.

import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const page = readFileSync(join(import.meta.dirname, '../../../docs/agent-protocol.md'), 'utf8')
const example = /\n```\n(token {5}rfi-[\s\S]*?)```/.exec(page)?.[1] ?? ''
const values = (key: string) =>
  [...example.matchAll(new RegExp(`^${key}(?: +(.*))?$`, 'gm'))].map(([, value = '']) => value.replaceAll('\\n', '\n'))
const [token = ''] = values('token')
const [firstPath = '', secondPath = ''] = values('POST')
const [firstBody = '', secondBody = ''] = values('body')
const [answer = ''] = values('answer')
const [firstSig, secondSig, answerSig] = values('sig')

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex')
const letters = (text: string) => text.replace(/./g, digit => 'abcdefghijklmnop'.charAt(Number.parseInt(digit, 16)))

test('the example in the protocol page is correct', () => {
  const key = letters(sha256(`rumpfarm key ${token}`))
  const hostKey = letters(hmac(key, 'host 77\n'))
  expect([sha256(token), hostKey]).toEqual([...values('by'), ...values('host key')])
  expect(hmac(key, `POST ${firstPath}\n${sha256(firstBody)}\n`)).toBe(firstSig)
  expect(hmac(hostKey, `POST ${secondPath}\n${sha256(secondBody)}\n`)).toBe(secondSig)
  expect(hmac(hostKey, `answer 0a1b2c.2\n${answer}`)).toBe(answerSig)
})

/** A script that contains the signing parts of the agent and calls them as an enrolment does. */
const script = (tool: string) => `
for part in text clock answer hmac; do . "$PARTS/$part.sh"; done
set -u
choose_put
SHA256_COMMAND=${tool || "'' && choose_sha"}
PRIVATE=$FOLDER DIR=$FOLDER SLOT_DIR=$FOLDER
IDLE=yes
now() { NOW=1000000000; }
PROCESS_NONCE=0a1b2c A_host=vax NONCE=77
set_invitation_key ${token}
put_line 'nonce 77
end' >"$FOLDER/body"
sign_request POST /agent/v1/enroll "$FOLDER/body"
put_line "$REQUEST_PATH"
save_host_key
IPAD='' OPAD='' BY=''
read_key
sign_request POST '/agent/v1/bye?instance=i-1' /dev/null
put_line "$REQUEST_PATH"
put_line 'ok
size 12
sig ${answerSig}
end' >"$FOLDER/answer"
verify_answer "$FOLDER/answer" && put_line "accepted $A_size"
for wrong in 's/^size 12/size 13/' 's/^sig 5/sig 6/' 's/^ok/ok /' 's/^sig.*/&x/' '/^sig/d' '/^end/d' 's/^end/cancel cancelled\\
end/' 's/^sig.*/&\\
cancel cancelled\\
&/' 's/^size.*/&\\
sig 00/' '$s/$/ /'; do
  sed "$wrong" "$FOLDER/answer" >"$FOLDER/wrong"
  if verify_answer "$FOLDER/wrong"; then put_line "accepted what $wrong made"; fi
  [ -z "$A_size$A_cancel$ERR" ] || put_line "kept what $wrong made"
done
`
const expected = `${firstPath}&sig=${firstSig}\n${secondPath}&sig=${secondSig}\naccepted 12\n`

/** test/run/tools.ts installs the shells that the system offers, and reports the missing shells. */
const isHere = (program: string) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0

/** The output of a shell that runs the script in a new folder. */
const outputOf = (shell: string, tool = '') => {
  const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-hmac-'))
  try {
    writeFileSync(join(folder, 'script.sh'), script(tool))
    const [program = '', ...words] = shell.split(' ')
    const env = { PATH: process.env.PATH, FOLDER: folder, PARTS: join(import.meta.dirname, '../lib') }
    return execFileSync(program, [...words, join(folder, 'script.sh')], { env, encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const shells = [
  'dash',
  'bash',
  'bash --posix',
  'zsh --emulate sh',
  'mksh',
  'ksh93',
  'yash -o posixlycorrect', // the agent sets this option, because otherwise a variable of a loop is local
  'posh',
  'busybox ash',
]
for (const shell of shells) {
  test.skipIf(!isHere(shell.split(' ')[0] ?? ''))(
    `${shell} signs the example correctly and rejects every changed answer`,
    () => {
      expect(outputOf(shell)).toBe(expected)
    },
  )
}

const tools = [
  ['sha256sum', 'sha256sum'],
  ['openssl', "'openssl dgst -sha256'"],
  ['shasum', "'shasum -a 256'"],
  ['perl', 'sha_of_perl'],
  ['python3', "'sha_of_python python3'"],
] as const
for (const [program, words] of tools) {
  test.skipIf(!isHere(program))(`the agent can use ${program} as its SHA-256 command`, () => {
    expect(outputOf('dash', words)).toBe(expected)
  })
}
