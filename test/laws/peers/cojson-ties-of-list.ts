/**
 * cojson: two devices write within a millisecond. Each keeps its own order of a list for ever.
 *
 * Promised: "an eventually-consistent way" (jazz.tools, covalues). Known: classic-jazz#3434.
 */
import { LocalNode, type RawCoList } from 'cojson'
import { NapiCrypto } from 'cojson/crypto/NapiCrypto'

const { now } = Date
Date.now = () => 1_700_000_000_000
const crypto = await NapiCrypto.create()
const secret = crypto.newRandomAgentSecret()
const open = (name: string) => new LocalNode(secret, `${crypto.getAgentID(secret)}_session_${name}`, crypto)
const [a, b] = [open('z1'), open('z2')]
const group = a.createGroup()
const ids = [group.id, group.createList().id] as const
const list = (node: LocalNode) => node.expectCoValueLoaded(ids[1]).getCurrentContent() as RawCoList
const sync = (from: LocalNode, to: LocalNode): void => {
  const all = ids.flatMap((id) => from.expectCoValueLoaded(id).newContentSince(undefined) ?? [])
  for (const content of all) to.syncManager.handleNewContent(content, 'import')
}
sync(a, b)
for (const node of [a, b]) list(node).append(node === a)
sync(a, b)
sync(b, a)
Date.now = now
export const library = 'cojson'
export const found = [a, b].map((node) => JSON.stringify(list(node)))
export const faulty = ['[true,false]', '[false,true]']
export const right = ['[true,false]', '[true,false]']
