import { useEffect, useRef } from 'react'
import { Text } from 'scuttlebutt-ts'
import { useReplica } from 'scuttlebutt-ts/react'
import { bindTextarea } from '../../text/textarea.js'
import type { Notes } from '../board.js'
import { NOTES } from '../people.js'
import { useOthersAt, useView } from '../View.js'
import { Faces } from './Faces.js'

export const NotesPanel = () => {
  const { notes, isPast } = useView()
  const here = useOthersAt(NOTES)
  return (
    <section className="notes" data-place={NOTES} aria-labelledby="title notes">
      <h2 id="title notes">
        Notes <Faces people={here} />
      </h2>
      {isPast ? <OldText notes={notes} /> : <LiveText notes={notes} />}
    </section>
  )
}

const LiveText = ({ notes }: { readonly notes: Notes }) => {
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => bindTextarea(notes, area.current!), [notes])
  return <textarea ref={area} aria-label="Notes" placeholder="Write together" spellCheck={false} />
}

const OldText = ({ notes }: { readonly notes: Notes }) => (
  <textarea aria-label="Notes" readOnly value={useReplica(notes, Text.toString)} />
)
