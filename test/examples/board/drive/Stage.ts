import type { Visitor } from './Visitor.js'

/** Who plays, and who takes the pictures. */
export interface Stage {
  readonly mia: Visitor
  readonly ben: Visitor
  readonly shoot: (visitor: Visitor, name: string) => Promise<unknown>
}

export const same = async ({ mia, ben }: Stage): Promise<boolean> =>
  JSON.stringify(await mia.shown()) === JSON.stringify(await ben.shown())
