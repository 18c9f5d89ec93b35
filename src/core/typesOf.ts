/** Names for the types of one data type, so that a program need not write them out. */
import type { Type } from 'io-ts'
import type { Command } from './DataType.js'
import type { Message } from './reconcile.js'
import type { Replica } from './Replica.js'

/** The data type of a record that `scuttlebutt` returned; any other `T` itself. */
type DataTypeOf<T> = T extends { readonly dataType: infer D } ? D : T

/**
 * The state of a `scuttlebutt(…)`, or of a data type.
 *
 * @example
 * import * as t from 'io-ts'
 * const app = scuttlebutt(Model.of(t.number))
 * type State = StateOf<typeof app> // Model.State<number>
 * const count = (state: State) => Model.size(state)
 * count(app.create('ann').state) // => 0
 */
export type StateOf<T> = DataTypeOf<T> extends { readonly empty: infer S } ? S : never

/**
 * The change of a `scuttlebutt(…)`, or of a data type: the first member of its updates.
 *
 * @example
 * import * as t from 'io-ts'
 * const app = scuttlebutt(Model.of(t.number))
 * const change: ChangeOf<typeof app> = ['x', 1]
 * app.dataType.change.is(change) // => true
 */
export type ChangeOf<T> = DataTypeOf<T> extends { readonly change: Type<infer C, unknown, unknown> } ? C : never

/**
 * The replica of a `scuttlebutt(…)`, or of a data type.
 *
 * @example
 * import * as t from 'io-ts'
 * const app = scuttlebutt(Model.of(t.number))
 * const keysOf = ({ state }: ReplicaOf<typeof app>) => Model.keys(state)
 * keysOf(app.create('ann')) // => []
 */
export type ReplicaOf<T> = Replica<StateOf<T>, ChangeOf<T>>

/**
 * The message that two replicas of a `scuttlebutt(…)`, or of a data type, exchange.
 *
 * @example
 * import { option as O } from 'fp-ts'
 * import * as t from 'io-ts'
 * const app = scuttlebutt(Model.of(t.number))
 * const first: MessageOf<typeof app> = { digest: app.digest(app.create('ann')), updates: [] }
 * app.reconcile(first)(app.create('ben'))[1] // => O.none
 */
export type MessageOf<T> = Message<ChangeOf<T>>

/**
 * The command of a `scuttlebutt(…)`, or of a data type, that fails with `Err`.
 *
 * @example
 * import * as t from 'io-ts'
 * const app = scuttlebutt(Model.of(t.number))
 * const command: CommandOf<typeof app> = Model.set('x', 1)
 * app.change(command, 1000)(app.create('ann'))._tag // => 'Right'
 */
export type CommandOf<T, Err = never> = Command<StateOf<T>, ChangeOf<T>, Err>
