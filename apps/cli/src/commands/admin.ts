import { command } from '../parsing/command.ts'

export const admin = command({
  says: 'Print a one-time link to sign in as administrator.',
  async run({ farm }) {
    const link = await (await farm()).post('/api/v1/login-links')
    return { value: link, lines: [link.url] }
  },
})
