/**
 * cojson: what is put before an item of a list lands before all that was put there earlier, and not
 * next to the item.
 *
 * Promised: "Prepends `item` before the item currently at index `before`" (RawCoList.prepend).
 */
import { LocalNode } from 'cojson'
import { NapiCrypto } from 'cojson/crypto/NapiCrypto'

const crypto = await NapiCrypto.create()
const secret = crypto.newRandomAgentSecret()
const node = new LocalNode(secret, `${crypto.getAgentID(secret)}_session_z1`, crypto)
const list = node.createGroup().createList()
list.append('c')
list.prepend('a', 0)
list.prepend('b', 1)

export const library = 'cojson'
export const found = list.toJSON()
export const faulty = ['b', 'a', 'c']
export const right = ['a', 'b', 'c']
