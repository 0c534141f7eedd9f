import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { output } from './command.ts'

/**
 * Downloads Debian packages for any architecture from the package sources of this machine. apt keeps its state in a
 * separate directory, so that the package lists, the status and the settings of this machine do not change.
 */
export class Debian {
  readonly #directory: string
  readonly #conf: string

  constructor(directory: string, architecture: string) {
    this.#directory = join(directory, architecture)
    this.#conf = join(this.#directory, 'apt.conf')
    for (const name of ['lists/partial', 'cache/archives/partial', 'sources'])
      mkdirSync(join(this.#directory, name), { recursive: true })
    writeFileSync(join(this.#directory, 'status'), '')
    writeFileSync(this.#conf, settings(this.#directory, architecture))
  }

  /** The package files of these packages and of their dependencies, in the order for unpacking. */
  async closure(packages: readonly string[]): Promise<string[]> {
    const words = ['install', '--yes', '--download-only', '--no-install-recommends', ...packages]
    await this.#apt(words)
    const archives = join(this.#directory, 'cache/archives')
    return readdirSync(archives)
      .filter(name => name.endsWith('.deb'))
      .sort()
      .map(name => join(archives, name))
  }

  /** The package file of one package. */
  async package(name: string): Promise<string> {
    await this.#apt(['download', name])
    return join(this.#directory, this.#newest(new RegExp(`^${name}_.*[.]deb$`)))
  }

  /** The directory with the package's sources, including Debian's patches. */
  async source(name: string): Promise<string> {
    writeSourceLists(join(this.#directory, 'sources'))
    await this.#apt(['source', '--download-only', name], sourceOptions(join(this.#directory, 'sources')))
    const directory = join(this.#directory, name)
    if (existsSync(directory)) return directory
    await output(
      'dpkg-source',
      ['--no-check', '-x', this.#newest(new RegExp(`^${name}_.*[.]dsc$`)), name],
      this.#directory,
    )
    return directory
  }

  #newest(pattern: RegExp): string {
    const found = readdirSync(this.#directory).filter(file => pattern.test(file))
    const name = found.sort().at(-1)
    if (name === undefined) throw new Error(`apt-get downloaded no file that matches ${pattern} to ${this.#directory}`)
    return name
  }

  async #apt(words: readonly string[], options: readonly string[] = []): Promise<void> {
    const apt = (...more: string[]) =>
      output('apt-get', ['--config-file', this.#conf, ...options, ...more], this.#directory)
    // An index can be missing while the mirror changes. Even then, apt must download the packages of other indexes.
    const updated = await apt('update').catch((error: Error) => error.message)
    await apt(...words).catch((error: Error) => {
      throw new Error(`${error.message}\n--- output of the earlier apt-get update:\n${updated}`)
    })
  }
}

const settings = (directory: string, architecture: string) => `APT::Architecture "${architecture}";
APT::Architectures { "${architecture}"; };
APT::Sandbox::User "root";
Dir::State "${directory}";
Dir::State::status "${directory}/status";
Dir::Cache "${directory}/cache";
Dir::Cache::archives "archives";
Acquire::Languages "none";
`

const sourceOptions = (directory: string): string[] =>
  Object.entries({ 'Dir::Etc::sourcelist': '/dev/null', 'Dir::Etc::sourceparts': directory }).flatMap(
    ([key, value]) => ['-o', `${key}=${value}`],
  )

/** Writes apt's lists of this machine, changed so that apt finds source packages (deb-src) there. */
function writeSourceLists(directory: string): void {
  const parts = '/etc/apt/sources.list.d'
  const listed = existsSync(parts) ? readdirSync(parts).map(name => join(parts, name)) : []
  const files = ['/etc/apt/sources.list', ...listed].filter(file => /[.](list|sources)$/.test(file) && existsSync(file))
  for (const [number, file] of files.entries()) {
    const text = readFileSync(file, 'utf8')
    const sources = text.replace(/^Types:.*$/gm, 'Types: deb-src').replace(/^deb /gm, 'deb-src ')
    writeFileSync(join(directory, `${number}${/[.][a-z]+$/.exec(file)?.[0]}`), sources)
  }
}

/** Unpacks packages, but does not run their scripts, because the scripts need programs for another processor. */
export async function unpack(files: readonly string[], directory: string): Promise<void> {
  // On the disk, /bin and /lib are links to directories below /usr, but a package can have files in /bin or /lib.
  const text = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"'
  for (const file of files) await output('sh', ['-c', text, 'sh', file, directory])
}
