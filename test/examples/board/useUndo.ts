import { useCallback, useReducer, useSyncExternalStore } from 'react'
import type { UndoManager } from 'scuttlebutt-ts/undo'
import type { BoardStore, Change } from './board.js'

/** What can be undone, as React sees it. */
export const useUndo = (store: BoardStore, undo: UndoManager<Change>) => {
  const subscribe = useCallback((wake: () => void) => store.subscribe(wake), [store])
  const canUndo = useSyncExternalStore(subscribe, undo.canUndo)
  const canRedo = useSyncExternalStore(subscribe, undo.canRedo)
  // a store tells of an undo before the manager has counted it
  const [, render] = useReducer((count: number) => count + 1, 0)
  const andRender = (step: () => unknown) => () => {
    step()
    render()
  }
  return { canUndo, canRedo, takeBack: andRender(undo.undo), takeForth: andRender(undo.redo) }
}
