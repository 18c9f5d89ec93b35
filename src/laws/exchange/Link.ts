/** A link between two devices: a session at each end, and the lines on their way. */
import type { either as E } from 'fp-ts'
import * as Lines from '../../wire/lines/Lines.js'
import { MAX_LINE } from '../../wire/Policy.js'
import * as Session from '../../wire/Session.js'
import type { WireMessage } from '../../wire/WireMessage.js'
import type { Refusing } from '../model/Exchange.js'
import * as Device from './Device.js'

type Side = 0 | 1

export interface Link<C> {
  /** The devices at its ends, by number. */
  readonly who: readonly [number, number]
  readonly sessions: readonly [Session.Session<C>, Session.Session<C>]
  /** The lines on their way to each end. */
  readonly lines: readonly [ReadonlyArray<string>, ReadonlyArray<string>]
}

export const open = <S, C>(who: readonly [number, number], { program }: Device.Device<S, C>): Link<C> => {
  const session = Session.open<C>({ kind: program.dataType })
  return { who, sessions: [session, session], lines: [[], []] }
}

const replaced = <A>([a, b]: readonly [A, A], side: Side, one: A): readonly [A, A] => (side === 0 ? [one, b] : [a, one])

const other = (side: Side): Side => (side === 0 ? 1 : 0)

/** One end says what it has to say: at most so many messages. */
export const say = <S, C>(link: Link<C>, side: Side, device: Device.Device<S, C>, most: number): Link<C> => {
  const { session, send } = Session.send<C>(most)(link.sessions[side], device.replica)
  if (send.length === 0 && session === link.sessions[side]) return link
  const written = send.map(device.program.encodeLine)
  return {
    ...link,
    sessions: replaced(link.sessions, side, session),
    lines: replaced(link.lines, other(side), [...link.lines[other(side)], ...written]),
  }
}

/** The link without its next line to one end; damaged: with that line cut short. */
export const harmed = <C>(link: Link<C>, side: Side, harm: 'lost' | 'damaged'): Link<C> => {
  const [first, ...rest] = link.lines[side]
  if (first === undefined) return link
  const left = harm === 'lost' ? rest : [`${first.slice(0, -3)}\n`, ...rest]
  return { ...link, lines: replaced(link.lines, side, left) }
}

/** One end hears its next line. Undefined once the session has failed. */
export const hear = <S, C>(
  link: Link<C>,
  side: Side,
  device: Device.Device<S, C>,
  refuses: Refusing | undefined,
): readonly [Link<C> | undefined, Device.Device<S, C>] => {
  const [first, ...rest] = link.lines[side]
  if (first === undefined) return [link, device]
  const { program } = device
  const policy = Device.policyOf(refuses)
  const [complete] = Lines.push(first, policy.maxBytes ?? MAX_LINE)(Lines.empty)
  const decode = program.decodeLine(policy)
  const messages = complete.map((line): E.Either<Session.SessionError, WireMessage<C>> =>
    line._tag === 'Left' ? line : decode(line.right),
  )
  const heard = Session.receive(program.dataType)(messages)(link.sessions[side], device.replica)
  let { session } = heard
  let next = device
  for (const { batch, vouching } of heard.brought) {
    const believed = session.hearing.hasRefused ? 'nobody' : vouching
    next = Device.take(next, batch, believed, (rejection) => {
      session = Session.told(rejection)(session)
    })
  }
  const left = { ...link, sessions: replaced(link.sessions, side, session), lines: replaced(link.lines, side, rest) }
  return [session.failed ? undefined : left, next]
}

export const isSilent = ({ lines }: Link<unknown>): boolean => lines[0].length + lines[1].length === 0
