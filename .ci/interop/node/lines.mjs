// A program that is asked by JSON lines: what all clients and issuers here have in common.
//
// The first line that it writes says who it is. Then each line read is an object whose member `do`
// names the order, and each line written is the answer.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const write = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`)

// Every algorithm that has a name with us.
export const ALGORITHMS = [
  ...['ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'],
  ...['PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'],
]

// The version of an installed package.
export const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version

// Answers until standard input ends. `orders` are functions by the name in `do`.
export async function serve(ready, orders) {
  write(ready)
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line)
    try {
      write(await orders[order.do](order))
    } catch (error) {
      write({ error: `${error.stack}` })
    }
  }
  process.exit(0)
}

// A relying party: `verify(issuer, audience, token)` gives the claims, or throws.
export const verifier = (software, verify) =>
  serve(
    { software, version: versionOf(software) },
    {
      async verify({ issuer, audience, token }) {
        try {
          return { ok: true, subject: (await verify(issuer, audience, token)).sub }
        } catch (error) {
          return { ok: false, why: `${error.name}: ${error.message} ${error.cause ?? ''}` }
        }
      },
      later,
    },
  )

// Moves the clock that caches and claims go by.
function later({ seconds }) {
  const now = Date.now
  Date.now = () => now() + seconds * 1000
  return {}
}
