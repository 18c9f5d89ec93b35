/** All that is measured. */
import type { Row } from '../harness.js'
import * as family from './family.js'
import * as memory from './memory.js'
import * as reconcile from './reconcile.js'
import * as sync from './sync.js'
import * as updates from './updates.js'

export const rows: ReadonlyArray<Row> = [reconcile.row, ...updates.rows, ...sync.rows, ...family.rows, ...memory.rows]
