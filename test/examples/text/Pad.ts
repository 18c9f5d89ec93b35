import type { Store } from '../../../src/adapters/store.js'
import type { Text } from '../../../src/index.js'

/** A store of a text, also the part of a bucket. */
export type Pad = Store<Text.State, Text.Change>
