/** All rows: those with goals first. */
import type { Row } from '../harness.js'
import * as edge from './edge.js'
import * as history from './history.js'
import * as overwritten from './overwritten.js'
import * as S1 from './S1.js'
import * as S2 from './S2.js'
import * as S3 from './S3.js'
import * as S4 from './S4.js'
import * as S5 from './S5.js'
import * as S6 from './S6.js'
import * as S6b from './S6b.js'
import * as S8 from './S8.js'
import * as sources from './sources.js'

/** The rows of a module; none if it imports what an older build lacks: see `--against`. */
const rowsOf = async (load: () => Promise<{ readonly rows: ReadonlyArray<Row> }>): Promise<ReadonlyArray<Row>> => {
  try {
    return (await load()).rows
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}

export const rows: ReadonlyArray<Row> = [
  S1.row,
  S2.row,
  S3.row,
  S4.row,
  ...S5.rows,
  ...S6.rows,
  ...S6b.listRows,
  ...S8.rows,
  ...(await rowsOf(() => import('./S11.js'))),
  ...(await rowsOf(() => import('./T.js'))),
  edge.row,
  overwritten.row,
  history.row,
  ...sources.rows,
]
