import type { createStore } from '../../../src/adapters/store.js'
import type { Text } from '../../../src/index.js'

/** A store of a text. */
export type Pad = ReturnType<typeof createStore<Text.State, Text.Change>>
