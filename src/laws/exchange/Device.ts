/** A replica, and what a device knows beside it: its program, and whether its data may be old. */
import { classify, type Batch, type Vouching } from '../../core/Arrivals.js'
import * as Clock from '../../core/Clock.js'
import type { Command } from '../../core/DataType.js'
import { brought, reply, type Message } from '../../core/reconcile.js'
import * as Receive from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import * as Sure from '../../core/Sure.js'
import type { Update } from '../../core/Update.js'
import * as Session from '../../wire/Session.js'
import type { Policy } from '../../wire/Policy.js'
import type { Refusing } from '../model/Exchange.js'
import { givingEither } from '../model/held.js'
import type { Program } from './programs.js'

export interface Device<S, C> {
  readonly program: Program<S, C>
  readonly replica: Replica<S, C>
  /**
   * It was opened on older data, and has not heard all of a peer since: of its own updates it may
   * lack some.
   */
  readonly isRestored: boolean
}

/** Without a change of the replica, the same device. */
const withReplica = <S, C>(device: Device<S, C>, replica: Replica<S, C>): Device<S, C> =>
  replica === device.replica ? device : { ...device, replica }

/** Undefined if the command is refused. */
export const write = <S, C>(
  device: Device<S, C>,
  command: Command<S, C, unknown>,
  now: number,
): readonly [Update<C>, Device<S, C>] | undefined => {
  const { program, replica, isRestored } = device
  const made = program.change(givingEither(command, 'command'), now)(replica)
  if (made._tag === 'Left') return undefined
  const [update, after] = made.right
  if (!isRestored) return [update, withReplica(device, after)]
  // peers may bring back older updates of its own
  const { id, clock } = replica
  const doubted = Clock.doubtFrom(id, Clock.sureOf(id, clock))(after.clock)
  return [update, withReplica(device, { ...after, clock: doubted })]
}

/** The limits of a device that refuses. Many updates are refused by luck. */
export const policyOf = (refuses: Refusing | undefined): Policy =>
  refuses === 'long' ? { maxBytes: LONG } : refuses === 'early' ? { now: EARLY, maxDrift: 0 } : {}

/** Few bytes, and an early clock: some updates of most schedules are beyond. */
const LONG = 24
const EARLY = 2

/** Takes a message from the mail, and gives its answer. Both are JSON. */
export const hear = <S, C>(
  device: Device<S, C>,
  mail: string,
  budget: number,
  refuses: Refusing | undefined,
): readonly [Device<S, C>, answer: string | undefined, hasRefused: boolean] => {
  const { program, replica } = device
  const decoded = program.decodeMessage(policyOf(refuses))(JSON.parse(mail))
  if (decoded._tag === 'Left') throw new Error(`a message is refused: ${JSON.stringify(decoded.left)}`)
  const message = refuses === 'many' ? withoutSome(decoded.right) : decoded.right
  const { batch, vouching } = brought(message, replica)
  const next = take(device, batch, vouching)
  const limits = budget > 0 ? { maxUpdates: budget } : {}
  const answer = reply(program.dataType, message, replica, next.replica, limits)
  const hasRefused = message.refused !== undefined
  return [next, answer._tag === 'None' ? undefined : written(program, answer.value), hasRefused]
}

/** A message as it is put into the mail. */
export const written = <S, C>({ encodeMessage }: Program<S, C>, message: Message<C>): string =>
  JSON.stringify(encodeMessage(message))

/** Every second update is refused, as by a limit of how many may come. */
const withoutSome = <C>(message: Message<C>): Message<C> => {
  const refused = message.updates.filter((_, i) => i % 2 === 0)
  if (refused.length === 0) return message
  return {
    ...message,
    updates: message.updates.filter((_, i) => i % 2 === 1),
    refused: [...(message.refused ?? []), ...refused.map((update) => ({ _tag: 'TooMany', at: '', update }))],
  }
}

/** Takes a batch, as stores do: after a restore a whole round ends the doubt of own updates. */
export const take = <S, C>(
  device: Device<S, C>,
  batch: Batch<C>,
  vouching: Vouching,
  refused: (rejection: Session.SessionError) => void = () => undefined,
): Device<S, C> => {
  const { program, replica, isRestored } = device
  const { id, clock } = replica
  const arrivals = classify(program.dataType, batch, vouching, replica)
  const received = Receive.receive(program.dataType, arrivals, replica)
  for (const rejection of Session.refusalsOf(arrivals, received, undefined)) refused(rejection)
  const isWhole = typeof vouching === 'object' && (batch.passed ?? []).length === 0 && arrivals.crowdedOut.length === 0
  const endsDoubt = isRestored && isWhole && vouching.floor <= Clock.sureOf(id, clock)
  if (!endsDoubt) return withReplica(device, received.replica)
  const settled = { ...received.replica, clock: Sure.settle([id])(received.replica.clock) }
  return { program, replica: settled, isRestored: false }
}

/** The device once another program runs on what it has. */
export const upgrade = <S, C>(device: Device<S, C>, program: Program<S, C>): Device<S, C> => ({
  ...device,
  program,
  replica: program.reread(device.replica),
})

/** The device as it opens an older version from storage. One that has seen nothing begins empty. */
export const restore = <S, C>({ program }: Device<S, C>, older: Device<S, C>): Device<S, C> => ({
  program,
  replica: program.reread(older.replica),
  isRestored: Clock.size(older.replica.clock) > 0,
})

/** An older version that catches up with the head. */
export const rewind = <S, C>(device: Device<S, C>, older: Device<S, C>): Device<S, C> => {
  const { program, replica } = device
  return { ...device, replica: program.merge(replica)(program.reread(older.replica)) }
}

export const merge = <S, C>(device: Device<S, C>, other: Device<S, C>): Device<S, C> => {
  // one process runs one program
  if (other.program !== device.program) return device
  return withReplica(device, device.program.merge(other.replica)(device.replica))
}
