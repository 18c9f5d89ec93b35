/** Replicas that answer by promises, as a subject that asks for its answers. */
import type * as fc from 'fast-check'
import type { SourceId } from '../../core/Update.js'
import type { Answers } from '../Answers.js'
import type { Lawful } from '../model/Law.js'
import type { Nth, Restarted, Where } from '../model/Subject.js'
import { opaque, type Opaque } from './forms.js'

/** A value, or a promise of it. */
export type MaybeLater<A> = A | Promise<A>

/**
 * As {@link Opaque}, and what the replicas do may take its time. The next step of a network begins
 * when the one before has answered: an answer that comes before all is done breaks laws.
 */
export interface OpaqueLater<R, C, M> extends Omit<
  Opaque<R, C, M>,
  'create' | 'local' | 'send' | 'told' | 'receive' | 'save' | 'load' | 'show' | 'same'
> {
  readonly create: (id: SourceId, nth: Nth) => MaybeLater<R>
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- in place: void
  readonly local: (command: C, where: Where) => (replica: R) => MaybeLater<R | void>
  readonly send?: (peer: R) => (replica: R) => MaybeLater<M | undefined>
  readonly told?: (replica: R) => MaybeLater<M | undefined>
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- as above
  readonly receive: (message: M, where: Where) => (replica: R) => MaybeLater<R | void>
  readonly save?: (replica: R) => unknown
  readonly load?: (saved: unknown, id: SourceId, nth: Restarted) => MaybeLater<R>
  readonly show: (replica: R) => unknown
  readonly same?: Readonly<Record<string, (replica: R) => unknown>>
}

export const asking = <R, C, M>(
  { create, local, send, told, receive, save, load, show, same, command, equals, ...rest }: OpaqueLater<R, C, M>,
  answers: Answers,
): Lawful<R, C, M> => {
  const asked =
    <A extends ReadonlyArray<unknown>, B>(f: (...args: A) => MaybeLater<B>) =>
    (...args: A): B =>
      answers.ask(() => f(...args))
  return opaque<R, C, M>({
    ...rest,
    create: asked(create),
    local: (made: C, where: Where) => asked(local(made, where)),
    ...(send !== undefined && { send: (peer: R) => asked(send(peer)) }),
    ...(told !== undefined && { told: asked(told) }),
    receive: (message: M, where: Where) => asked(receive(message, where)),
    ...(save !== undefined && { save: asked(save) }),
    ...(load !== undefined && { load: asked(load) }),
    show: asked(show),
    // what a replica was at the time: it is another when the run comes by again
    command: typeof command === 'function' ? asked<[R], fc.Arbitrary<C>>(command) : command,
    ...(equals !== undefined && { equals: asked(equals) }),
    ...(same !== undefined && {
      same: Object.fromEntries(Object.entries(same).map(([name, way]) => [name, asked(way)])),
    }),
  })
}
