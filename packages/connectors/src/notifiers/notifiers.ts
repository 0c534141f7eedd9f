import { sendToDiscord } from './discord.ts'
import { type Guard, makeGuard } from './guard.ts'
import { makeIrcSender } from './irc.ts'
import { makeMailer, type SendMail } from './mail.ts'
import { sendToMatrix } from './matrix.ts'
import type { Channel, Delivery, NotifierSettings, Notifiers, OutgoingMessage } from './notifier.ts'
import { sendToNtfy } from './ntfy.ts'
import { sendToSlack } from './slack.ts'
import { cleaned } from './text.ts'
import { postWebhook } from './webhook.ts'

/** Opens the senders of all kinds of channels. A connection opens with the first message that needs it. */
export const makeNotifiers = (settings: NotifierSettings): Notifiers =>
  notifiersWith(settings, makeGuard({ allowPrivate: settings.allowPrivate }))

/** Like `makeNotifiers`, with a guard that tests have made. */
export function notifiersWith({ smtpUrl, mailFrom }: Omit<NotifierSettings, 'allowPrivate'>, guard: Guard): Notifiers {
  const irc = makeIrcSender(guard)
  const { ca } = guard
  const mail = smtpUrl && mailFrom ? makeMailer({ smtpUrl, mailFrom, ...(ca !== undefined && { ca }) }) : noMail
  return {
    async send(channel, message) {
      try {
        return await sendBy({ guard, irc: irc.send, mail }, channel, cleaned(message))
      } catch (error) {
        // For example an address that is not an address. The text of the error can contain this address.
        const { code, name } = error as NodeJS.ErrnoException
        return { kind: 'failed', problem: `the channel cannot be used (${code ?? name})`, permanent: false }
      }
    },
    async close() {
      irc.close()
    },
  }
}

interface Senders {
  guard: Guard
  irc: ReturnType<typeof makeIrcSender>['send']
  mail: SendMail
}

async function sendBy({ guard, irc, mail }: Senders, channel: Channel, message: OutgoingMessage): Promise<Delivery> {
  switch (channel.kind) {
    case 'mail':
      return mail(channel, message)
    case 'irc':
      return irc(channel, message)
    case 'slack':
    case 'mattermost':
      return sendToSlack(guard, channel, message)
    case 'discord':
      return sendToDiscord(guard, channel, message)
    case 'matrix':
      return sendToMatrix(guard, channel, message)
    case 'ntfy':
      return sendToNtfy(guard, channel, message)
    case 'webhook': {
      const { url, secret } = channel
      return postWebhook({ url, secret, id: message.id, body: message.data, guard })
    }
  }
}

const noMail: SendMail = async () => ({
  kind: 'failed',
  problem: 'the farm sends no mail, because SMTP_URL is not set',
  permanent: false,
})
