/** Replicas that answer by promises, as a subject that asks for its answers. */
import type * as fc from 'fast-check'
import type { SourceId } from '../../core/Update.js'
import type { Answers, MaybeLater } from '../Answers.js'
import type { Lawful } from '../model/Law.js'
import type { Nth, Quality, Restarted, Sides, Where } from '../model/Subject.js'
import { view } from '../model/show.js'
import { opaqueReplicas } from './forms.js'
import type { Hearing } from './options.js'

/**
 * As `Opaque`, and what the replicas do may take its time. The next step of a network begins
 * when the one before has answered: an answer that comes before all is done breaks laws.
 */
export type OpaqueLater<R, C, M> = HearingLater<R, C, M> &
  (Required<Pick<TellingLater<R, M>, 'send'>> | Required<Pick<TellingLater<R, M>, 'told'>>) &
  TellingLater<R, M>

/** How messages come out of a replica, later. */
export interface TellingLater<R, M> {
  readonly send?: (peer: R) => (replica: R) => MaybeLater<M | undefined>
  readonly told?: (replica: R) => MaybeLater<M | undefined>
}

/** What every replica does later, whatever it tells. */
export interface HearingLater<R, C, M> extends Omit<
  Hearing<R, C, M>,
  'create' | 'local' | 'receive' | 'save' | 'load' | 'show' | 'same' | 'equals' | 'qualities'
> {
  readonly create: (id: SourceId, nth: Nth) => MaybeLater<R>
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- in place: void
  readonly local: (command: C, where: Where) => (replica: R) => MaybeLater<R | void>
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- as above
  readonly receive: (message: M, where: Where) => (replica: R) => MaybeLater<R | void>
  readonly save?: (replica: R) => unknown
  readonly load?: (saved: unknown, id: SourceId, nth: Restarted) => MaybeLater<R>
  readonly show: (replica: R) => unknown
  readonly same?: Readonly<Record<string, (replica: R) => unknown>>
  readonly equals?: (a: R, b: R) => MaybeLater<boolean>
  readonly qualities?: ReadonlyArray<QualityLater<R, C, M>>
}

/** As {@link Quality}, and its answers may take their time. */
export interface QualityLater<R, C, M> extends Omit<Quality<R, C, M>, 'afterLocal' | 'atEnd'> {
  readonly afterLocal?: (...asked: Parameters<NonNullable<Quality<R, C, M>['afterLocal']>>) => MaybeLater<boolean>
  readonly atEnd?: (...asked: Parameters<NonNullable<Quality<R, C, M>['atEnd']>>) => MaybeLater<boolean | Sides>
}

export const asking = <R, C, M>(
  type: HearingLater<R, C, M> & TellingLater<R, M>,
  answers: Answers,
): Lawful<R, C, M> => {
  const { create, local, send, told, receive, save, load, show, same, command, equals, qualities, ...rest } = type
  const asked =
    <A extends ReadonlyArray<unknown>, B>(name: string, f: (...args: A) => MaybeLater<B>) =>
    (...args: A): B =>
      answers.ask(name, () => f(...args))
  const subject = opaqueReplicas<R, C, M>({
    ...rest,
    create: asked('create', create),
    local: (made: C, where: Where) => asked('local', local(made, where)),
    ...(send !== undefined && { send: (peer: R) => asked('send', send(peer)) }),
    ...(told !== undefined && { told: asked('told', told) }),
    receive: (message: M, where: Where) => asked('receive', receive(message, where)),
    ...(save !== undefined && { save: asked('save', save) }),
    ...(load !== undefined && { load: asked('load', load) }),
    show: asked('show', show),
    // asked once a run: when the run comes by again, the replica is another
    command: typeof command === 'function' ? asked<[R], fc.Arbitrary<C>>('command', command) : command,
    ...(equals !== undefined && { equals: asked('equals', equals) }),
    ...(same !== undefined && {
      same: Object.fromEntries(Object.entries(same).map(([name, way]) => [name, asked(name, way)])),
    }),
    ...(qualities !== undefined && {
      qualities: qualities.map(({ afterLocal, atEnd, ...one }) => ({
        ...one,
        ...(afterLocal && { afterLocal: asked(one.name, afterLocal) }),
        ...(atEnd && { atEnd: asked(one.name, atEnd) }),
      })),
    }),
  })
  // asked once: when the run comes by again, the message may have been written into
  return { ...subject, viewOfMessage: asked('the text of a message', view) }
}
