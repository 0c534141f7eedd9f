/**
 * A machine with the agent, on which scenarios run. It is an AgentHost (a pid namespace of this machine) or emulated.
 * The machine must run shell text, send signals to the agent, and show the files of the agent's directory.
 */
export interface HostUnderTest {
  readonly name: string
  /** Each wait is this many times longer than on the machine that runs the tests. */
  readonly slowness: number
  /** The directory of the agent and the directory for files of the scenario, as paths on the host. */
  readonly dir: string
  readonly scratch: string
  /** The messages of the agent. */
  readonly said: string

  /** Runs the enrolment line. Resolves when the agent waits for jobs. */
  enrol(line: string): Promise<void>
  /** Starts the enrolled agent again. */
  start(): Promise<void>
  /** Sends a signal to the agent, and not to its job. */
  signal(name: 'TERM' | 'HUP'): void
  /** The exit code of the newest agent. */
  exited(): Promise<number>
  /** Kills the agent with SIGKILL. Resolves when the agent has ended. The job continues. */
  kill9(): Promise<void>
  /** Kills the process group of the job with SIGKILL. */
  killJob(): Promise<void>

  /** Waits for a message of the agent since this time (milliseconds since the epoch). */
  hears(pattern: RegExp, milliseconds?: number, since?: number): Promise<unknown>
  /** Runs shell text as the host's user and returns the output. Fails if the command fails. */
  run(text: string): Promise<string>
  /** The command lines of running processes that contain the text, except the search itself. */
  processes(text: string): Promise<string[]>
  /** The file names in the agent's directory, and the content of a file. */
  files(...path: string[]): string[]
  read(...path: string[]): string
  /** Replaces host.conf. */
  configure(text: string): void
  /** Ends the machine and all its processes. */
  close(): Promise<void>
}
