// openid-client: `discovery`, and an ID token that comes with the answer of a token endpoint. Ours has
// no such endpoint, so its answers are made here; the documents are fetched from the issuer.

import * as client from 'openid-client'
import { verifier } from './lines.mjs'

const TOKEN_ENDPOINT = 'https://token-endpoint.example/'
const configurations = new Map()
let idToken

const answeringFetch = (url, options) =>
  url === TOKEN_ENDPOINT
    ? Response.json({ access_token: 'opaque', token_type: 'Bearer', id_token: idToken })
    : fetch(url, options)

async function configurationOf(issuer, clientId) {
  const key = JSON.stringify([issuer, clientId])
  if (!configurations.has(key)) {
    const execute = [client.allowInsecureRequests]
    const none = client.None()
    const found = await client.discovery(new URL(issuer), clientId, undefined, none, { execute })
    const metadata = { ...found.serverMetadata(), token_endpoint: TOKEN_ENDPOINT }
    const configuration = new client.Configuration(metadata, clientId, undefined, none)
    configuration[client.customFetch] = answeringFetch
    client.allowInsecureRequests(configuration)
    // By default it leaves the signature to the TLS of the token endpoint.
    client.enableNonRepudiationChecks(configuration)
    configurations.set(key, configuration)
  }
  return configurations.get(key)
}

await verifier('openid-client', async (issuer, audience, token) => {
  const configuration = await configurationOf(issuer, audience)
  idToken = token
  const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
  const answer = await client.genericGrantRequest(configuration, exchange, {})
  return answer.claims()
})
