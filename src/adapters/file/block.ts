/** What the lines of a block say. */
import type { either as E } from 'fp-ts'
import type { DataType } from '../../core/DataType.js'
import type { Digest } from '../../core/Digest.js'
import { left, right } from '../../core/Either.js'
import type { Update } from '../../core/Update.js'
import type { Rejection, Scuttlebutt } from '../../scuttlebutt.js'
import * as WireMessage from '../../wire/lines/format.js'
import { isMark } from './blocks.js'
import { kindOf, nameIn } from './contents.js'
import type { FileError } from './FileError.js'
import { clockLineIn, type ClockLine } from './items.js'
import type { Stretch } from './read.js'

export interface Block<C> {
  readonly updates: ReadonlyArray<Update<C>>
  readonly unread: ReadonlyArray<Update<unknown>>
  /** Whether the file is said to be of this data type. Absent if it does not say. */
  readonly isOurs?: boolean
  readonly header?: Digest
  /** What its lines say of the clock, in order. */
  readonly clockLines: ReadonlyArray<ClockLine>
  /** The block says that all before it was on the disk. */
  readonly isMarked?: true
  /** The name that a folder gave the file. */
  readonly name?: string
  /** The first update that cannot be read. */
  readonly unreadable?: { readonly offset: number; readonly rejection: Rejection }
}

export interface Reading<S, C> {
  readonly file: string
  readonly scuttlebutt: Scuttlebutt<S, C>
  /** Takes a file of another id, data type or version. */
  readonly isAdopting: boolean
}

/** Reads blocks. Errors: `OtherType`, `Rejected`. O(bytes). */
export const blockReader = <S, C>({ file, scuttlebutt, isAdopting }: Reading<S, C>) => {
  const { dataType } = scuttlebutt
  const decode = WireMessage.decode(dataType)({})
  return (stretch: Stretch): E.Either<FileError, Block<C>> => {
    const updates: Update<C>[] = []
    const unread: Update<unknown>[] = []
    const clockLines: ClockLine[] = []
    let said: Omit<Block<C>, 'updates' | 'unread' | 'clockLines'> = {}
    for (const { line, offset } of linesOf(stretch)) {
      const decoded = decode(line)
      if (decoded._tag === 'Left') return left({ _tag: 'Rejected', path: file, offset, rejection: decoded.left })
      const message = decoded.right
      if (message._tag === 'Update') updates.push(message.update)
      else if (message._tag === 'Unread') {
        said = { unreadable: { offset, rejection: rejectionOf(scuttlebutt, message.update) }, ...said }
        unread.push(message.update)
      } else if (message._tag === 'Header') said = { header: message.header, ...said }
      else if (message._tag === 'Opening') {
        const isOurs = isOfType(dataType, message)
        if (!isOurs && !isAdopting) return left({ _tag: 'OtherType', path: file, ...kindOf(message) })
        said = { isOurs, ...said }
      } else if (isMark(line, offset)) said = { ...said, isMarked: true }
      else {
        const clockLine = clockLineIn(line)
        if (clockLine !== undefined) clockLines.push(clockLine)
        const name = nameIn(line)
        if (name !== undefined) said = { ...said, name }
      }
    }
    return right({ updates, unread, clockLines, ...said })
  }
}

/** Whether a file of this kind holds the data type, under one of its names. */
const isOfType = (
  { name, version, formerly = [] }: Pick<DataType<never, never>, 'name' | 'version' | 'formerly'>,
  kind: { readonly name: string; readonly version?: string },
): boolean => (kind.name === name || formerly.includes(kind.name)) && kind.version === version

/** The rejection of an update that cannot be read. */
const rejectionOf = <S, C>({ decode }: Scuttlebutt<S, C>, update: Update<unknown>): Rejection => {
  const decoded = decode()(update)
  return decoded._tag === 'Left' ? decoded.left : { _tag: 'InvalidChange', at: '[0]', failures: [], update }
}

/** The lines of a block, each with its offset in the file. */
function* linesOf({ bytes, lines, offset }: Stretch): Generator<{ readonly line: string; readonly offset: number }> {
  for (let start = 0; start < lines;) {
    const end = bytes.indexOf(0x0a, start)
    yield { line: bytes.toString('utf8', start, end), offset: offset + start }
    start = end + 1
  }
}
