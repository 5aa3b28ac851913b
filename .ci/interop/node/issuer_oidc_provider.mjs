// oidc-provider: access tokens that are JWTs (RFC 9068), for a client by its own credentials. Its keys
// are rotated as its users do: the process that is the provider ends, and another one begins on the same
// port, with other keys.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { ALGORITHMS, serve, versionOf } from './lines.mjs'

const SUBJECT = 'job-42' // a client is the subject of its own token
const SECRET = 'of a client on loopback'

// What a token is for: https://resource.example/ALGORITHM?AUDIENCE
const resourceOf = ({ algorithm, audience }) =>
  `https://resource.example/${algorithm}?${encodeURIComponent(audience)}`
const orderOf = ({ pathname, search }) => ({
  algorithm: pathname.slice(1),
  audience: decodeURIComponent(search.slice(1)),
})

// The process that is the provider, until the one that has started it has ended.
async function provide({ keys, port }) {
  let handler
  const server = createServer((request, response) => handler(request, response))
  await new Promise((listening) => server.listen(port, '127.0.0.1', listening))
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: [
      {
        client_id: SUBJECT,
        client_secret: SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => {
          const { algorithm, audience } = orderOf(new URL(resource))
          const jwt = { sign: { alg: algorithm } }
          return { audience, scope: '', accessTokenFormat: 'jwt', jwt }
        },
      },
    },
    ttl: { ClientCredentials: 3600 },
  })
  handler = provider.callback()
  process.send({ port: server.address().port })
}

// The process that is asked.
async function ask() {
  let made = 0

  async function generation() {
    made += 1
    const make = async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true })
      return { ...(await exportJWK(privateKey)), kid: `${alg}-${made}`, alg, use: 'sig' }
    }
    return Promise.all(ALGORITHMS.map(make))
  }

  // It signs with the first key of an algorithm, so the newest generation comes first.
  let generations = [await generation()]
  let port = 0
  let provider

  async function start() {
    // Standard output is for answers.
    provider = fork(fileURLToPath(import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    provider.send({ keys: generations.flat(), port })
    const ended = once(provider, 'exit').then(() => [{}])
    const [said] = await Promise.race([once(provider, 'message'), ended])
    if (!said.port) throw new Error('the provider has ended')
    port = said.port
  }

  async function startAgain() {
    const ended = once(provider, 'exit')
    provider.kill('SIGKILL')
    await ended
    await start()
    return {}
  }

  await start()
  const issuer = `http://127.0.0.1:${port}`
  const software = 'oidc-provider'
  await serve(
    { software, version: versionOf(software), issuer, algorithms: ALGORITHMS },
    {
      async token(order) {
        const response = await fetch(`${issuer}/token`, {
          method: 'POST',
          headers: {
            authorization: `Basic ${btoa([SUBJECT, SECRET].map(encodeURIComponent).join(':'))}`,
          },
          body: new URLSearchParams({ grant_type: 'client_credentials', resource: resourceOf(order) }),
        })
        const answer = await response.json()
        if (!response.ok) throw new Error(JSON.stringify(answer))
        return { token: answer.access_token }
      },
      async rotate() {
        generations = [await generation(), ...generations]
        return startAgain()
      },
      async revoke() {
        generations = [await generation(), ...generations.slice(1)]
        return startAgain()
      },
    },
  )
}

if (process.send) {
  process.once('message', provide)
  process.once('disconnect', () => process.exit())
} else {
  await ask()
}
