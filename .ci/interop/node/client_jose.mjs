// jose: `createRemoteJWKSet` as it is by default, and `jwtVerify`.

import { createRemoteJWKSet, jwtVerify } from 'jose'
import { verifier } from './lines.mjs'

const sets = new Map()

async function setOf(issuer) {
  if (!sets.has(issuer)) {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`)
    const metadata = await response.json()
    if (metadata.issuer !== issuer) throw new Error('another issuer')
    sets.set(issuer, createRemoteJWKSet(new URL(metadata.jwks_uri)))
  }
  return sets.get(issuer)
}

await verifier('jose', async (issuer, audience, token) => {
  const options = { issuer, audience, requiredClaims: ['sub', 'exp', 'iat'] }
  return (await jwtVerify(token, await setOf(issuer), options)).payload
})
