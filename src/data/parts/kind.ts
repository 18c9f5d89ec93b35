/** What a data type of ours is called: its kind, its generation, and the names of 0.1. */
import type { DataType } from '../../core/DataType.js'

/** Options of every `of`. */
export interface Named {
  /** See {@link DataType.version}. */
  readonly version?: string
  /** Names that 0.1 gave this data type under another codec: see {@link DataType.formerly}. */
  readonly formerly?: ReadonlyArray<string>
}

/**
 * The members of a data type that name it. 0.1 called it by its codec too, as in `Model<number>`.
 */
export const kind = (
  name: string,
  codec: string,
  { version, formerly = [] }: Named,
): Pick<DataType<never, never>, 'name' | 'version' | 'formerly' | 'anyOrder'> => ({
  name,
  anyOrder: true,
  ...(version !== undefined && { version }),
  formerly: [...formerly, `${name}<${codec}>`],
})
