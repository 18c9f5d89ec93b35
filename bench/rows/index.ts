/** All rows: those with goals first. */
import type { Row } from '../harness.js'
import * as edge from './edge.js'
import * as history from './history.js'
import * as overwritten from './overwritten.js'
import * as S1 from './S1.js'
import * as S11 from './S11.js'
import * as S2 from './S2.js'
import * as S3 from './S3.js'
import * as S4 from './S4.js'
import * as S5 from './S5.js'
import * as S6 from './S6.js'
import * as S6b from './S6b.js'
import * as S8 from './S8.js'
import * as sources from './sources.js'
import * as T from './T.js'

export const rows: ReadonlyArray<Row> = [
  S1.row,
  S2.row,
  S3.row,
  S4.row,
  ...S5.rows,
  ...S6.rows,
  ...S6b.listRows,
  ...S8.rows,
  ...S11.rows,
  ...T.rows,
  edge.row,
  overwritten.row,
  history.row,
  ...sources.rows,
]
