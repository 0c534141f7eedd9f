// irc-framework has no types. This file describes the part that the farm uses.
declare module 'irc-framework' {
  interface Transport {
    connect(): void
    writeLine(line: string, callback?: () => void): void
    isConnected(): boolean
    close(force?: boolean): void
    disposeSocket(): void
    setEncoding(encoding: string): boolean
  }
  interface ClientOptions {
    nick: string
    username: string
    gecos: string
    version: null
    auto_reconnect: boolean
    ping_interval: number
    ping_timeout: number
    message_max_length: number
    sasl_disconnect_on_fail: boolean
    account: { account?: string; password?: string }
    transport: new () => Transport
  }
  export class Client {
    user: { nick: string }
    on(event: 'registered' | 'loggedin', handler: () => void): void
    on(event: 'nick in use' | 'nick invalid' | 'sasl failed', handler: (event: { reason: string }) => void): void
    on(event: 'socket close', handler: (error: Error | false) => void): void
    on(event: 'raw', handler: (event: { line: string; from_server: boolean }) => void): void
    connect(options: ClientOptions): void
    changeNick(nick: string): void
    raw(...words: string[]): void
    quit(message: string): void
  }
}
