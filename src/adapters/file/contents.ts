/** What stands in a replica's file, as lines. */
import type { Log } from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import * as WireMessage from '../../wire/lines/format.js'
import { doubtLine, lineOf, wholeDoubt, type Item } from './items.js'
import type { Contents } from './writeNew.js'

/**
 * The contents of a replica's file: the data type, its digest as the header, the name that a folder
 * gave it, then its updates. The header claims more than is there until all updates are: see
 * `items`.
 */
export const contentsOf = <S, C>(
  { dataType, digest, history, unread }: Scuttlebutt<S, C>,
  replica: () => Replica<S, C>,
  name?: string,
): Contents<Item<C>> => ({
  header: () => {
    const now = replica()
    const encode = WireMessage.encode(dataType)
    const opening = encode({ _tag: 'Opening', ...kindOf(dataType) })
    const header = encode({ _tag: 'Header', header: digest(now) })
    return opening + header + (name === undefined ? '' : nameLine(name)) + (isEmpty(now.log) ? '' : doubtLine(null))
  },
  all: () => {
    const now = replica()
    return [...history()(now), ...unread(now).map((update) => ({ unread: update }))]
  },
  line: lineOf(dataType),
  end: () => {
    const now = replica()
    return isEmpty(now.log) ? '' : wholeDoubt(now)
  },
  size: () => {
    const { size, unread } = replica().log
    return size + (unread?.log.size ?? 0)
  },
})

const isEmpty = ({ size, unread }: Log<unknown>): boolean => size === 0 && unread === undefined

/** A data type's name, and its version if it has one. */
export const kindOf = ({ name, version }: { readonly name: string; readonly version?: string }) => ({
  name,
  ...(version !== undefined && { version }),
})

const NAME = 'NAME '

const nameLine = (name: string): string => `${JSON.stringify(NAME + name)}\n`

/** The name in the first lines of a file, if there is one. */
export const nameIn = (lines: string): string | undefined => {
  const line = lines.split('\n').find((one) => one.startsWith(`"${NAME}`))
  if (line === undefined) return undefined
  try {
    return (JSON.parse(line) as string).slice(NAME.length)
  } catch {
    return undefined
  }
}
