import { existsSync } from 'node:fs'
import { freePort, untilOpen } from '../../src/support/ngircd.ts'
import { accountOf, makeDirectory, startProgram } from './program.ts'

const inspircd = '/usr/sbin/inspircd'
const atheme = '/usr/bin/atheme-services'

export const hasInspircd = existsSync(inspircd) && existsSync(atheme)

/** Starts InspIRCd, with the services of Atheme for accounts and SASL. */
export async function startInspircd({ key, cert }: { key: string; cert: string }) {
  const [plain, tls, services] = [await freePort(), await freePort(), await freePort()]
  const account = accountOf('irc')
  const directory = makeDirectory(account)
  const configuration = directory.file(
    'inspircd.conf',
    `<server name="irc.example.net" description="Test" network="Test" id="1AA">
<admin name="Test" nick="test" email="test@example.net">
<bind address="127.0.0.1" port="${plain}" type="clients">
<bind address="127.0.0.1" port="${tls}" type="clients" ssl="test">
<bind address="127.0.0.1" port="${services}" type="servers">
<module name="ssl_gnutls">
<sslprofile name="test" provider="gnutls" certfile="${directory.file('cert.pem', cert)}" keyfile="${directory.file('key.pem', key)}">
<module name="spanningtree">
<module name="cap">
<module name="sasl">
<module name="services_account">
<connect name="main" allow="*" timeout="20" pingfreq="120" threshold="10" commandrate="1000" fakelag="yes" localmax="100" globalmax="100" useident="no" resolvehostnames="no">
<link name="services.example.net" ipaddr="127.0.0.1" port="${services}" allowmask="127.0.0.0/8" sendpass="link-password" recvpass="link-password">
<uline server="services.example.net" silent="yes">
<sasl target="services.example.net">
<log method="file" type="*" level="default" target="${directory.path}/inspircd.log">
<pid file="${directory.path}/inspircd.pid">
<options defaultmodes="not">
`,
  )
  const accountsFile = directory.file(
    'atheme.conf',
    `loadmodule "modules/protocol/inspircd";
loadmodule "modules/backend/opensex";
loadmodule "modules/crypto/pbkdf2v2";
loadmodule "modules/nickserv/main";
loadmodule "modules/nickserv/register";
loadmodule "modules/nickserv/identify";
loadmodule "modules/saslserv/main";
loadmodule "modules/saslserv/plain";
serverinfo {
  name = "services.example.net"; desc = "Test"; numeric = "00A"; recontime = 1; netname = "Test";
  adminname = "Test"; adminemail = "test@example.net"; registeremail = "test@example.net";
  auth = none; maxlogins = 20; maxusers = 20; mdlimit = 30; emaillimit = 10; emailtime = 300; casemapping = ascii;
};
uplink "irc.example.net" {
  host = "127.0.0.1"; port = ${services}; send_password = "link-password"; receive_password = "link-password";
};
nickserv { nick = "NickServ"; user = "services"; host = "services.example.net"; real = "Accounts"; };
saslserv { nick = "SaslServ"; user = "services"; host = "services.example.net"; real = "SASL"; };
`,
  )
  const ircd = startProgram(inspircd, ['--nofork', `--config=${configuration}`], account)
  await untilOpen(plain)
  await untilOpen(tls)
  const data = [`-D`, directory.path, '-l', `${directory.path}/atheme.log`, '-p', `${directory.path}/atheme.pid`]
  const accounts = startProgram(atheme, ['-n', '-c', accountsFile, ...data], account)
  const stop = async () => {
    await accounts.stop()
    await ircd.stop()
    directory.remove()
  }
  return { plain, tls, directory: directory.path, output: () => `${ircd.output()}\n${accounts.output()}`, stop }
}
