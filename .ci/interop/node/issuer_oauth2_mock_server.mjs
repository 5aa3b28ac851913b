// oauth2-mock-server: its own keys, documents and tokens. A key is revoked by starting it again on the
// same port without it.

import { OAuth2Server } from 'oauth2-mock-server'
import { ALGORITHMS, serve, versionOf } from './lines.mjs'

const kids = {} // of the keys that sign, by algorithm
let server = new OAuth2Server()

async function generate() {
  for (const alg of ALGORITHMS) kids[alg] = (await server.issuer.keys.generate(alg)).kid
  return {}
}

await generate()
await server.start(0, '127.0.0.1')
const { port } = server.address()
const software = 'oauth2-mock-server'

await serve(
  { software, version: versionOf(software), issuer: server.issuer.url, algorithms: ALGORITHMS },
  {
    async token({ algorithm, subject, audience }) {
      const scopesOrTransform = (header, payload) =>
        Object.assign(payload, { sub: subject, aud: audience })
      return { token: await server.issuer.buildToken({ kid: kids[algorithm], scopesOrTransform }) }
    },
    rotate: generate,
    async revoke() {
      const revoked = new Set(Object.values(kids))
      const kept = server.issuer.keys.toJSON(true).filter(({ kid }) => !revoked.has(kid))
      await server.stop()
      server = new OAuth2Server()
      for (const key of kept) await server.issuer.keys.add(key)
      await generate()
      await server.start(port, '127.0.0.1')
      return {}
    },
  },
)
