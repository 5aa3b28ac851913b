// Keys made and written, and tokens made, by jose.

import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { ALGORITHMS, serve, versionOf } from './lines.mjs'

let made = 0

async function generation() {
  made += 1
  const make = async (alg) => {
    const kid = `${alg}-${made}`
    const { privateKey, publicKey } = await generateKeyPair(alg)
    return [alg, { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }]
  }
  return Object.fromEntries(await Promise.all(ALGORITHMS.map(make)))
}

// The last one signs; all are published that were not revoked.
let generations = [await generation()]
let issuer

const documents = {
  '/.well-known/openid-configuration': () => ({
    issuer,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ALGORITHMS,
  }),
  '/keys': () => ({ keys: generations.flatMap(Object.values).map(({ jwk }) => jwk) }),
}

const server = createServer((request, response) => {
  const document = documents[request.url]
  response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' })
  response.end(JSON.stringify(document ? document() : {}))
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
issuer = `http://127.0.0.1:${server.address().port}`

await serve(
  { software: 'jose', version: versionOf('jose'), issuer, algorithms: ALGORITHMS },
  {
    async token({ algorithm, subject, audience }) {
      const { kid, privateKey } = generations.at(-1)[algorithm]
      const token = new SignJWT()
        .setProtectedHeader({ alg: algorithm, kid })
        .setIssuer(issuer)
        .setSubject(subject)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime('1 hour')
      return { token: await token.sign(privateKey) }
    },
    async rotate() {
      generations = [...generations, await generation()]
      return {}
    },
    async revoke() {
      generations = [...generations.slice(0, -1), await generation()]
      return {}
    },
  },
)
