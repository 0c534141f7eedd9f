import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { type BucketPlace, type Credentials, readStorageUrl } from '../../packages/storage/src/index.ts'
import { output } from '../hosts/command.ts'
import { freePort, Program } from '../support/program.ts'
import { eventually } from '../support/waiting.ts'

const launcher = fileURLToPath(new URL('launch.py', import.meta.url))
const packages = fileURLToPath(new URL('../../.farm/buckets', import.meta.url))
const startMs = 120_000

export interface Swift {
  place: BucketPlace
  credentials: Credentials
  close(): Promise<void>
}

/** OpenStack Swift with its S3 API: four servers and memcached, from Debian's packages, as the user of the tests. */
export async function startSwift(): Promise<Swift> {
  const unpacked = await unpackPackages()
  const directory = mkdtempSync(join(tmpdir(), 'swift-'))
  mkdirSync(join(directory, 'devices/disk'), { recursive: true })
  const environment = {
    PATH: process.env.PATH ?? '',
    PYTHONPATH: join(unpacked, 'usr/lib/python3/dist-packages'),
    LD_LIBRARY_PATH: (await output('sh', ['-c', 'ls -d usr/lib/*-linux-gnu'], unpacked))
      .trim()
      .split('\n')
      .map(name => join(unpacked, name))
      .join(':'),
  }
  const ports = { account: 0, container: 0, object: 0, proxy: 0, memcached: 0 }
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort()
  const write = (name: string, lines: string) => writeFileSync(join(directory, name), lines)
  write('swift.conf', '[swift-hash]\nswift_hash_path_prefix = farm\nswift_hash_path_suffix = farm\n')
  for (const name of ['account', 'container', 'object'] as const)
    write(`${name}.conf`, serverConfiguration(directory, name, ports[name]))
  write('proxy.conf', proxyConfiguration(directory, ports.proxy, ports.memcached))
  const run = (...words: string[]) => new Program(words, environment, directory)
  const rings = run(
    'python3',
    launcher,
    directory,
    'rings',
    ...[ports.account, ports.container, ports.object].map(String),
  )
  await eventually('the rings', async () => (rings.running ? undefined : true), startMs)
  const user = userInfo().username
  const memcached = join(unpacked, 'usr/bin/memcached')
  const programs = [
    run(memcached, '-u', user, '-l', '127.0.0.1', '-p', String(ports.memcached)),
    ...['account', 'container', 'object', 'proxy'].map(name => run('python3', launcher, directory, name)),
  ]
  for (const port of Object.values(ports)) await eventually('the servers of Swift', () => accepts(port), startMs)
  const place = readStorageUrl(`s3://farm-files/farm?endpoint=http://127.0.0.1:${ports.proxy}`)
  const credentials = { accessKeyId: 'test:tester', secretAccessKey: 'testing' }
  await createBucket(place, credentials)
  return {
    place,
    credentials,
    async close() {
      for (const program of programs) await program.stop()
      rmSync(directory, { recursive: true })
    },
  }
}

async function createBucket({ endpoint = '', region, bucket }: BucketPlace, credentials: Credentials): Promise<void> {
  const { accessKeyId, secretAccessKey } = credentials
  const client = new S3Client({ region, endpoint, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
}

/** Downloads the packages that this machine does not have, and unpacks them without running their scripts. */
async function unpackPackages(): Promise<string> {
  mkdirSync(packages, { recursive: true })
  // Programs that only packages' scripts or other parts of Swift need stay out.
  await output('sh', ['-c', script], packages)
  return join(packages, 'root')
}

const script = `
[ -e complete ] && exit 0
rm -rf debs root && mkdir debs root && cd debs
names=$(apt-get install -s --no-install-recommends swift-proxy swift-account swift-container swift-object memcached |
  sed -n 's/^Inst \\([^ ]*\\).*/\\1/p' | grep -vE '^(rsyslog|logrotate|intltool|po-debconf|openstack-pkg|rsync|uwsgi)')
apt-get download $names
for file in *.deb; do dpkg-deb -x "$file" ../root; done
touch ../complete`

const serverConfiguration = (directory: string, name: string, port: number): string => `[DEFAULT]
devices = ${directory}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
${common(directory, port)}
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`

const common = (directory: string, port: number): string => `bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${directory}`

const filters = ['catch_errors', 'gatekeeper', 'cache', 'listing_formats', 's3api', 'tempauth', 'slo', 'dlo']

const proxyConfiguration = (directory: string, port: number, memcached: number): string => `[DEFAULT]
${common(directory, port)}
[pipeline:main]
pipeline = ${filters.join(' ')} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${memcached}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
${['catch_errors', 'gatekeeper', 'listing_formats', 'slo', 'dlo'].map(name => `[filter:${name}]\nuse = egg:swift#${name}\n`).join('')}`

const accepts = (port: number): Promise<true | undefined> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(undefined))
  })
