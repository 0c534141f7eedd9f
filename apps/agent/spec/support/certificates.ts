import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export type Certificate = { key: string; cert: string }

const config = `
[ca]
default_ca = one
[one]
dir = .
database = index.txt
serial = serial.txt
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`

/** A certificate authority for tests. Its certificates are for 127.0.0.1 and localhost. */
export class Authority {
  private readonly folder = mkdtempSync(join(tmpdir(), 'rumpfarm-ca-'))
  readonly file = join(this.folder, 'ca.pem')
  private number = 0

  /**
   * Call this outside of tests: Vitest then removes the folder after the tests of the file. A listener for the end of
   * the process would not work, because a worker of Vitest gets no exit event.
   */
  constructor() {
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }))
    writeFileSync(join(this.folder, 'ca.conf'), config)
    writeFileSync(join(this.folder, 'index.txt'), '')
    writeFileSync(join(this.folder, 'serial.txt'), '01\n')
    this.openssl('req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=tests')
  }

  certificate({ names = 'IP:127.0.0.1,DNS:localhost', until = '' } = {}): Certificate {
    this.number += 1
    const name = `server-${this.number}`
    writeFileSync(join(this.folder, `${name}.ext`), `subjectAltName = ${names}\n`)
    this.openssl(`req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`)
    const dates = until ? `-startdate 20200101000000Z -enddate ${until}` : '-days 2'
    this.openssl(
      `ca -batch -notext -config ca.conf -cert ca.pem -keyfile ca.key ${dates} -extfile ${name}.ext -in ${name}.csr -out ${name}.pem`,
    )
    const read = (file: string) => readFileSync(join(this.folder, file), 'utf8')
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) }
  }

  private openssl(words: string) {
    execFileSync('openssl', words.split(' '), { cwd: this.folder, stdio: 'pipe' })
  }
}
