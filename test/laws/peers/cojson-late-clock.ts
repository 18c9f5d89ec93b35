/**
 * cojson: an item is put after another, by a clock that is a millisecond behind the one that the
 * other was written by. It is lost at once, at its writer too, for ever.
 *
 * Promised: "Appends `item` after the item currently at index `after`" (RawCoList.append).
 */
import { LocalNode } from 'cojson'
import { NapiCrypto } from 'cojson/crypto/NapiCrypto'

const { now } = Date
const crypto = await NapiCrypto.create()
const secret = crypto.newRandomAgentSecret()
const group = new LocalNode(secret, `${crypto.getAgentID(secret)}_session_z1`, crypto).createGroup()
const list = group.createList()
const text = group.createPlainText()
const time = now() + 1000
Date.now = () => time
list.append('first')
text.insertBefore(0, 'a')
Date.now = () => time - 1
list.append('second')
text.insertAfter(0, 'b')
Date.now = now

export const library = 'cojson'
export const found = [list.toJSON(), text.toString()]
export const faulty = [['first'], 'a']
export const right = [['first', 'second'], 'ab']
