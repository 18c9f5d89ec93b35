/** The content of a signature: an update, its document and its data type. */
import { jsonOf } from '../core/Change.js'
import type { DataType } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import type { Timestamp } from '../core/Timestamp.js'
import type { SourceId, Update } from '../core/Update.js'

export interface Statement {
  /** The document's name: the same for all its replicas, and for no other document. */
  readonly document: string
  /** The data type's name: its kind. */
  readonly dataType: string
  /** The data type's version, if it has one. */
  readonly version?: string
  readonly source: SourceId
  readonly timestamp: Timestamp
  /** The stamp of the source's update before this one, 0 for the first; if the update says it. */
  readonly previous?: Timestamp
  /** The change as JSON, as on the wire. */
  readonly change: unknown
}

/** The statement of an update. Costs as encoding the change. */
export const of = <S, C>(dataType: DataType<S, C>, document: string) => {
  const statementOf = ofJson(dataType, document)
  return (update: Update<C>): Statement => statementOf(update, jsonOf(dataType.change)(update))
}

/** The statement of an update, given its change as JSON: it may be one that cannot be read here. */
export const ofJson =
  ({ name, version }: Pick<DataType<never, never>, 'name' | 'version'>, document: string) =>
  ([, timestamp, source, , previous]: Update<unknown>, change: unknown): Statement => ({
    document,
    dataType: name,
    ...(version !== undefined && { version }),
    source,
    timestamp,
    ...(previous !== undefined && { previous }),
    change,
  })

/**
 * A statement under each name that the data type had before. 0.1 named types by their codecs, and
 * knew no versions. O(names).
 */
export const formerly =
  ({ formerly: names = [] }: Pick<DataType<never, never>, 'formerly'>) =>
  ({ document, source, timestamp, change }: Statement): ReadonlyArray<Statement> =>
    names.map((dataType) => ({ document, dataType, source, timestamp, change }))

/** The beginning of signed bytes, so that a signature for another purpose or form is not valid. */
export const DOMAIN = 'scuttlebutt-ts/1'

/** The same for a statement that says which update came before. */
export const CHAINED_DOMAIN = 'scuttlebutt-ts/2'

/**
 * The bytes that are signed: the UTF-8 of the canonical JSON (RFC 8785) of the array
 * `["scuttlebutt-ts/1", document, dataType, source, timestamp, change]`. A data type with a version
 * has `[dataType, version]` in the third place. With `previous`, it is `["scuttlebutt-ts/2",
 * document, dataType, source, timestamp, previous, change]`. O(size of the change).
 *
 * @example
 * import * as t from 'io-ts'
 * const update = [['x', 1], 1000, 'ann']
 * new TextDecoder().decode(bytes(of(Model.of(t.number), 'notes')(update)))
 * // => '["scuttlebutt-ts/1","notes","Model","ann",1000,["x",1]]'
 */
export const bytes = ({
  document,
  dataType,
  version,
  source,
  timestamp,
  previous,
  change,
}: Statement): Uint8Array<ArrayBuffer> => {
  const type = version === undefined ? dataType : [dataType, version]
  const content =
    previous === undefined
      ? [DOMAIN, document, type, source, timestamp, change]
      : [CHAINED_DOMAIN, document, type, source, timestamp, previous, change]
  return new TextEncoder().encode(Json.canonical(content))
}

/**
 * The bytes that npm `scuttlebutt` signs: `JSON.stringify([change, timestamp, source])`, without
 * the document and the type. Source: its security.js.
 */
export const legacyBytes = ({ change, timestamp, source }: Statement): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify([change, timestamp, source]))
