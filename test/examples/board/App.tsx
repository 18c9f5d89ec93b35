import { useMemo, useState, type FocusEvent } from 'react'
import { useReplica } from 'scuttlebutt-ts/react'
import { createStore, part } from 'scuttlebutt-ts/store'
import type { UndoManager } from 'scuttlebutt-ts/undo'
import { board, type Change } from './board.js'
import { Columns } from './components/Columns.js'
import { Header } from './components/Header.js'
import { History } from './components/History.js'
import { NotesPanel } from './components/NotesPanel.js'
import { tell } from './people.js'
import type { Desk } from './sync.js'
import type { Version, Versions } from './versions.js'
import { ViewContext, type View } from './View.js'

interface Props {
  readonly desk: Desk
  readonly undo: UndoManager<Change>
  readonly versions: Versions
}

const NONE: ReadonlySet<string> = new Set()

export const App = ({ desk, undo, versions }: Props) => {
  const { store, people } = desk
  const [past, setPast] = useState<Version>()
  const [said, say] = useState('')
  // a store goes on from any replica, so the page shows an old one as it shows that of now
  const shown = useMemo(
    () => (past === undefined ? store : createStore(board, past.replica.id, { replica: past.replica })),
    [store, past],
  )
  const parts = useMemo(() => ({ rows: part(shown, 'rows'), notes: part(shown, 'notes') }), [shown])
  const now = useReplica(store)
  const patches = useMemo(() => {
    if (past === undefined) return []
    // only the states count in a difference
    return board.diff({ ...past.replica, state: now })(past.replica)
  }, [past, now])
  const view: View = useMemo(() => {
    const ids = patches.flatMap(({ at: [name, id] }) => (name === 'rows' && id !== undefined ? [String(id)] : []))
    return { ...parts, isPast: past !== undefined, differing: ids.length > 0 ? new Set(ids) : NONE, people, say }
  }, [parts, past, patches, people])

  const onFocus = ({ target }: FocusEvent<HTMLElement>): void => {
    tell(people, { at: target.closest<HTMLElement>('[data-place]')?.dataset['place'] ?? null })
  }
  return (
    <ViewContext value={view}>
      <Header desk={desk} />
      <History store={store} undo={undo} versions={versions} patches={patches} past={past} setPast={setPast} />
      <main
        className="board"
        data-past={past !== undefined}
        onFocus={onFocus}
        onBlur={() => {
          tell(people, { at: null, caret: null })
        }}
      >
        <Columns />
        <NotesPanel />
      </main>
      <p role="status" aria-live="polite" className="unseen">
        {said}
      </p>
    </ViewContext>
  )
}
