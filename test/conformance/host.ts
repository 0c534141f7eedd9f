/**
 * A machine with the agent on it, as a scenario needs it. AgentHost is one: a pid namespace of this machine. An emulated
 * machine is another: whatever can run shell text there, signal the agent, and show the files of its directory.
 */
export interface HostUnderTest {
  readonly name: string
  /** Every wait is this many times longer than on a machine like this one. */
  readonly slowness: number
  /** The agent's directory, and one for the scenario's own files, as the host calls them. */
  readonly dir: string
  readonly scratch: string
  /** What the agent told its owner. */
  readonly said: string

  /** Runs the line that makes it a host of the farm; resolves once it waits for jobs. */
  enrol(line: string): Promise<void>
  /** Runs the enrolled agent again. */
  start(): Promise<void>
  /** To the agent, not to its job. */
  signal(name: 'TERM' | 'HUP'): void
  /** The exit code of the agent that was started last. */
  exited(): Promise<number>
  /** kill -9 of the agent; resolves once it is gone. Its job goes on. */
  kill9(): Promise<void>
  /** kill -9 of the job's whole process group, from outside. */
  killJob(): Promise<void>

  /** Waits for words of the agent to its owner, said since then (milliseconds since the epoch). */
  hears(pattern: RegExp, milliseconds?: number, since?: number): Promise<unknown>
  /** Runs shell text as the host's user; what it said. It must not fail. */
  run(text: string): Promise<string>
  /** Command lines of the living processes there that contain the text, but for what looks for them. */
  processes(text: string): Promise<string[]>
  /** Names in, and contents of, the agent's directory. */
  files(...path: string[]): string[]
  read(...path: string[]): string
  /** Replaces host.conf. */
  configure(text: string): void
  /** The machine is gone, with everything that runs on it. */
  close(): Promise<void>
}
