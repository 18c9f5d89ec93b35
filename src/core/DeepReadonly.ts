/** The type of a frozen value. Queries return such values. */

/**
 * `T` with every array, tuple and plain object in it readonly, at any depth. It is idempotent.
 *
 * `unknown`, primitives, functions, brands, `Date`, `Map` and class instances stay as they are. An
 * object counts as plain if its members are named by strings or numbers, all of them public, and
 * none of them a function: JSON has no other objects.
 */
export type DeepReadonly<T> = T extends Atom ? T : OfObject<T>

/** Primitives, branded ones too, and functions. */
type Atom = string | number | bigint | boolean | symbol | null | undefined | AnyFunction

type AnyFunction = (...args: never[]) => unknown

/**
 * An object with private members stays as it is. `infer` is there for the variance: with it the
 * compiler compares instances by structure, so that `State<string>` is a `State<unknown>`.
 */
type OfObject<T> =
  Copy<T> extends infer Public
    ? Public extends T
      ? T extends readonly [...infer Items]
        ? ReadonlyItems<T, Items>
        : IsPlain<T> extends true
          ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
          : T
      : T
    : never

/** The public members. An object with private members differs from it. */
type Copy<T> = { [Key in keyof T]: T[Key] }

/** An array or a tuple with a brand, or with members of its own, stays as it is. */
type ReadonlyItems<T, Items extends ReadonlyArray<unknown>> = Items extends T ? ReadonlyList<Items> : T

type ReadonlyList<Items extends ReadonlyArray<unknown>> = Items[number][] extends Items
  ? ReadonlyArray<DeepReadonly<Items[number]>>
  : { readonly [Index in keyof Items]: DeepReadonly<Items[Index]> }

/** Whether all members have names that JSON can carry, and none is a function. */
type IsPlain<T> = [keyof T] extends [never]
  ? false
  : keyof T extends string | number
    ? [Extract<T[keyof T], AnyFunction>] extends [never]
      ? true
      : false
    : false
