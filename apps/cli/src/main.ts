// The command line `rumpfarm`, which is also `./farm` in a clone. It speaks with a farm only through @rumpfarm/client.
import { enableCompileCache } from './compile-cache.ts'
import { runCommandLine } from './run.ts'
import { streamOf } from './terminal/streams.ts'

enableCompileCache()

const interrupted = new AbortController()
const onSignal = () => {
  process.once('SIGINT', () => process.exit(130)) // the second Ctrl-C ends the program at once
  interrupted.abort()
}
process.once('SIGINT', onSignal)

// `rumpfarm log 1 | head` ends the pipe early. That is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 3)
})

const exit = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  directory: process.cwd(),
  out: streamOf(process.stdout),
  notes: streamOf(process.stderr),
  signal: interrupted.signal,
})

// A connection that is still open must not keep the program running. The callback runs after the output is written.
process.stdout.write('', () => process.exit(exit))
