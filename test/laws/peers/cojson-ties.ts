/**
 * cojson: two devices write within a millisecond. Each keeps its own value of a map, and its own
 * order of a list, for ever.
 *
 * Promised: histories give the current state "in an eventually-consistent way"
 * (jazz.tools/docs/react/schemas/covalues). Known: classic-jazz#3434 takes a tie-breaker back.
 */
import { LocalNode, type RawCoList, type RawCoMap } from 'cojson'
import { NapiCrypto } from 'cojson/crypto/NapiCrypto'

const { now } = Date
Date.now = () => 1_700_000_000_000
const crypto = await NapiCrypto.create()
const secret = crypto.newRandomAgentSecret()
const [a, b] = ['z1', 'z2'].map((name) => new LocalNode(secret, `${crypto.getAgentID(secret)}_session_${name}`, crypto))
const group = a!.createGroup()
const values = [group, group.createMap(), group.createList()] as const
const get = ({ id }: { id: string }, node: LocalNode) => node.expectCoValueLoaded(id).getCurrentContent()
const sync = (from: LocalNode, to: LocalNode): void => {
  const all = values.flatMap((value) => (get(value, from) as typeof value).core.newContentSince(undefined) ?? [])
  for (const content of all) to.syncManager.handleNewContent(content, 'import')
}

sync(a!, b!)
for (const node of [a!, b!]) {
  ;(get(values[1], node) as RawCoMap).set('x', node === a)
  ;(get(values[2], node) as RawCoList).append(node === a)
}
sync(a!, b!)
sync(b!, a!)
Date.now = now

export const library = 'cojson'
export const found: unknown = JSON.parse(
  JSON.stringify([a!, b!].map((node) => [get(values[1], node), get(values[2], node)])),
)
const kept = (x: boolean) => [{ x }, [!x, x]]
export const faulty = [kept(false), kept(true)]
export const right = [kept(false), kept(false)]
