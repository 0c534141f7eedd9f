import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, untilOpen } from '../../src/support/ngircd.ts'
import { accountOf, makeDirectory } from './program.ts'

/** Postfix changes users, so it runs only as root. saslpasswd2 stores the password of the login. */
export const hasPostfix =
  process.getuid?.() === 0 && ['/usr/sbin/postfix', '/usr/sbin/saslpasswd2'].every(program => existsSync(program))

/** Starts Postfix. It puts all mails for example.org into a maildir. `farm@localhost` can log in with `password`. */
export async function startPostfix({ key, cert }: { key: string; cert: string }, password: string) {
  const [plain, tls, submission] = [await freePort(), await freePort(), await freePort()]
  const postfix = accountOf('postfix')
  const directory = makeDirectory(undefined)
  chmodSync(directory.path, 0o755)
  const folder = (name: string, owner = postfix) => {
    const path = join(directory.path, name)
    mkdirSync(path)
    if (owner) chownSync(path, owner.uid, owner.gid)
    return path
  }
  const log = join(directory.path, 'log')
  const mails = folder('mails', accountOf('nobody'))
  const accounts = join(directory.path, 'accounts')
  execFileSync('/usr/sbin/saslpasswd2', ['-p', '-c', '-f', accounts, '-u', 'localhost', 'farm'], { input: password })
  if (postfix) chownSync(accounts, postfix.uid, postfix.gid)
  // Debian's Postfix searches the settings of the login in the folder `sasl` beside main.cf.
  const settings = join(folder('sasl'), 'smtpd.conf')
  writeFileSync(
    settings,
    `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${accounts}\nmech_list: PLAIN LOGIN\n`,
  )
  directory.file(
    'main.cf',
    `compatibility_level = 3.6
maillog_file = ${log}
maillog_file_prefixes = ${directory.path}
queue_directory = ${folder('queue', undefined)}
data_directory = ${folder('data')}
myhostname = localhost
mynetworks =
inet_interfaces = 127.0.0.1
mydestination =
virtual_mailbox_domains = example.org
virtual_mailbox_base = ${mails}
virtual_mailbox_maps = inline:{ dev@example.org=dev/ }
virtual_minimum_uid = 100
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_tls_cert_file = ${directory.file('cert.pem', cert)}
smtpd_tls_key_file = ${directory.file('key.pem', key)}
smtpd_recipient_restrictions = reject_unauth_destination
`,
  )
  chmodSync(join(directory.path, 'main.cf'), 0o644)
  const login = '-o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject'
  directory.file(
    'master.cf',
    `127.0.0.1:${plain} inet n - n - - smtpd
127.0.0.1:${tls} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes ${login}
127.0.0.1:${submission} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt ${login}
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
`,
  )
  chmodSync(join(directory.path, 'master.cf'), 0o644)
  const postfixCommand = (command: string) =>
    execFileSync('/usr/sbin/postfix', ['-c', directory.path, command], { stdio: 'ignore', timeout: 20_000 })
  const output = () => (existsSync(log) ? readFileSync(log, 'utf8') : '')
  postfixCommand('start')
  for (const port of [plain, tls, submission]) await untilOpen(port, 20)
  const received = () => {
    const arrived = join(mails, 'dev', 'new')
    return existsSync(arrived) ? readdirSync(arrived).map(name => readFileSync(join(arrived, name), 'utf8')) : []
  }
  const stop = () => {
    postfixCommand('stop')
    directory.remove()
  }
  return { plain, tls, submission, received, output, stop }
}
