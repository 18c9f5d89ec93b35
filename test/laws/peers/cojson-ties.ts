/**
 * cojson: two devices write within a millisecond. Each keeps its own value of a map for ever.
 *
 * Promised: "an eventually-consistent way" (jazz.tools, covalues). Known: classic-jazz#3434.
 */
import { LocalNode, type RawCoMap } from 'cojson'
import { NapiCrypto } from 'cojson/crypto/NapiCrypto'

const { now } = Date
Date.now = () => 1_700_000_000_000
const crypto = await NapiCrypto.create()
const secret = crypto.newRandomAgentSecret()
const open = (name: string) => new LocalNode(secret, `${crypto.getAgentID(secret)}_session_${name}`, crypto)
const [a, b] = [open('z1'), open('z2')]
const group = a.createGroup()
const ids = [group.id, group.createMap().id] as const
const map = (node: LocalNode) => node.expectCoValueLoaded(ids[1]).getCurrentContent() as RawCoMap
const sync = (from: LocalNode, to: LocalNode): void => {
  const all = ids.flatMap((id) => from.expectCoValueLoaded(id).newContentSince(undefined) ?? [])
  for (const content of all) to.syncManager.handleNewContent(content, 'import')
}
sync(a, b)
for (const node of [a, b]) map(node).set('x', node === a)
sync(a, b)
sync(b, a)
Date.now = now
export const library = 'cojson'
export const found = [a, b].map((node) => JSON.stringify(map(node)))
export const faulty = ['{"x":false}', '{"x":true}']
export const right = ['{"x":false}', '{"x":false}']
