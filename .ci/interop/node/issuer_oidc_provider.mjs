// oidc-provider: access tokens that are JWTs (RFC 9068), for a client by its own credentials. Its keys
// are rotated as its users do: it starts again with others, on the same port.

import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { ALGORITHMS, serve, versionOf } from './lines.mjs'

const SUBJECT = 'job-42' // a client is the subject of its own token
const SECRET = 'of a client on loopback'
const RESOURCE = 'https://resource.example/'

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
let audience // of the token that is being made
let handler

const server = createServer((request, response) => handler(request, response))
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const issuer = `http://127.0.0.1:${server.address().port}`

function start() {
  const provider = new Provider(issuer, {
    jwks: { keys: generations.flat() },
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
        getResourceServerInfo: (_, resource) => ({
          audience,
          scope: '',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: resource.slice(RESOURCE.length) } },
        }),
      },
    },
    ttl: { ClientCredentials: 3600 },
  })
  handler = provider.callback()
}
start()

const software = 'oidc-provider'
await serve(
  { software, version: versionOf(software), issuer, algorithms: ALGORITHMS },
  {
    async token(order) {
      audience = order.audience
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${btoa([SUBJECT, SECRET].map(encodeURIComponent).join(':'))}`,
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: RESOURCE + order.algorithm,
        }),
      })
      const answer = await response.json()
      if (!response.ok) throw new Error(JSON.stringify(answer))
      return { token: answer.access_token }
    },
    async rotate() {
      generations = [await generation(), ...generations]
      start()
      return {}
    },
    async revoke() {
      generations = [await generation(), ...generations.slice(1)]
      start()
      return {}
    },
  },
)
