import type { ForgeKind } from './event.ts'
import { forgeName } from './recognise.ts'
import { sourcehutKey, sourcehutQuery } from './sourcehut.ts'

export interface SetUpFor {
  /** The address of the farm's webhook, for example https://farm.example.org/webhooks/github. */
  address: string
  /** Where the person finds the secret, for example "the text in data/secrets/github-webhook". */
  secret: string
  /** Whether the project builds pull requests. Without it, the webhook needs fewer events. */
  pullRequests: boolean
}

export interface SetUp {
  /** The name of the forge. */
  name: string
  /** One plain sentence for each step. Names in quotation marks are names on the pages of the forge. */
  steps: string[]
  /** A text to copy, for a forge whose webhooks have no page. */
  copy?: string
}

/** Returns how to set up the webhook of a forge. */
export const setUpOf = (kind: ForgeKind, options: SetUpFor): SetUp => ({
  name: forgeName(kind),
  ...guides[kind](options),
})

type Guide = (options: SetUpFor) => Omit<SetUp, 'name'>

const guides: Record<ForgeKind, Guide> = {
  // https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks
  github: ({ address, secret, pullRequests }) => ({
    steps: [
      'On the page of the repository, open "Settings", "Webhooks", and press "Add webhook".',
      `Set "Payload URL" to ${address}.`,
      'Set "Content type" to "application/json".',
      `Set "Secret" to ${secret}.`,
      pullRequests
        ? 'Choose "Let me select individual events", and select "Pushes" and "Pull requests".'
        : 'Choose "Just the push event".',
      'Press "Add webhook". GitHub sends a ping at once, which "Recent Deliveries" shows.',
    ],
  }),
  // https://docs.gitlab.com/user/project/integrations/webhooks
  gitlab: ({ address, secret, pullRequests }) => ({
    steps: [
      'In the project, open "Settings", "Webhooks", and press "Add new webhook".',
      `Set "URL" to ${address}.`,
      `Set "Secret token" to ${secret}. GitLab 19 and later can press "Generate signing token" instead: add this token to the secrets of the farm.`,
      `Under "Trigger", select "Push events"${pullRequests ? ', "Tag push events" and "Merge request events"' : ' and "Tag push events"'}.`,
      'Leave "Enable SSL verification" on, and press "Add webhook".',
      'To test it, choose "Push events" in the list "Test" of the webhook.',
    ],
  }),
  gitea: options => ({
    steps: giteaSteps(options, 'Gitea', ['"Pull Request"', '"Pull Request Synchronized"']),
  }),
  forgejo: options => ({
    steps: giteaSteps(options, 'Forgejo', ['the pull request events "Modification" and "Synchronized"']),
  }),
  gogs: ({ address, secret, pullRequests }) => ({
    steps: [
      'On the page of the repository, open "Settings", "Webhooks", press "Add a new webhook", and choose "Gogs".',
      `Set "Payload URL" to ${address}.`,
      'Set "Content Type" to "application/json".',
      `Set "Secret" to ${secret}.`,
      `Choose "Let me choose what I need", and select ${listOf(['"Create"', '"Delete"', '"Push"', ...(pullRequests ? ['"Pull Request"'] : []), '"Release"'])}.`,
      `Press "Add Webhook". ${testDelivery}`,
    ],
  }),
  // https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks
  bitbucket: ({ address, secret, pullRequests }) => ({
    steps: [
      'In the repository, open "Repository settings", "Webhooks" (under "Workflow"), and press "Add webhook".',
      'Set "Title" to a name that you choose.',
      `Set "URL" to ${address}.`,
      `Set "Secret" to ${secret}.`,
      pullRequests
        ? 'Choose "Choose from a full list of triggers", and select "Push" of the repository, and "Created", "Updated", "Merged" and "Declined" of pull requests.'
        : 'Leave "Triggers" at "Repository push".',
      'Press "Save". The farm shows the next push.',
    ],
  }),
  // https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html
  'bitbucket-data-center': ({ address, secret, pullRequests }) => ({
    steps: [
      'In the repository, open "Repository settings", "Webhooks" (under "Workflow"), and press "Create webhook".',
      'Set "Name" to a name that you choose.',
      `Set "URL" to ${address}.`,
      `Set "Secret" to ${secret}.`,
      `Under "Events", select "Push" of the repository${pullRequests ? ', and "Opened", "Source branch updated", "Merged", "Declined" and "Deleted" of pull requests' : ''}.`,
      'Press "Create". Some releases do not sign "Test connection", so the farm refuses this test: push instead.',
    ],
  }),
  // https://man.sr.ht/graphql.md; git.sr.ht has no page for webhooks.
  sourcehut: ({ address }) => ({
    steps: [
      'Webhooks have no page on git.sr.ht. Open its GraphQL playground at https://git.sr.ht/graphql.',
      'Find the number of the repository with: query { me { repository(name: "NAME") { id } } }.',
      'Run the mutation below with this number in the place of ID.',
      `The operator of the farm adds the public key of sr.ht to SOURCEHUT_WEBHOOK_KEYS, or to a variable of webhook-secrets: ${sourcehutKey} (another instance has another key).`,
      'A push shows that it works. sourcehut does not name a deleted branch, so only polling finds it.',
    ],
    copy: `mutation { createGitWebhook(config: { repositoryID: ID, url: ${JSON.stringify(address)}, events: [GIT_POST_RECEIVE], query: ${JSON.stringify(sourcehutQuery)} }) { id } }`,
  }),
  generic: ({ address, secret }) => ({
    steps: [
      `Send a POST request to ${address} with "Content-Type: application/json".`,
      'The body is {"project": "NAME"}, and can also have "branch" or "commit". An envelope {"type", "timestamp", "data"} is accepted too.',
      `Sign it as Standard Webhooks says (https://www.standardwebhooks.com) with ${secret}.`,
      'To test it, send {"type": "ping", "timestamp": "2026-11-30T00:00:00Z"} with a signature.',
    ],
  }),
}

function giteaSteps({ address, secret, pullRequests }: SetUpFor, name: string, pulls: string[]): string[] {
  const events = listOf(['"Push"', '"Delete"', ...(pullRequests ? pulls : [])])
  return [
    `On the page of the repository, open "Settings", "Webhooks", press "Add Webhook", and choose "${name}".`,
    `Set "Target URL" to ${address}.`,
    'Leave "HTTP Method" at "POST", and "POST Content Type" at "application/json".',
    `Set "Secret" to ${secret}.`,
    `Under "Trigger On", choose "Custom Events…", and select ${events}.`,
    `Press "Add Webhook". ${testDelivery}`,
    `If ${name} may not send to the address of the farm, its administrator adds the host to ALLOWED_HOST_LIST under [webhook] in app.ini.`,
  ]
}

/** The test delivery of Gitea, Forgejo and Gogs is a push of the newest commit. */
const testDelivery =
  'To test it, press "Test Delivery" on the page of the webhook. It reports the newest commit as a push, so the farm builds this commit if it has not built it yet.'

const listOf = (words: string[]): string => `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
