/**
 * Where the insertion belongs that a command has made last. Only saves to find its units again when
 * the change comes to the same text.
 */
import type { Operation } from './Change.js'
import type { Node } from './Tree.js'

export const hint: {
  root: Node | undefined
  operation: Operation | undefined
  offset: number
  left: number
  right: number
} = {
  root: undefined,
  operation: undefined,
  offset: 0,
  left: 0,
  right: 0,
}
