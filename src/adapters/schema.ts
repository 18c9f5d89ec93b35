/** scuttlebutt-ts/schema: codecs of schemas, such as those of zod, valibot and arktype. */
import * as t from 'io-ts'

/** A schema by the Standard Schema specification, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type Result<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: ReadonlyArray<Issue> }

interface Issue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

/**
 * The codec of a schema, for `of` of each data type. Encodes a value as it is, so the schema must
 * accept what it makes: defaults and trimming are fine, a date made of a string is not. What it
 * makes is frozen where it is an array or a plain object.
 *
 * Errors are those of the schema, with their paths. A schema that answers by a promise refuses
 * every value, with an error that says so. Throws a `TypeError` for what is no Standard Schema.
 * Costs as the schema.
 *
 * @example
 * import { z } from 'zod'
 * const model = scuttlebutt(Model.of(schema(z.object({ done: z.boolean() }))))
 * const [update] = unwrap(model.change(Model.set('x', { done: true }), 1000)(model.create('ann')))
 * update // => [['x', { done: true }], 1000, 'ann']
 * const refused = model.decode()([['x', { done: 1 }], 1000, 'ann'])
 * refused.left.failures.at(-1).at // => '[0][1].done'
 */
export const schema = <Input, Output>(of: StandardSchema<Input, Output>): t.Type<Output, unknown, unknown> => {
  const standard = (of as Partial<typeof of>)['~standard']
  if (standard === undefined) throw new TypeError('`schema` takes a Standard Schema: this has no member "~standard"')
  const codec: t.Type<Output, unknown, unknown> = new t.Type<Output, unknown, unknown>(
    standard.vendor,
    (u): u is Output => resultOf(standard.validate(u)).issues === undefined,
    (u, context) => {
      const result = resultOf(standard.validate(u))
      if (result.issues === undefined) return t.success(result.value)
      return t.failures(result.issues.map((issue) => errorOf(issue, u, context, codec)))
    },
    t.identity,
  )
  return codec
}

/** The result; for a promise, the failure that says so. */
const resultOf = <Output>(result: Result<Output> | Promise<Result<Output>>): Result<Output> => {
  if (!('then' in result)) return result
  result.then(undefined, () => undefined) // nobody else waits for it
  return ASYNCHRONOUS
}

const ASYNCHRONOUS = { issues: [{ message: 'a schema that answers at once, without a promise' }] }

/** An issue as io-ts tells it: each key of the path is a place in the context. */
const errorOf = ({ message, path = [] }: Issue, u: unknown, context: t.Context, type: t.Any): t.ValidationError => {
  let value = u
  const places = path.map((segment) => {
    const key = typeof segment === 'object' ? segment.key : segment
    value = (value as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[key]
    return { key: String(key), type, actual: value }
  })
  return { value, context: [...context, ...places], message }
}
