/** All adapters. */
import { automerge } from './automerge.js'
import { cojson } from './cojson.js'
import { collabs } from './collabs.js'
import { evolu } from './evolu.js'
import { jsonJoy } from './jsonJoy.js'
import { later } from './later.js'
import { loro } from './loro.js'
import { onYjs } from './onYjs.js'
import { originals } from './originals.js'
import type { Peer } from './peer.js'
import { tinybase } from './tinybase.js'
import { yjs } from './yjs.js'

export const peers: ReadonlyArray<Peer> = [
  ...yjs,
  ...onYjs,
  ...automerge,
  ...loro,
  ...tinybase,
  ...jsonJoy,
  ...collabs,
  ...originals,
  ...later,
  ...cojson,
  ...evolu,
]
