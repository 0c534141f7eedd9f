import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from '../conformance/wire.ts'
import { output } from './command.ts'

/** Makes a self-signed certificate for the loopback address. */
export async function ownCertificate(): Promise<Certificate> {
  const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-tls-'))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const subject = ['-subj', '/CN=farm of a test', '-addext', 'subjectAltName=IP:127.0.0.1']
  try {
    await output('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      ...subject,
      '-keyout',
      key,
      '-out',
      cert,
    ])
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
