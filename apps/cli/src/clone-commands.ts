/** The commands of the shell script `farm` itself. They need the clone, and a test compares them with the script. */
export const cloneCommands = [
  { name: 'start', usage: 'start', says: 'install, start the farm with this machine as a host, build the sample' },
  { name: 'serve', usage: 'serve', says: 'start only the server, in the foreground' },
  { name: 'demo', usage: 'demo', says: 'fill an empty farm with a year of invented results, and serve it' },
  { name: 'test', usage: 'test', says: 'run all tests' },
  { name: 'check', usage: 'check', says: 'run type check, lint and shellcheck' },
  { name: 'check-api', usage: 'check-api', says: 'check the OpenAPI document with redocly and spectral' },
  { name: 'conformance', usage: 'conformance', says: 'run every scenario with every shell and client' },
  { name: 'chaos', usage: 'chaos', says: 'break the parts of a farm again and again, while it runs jobs' },
  { name: 'network', usage: 'network', says: 'run only the tests of hosts with bad network links' },
  {
    name: 'monitoring',
    usage: 'monitoring',
    says: 'test the metrics, the dashboard and the alert rules with a real Prometheus',
  },
  {
    name: 'buckets',
    usage: 'buckets',
    says: 'run only the tests of the storage in a bucket of a real OpenStack Swift',
  },
  {
    name: 'servers',
    usage: 'servers',
    says: 'run only the tests of three servers behind nginx and HAProxy, and of updates',
  },
  { name: 'notifiers', usage: 'notifiers', says: 'run only the tests with real mail and IRC servers' },
  { name: 'machines', usage: 'machines', says: 'run the most important scenarios on emulated machines' },
  { name: 'screenshots', usage: 'screenshots', says: 'take the pictures of docs/demo.md' },
  { name: 'bench', usage: 'bench', says: 'measure the farm and print JSON' },
] as const
