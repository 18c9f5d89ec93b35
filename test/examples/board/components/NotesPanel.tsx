import { useEffect, useRef } from 'react'
import { Text } from 'scuttlebutt-ts'
import { useReplica } from 'scuttlebutt-ts/react'
import { bindTextarea } from '../../text/textarea.js'
import { NOTES, tell } from '../people.js'
import { useOthersAt, useView } from '../View.js'
import { Faces } from './Faces.js'

export const NotesPanel = () => {
  const { isPast } = useView()
  const here = useOthersAt(NOTES)
  return (
    <section className="notes" data-place={NOTES} aria-labelledby="title notes">
      <h2 id="title notes">
        Notes <Faces people={here} />
      </h2>
      <div className="sheet">
        {isPast ? <OldText /> : <LiveText />}
        <Carets />
      </div>
    </section>
  )
}

const LiveText = () => {
  const { notes, people } = useView()
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => bindTextarea(notes, area.current!), [notes])
  const tellCaret = (): void => {
    const caret = Text.cursorAt(area.current!.selectionEnd, -1)(notes.getReplica().state)
    tell(people, { at: NOTES, caret })
  }
  return <textarea ref={area} aria-label="Notes" placeholder="Write together" spellCheck={false} onSelect={tellCaret} />
}

const OldText = () => <textarea aria-label="Notes" readOnly value={useReplica(useView().notes, Text.toString)} />

/**
 * The same text, unseen, in the same place, with the carets of the others in it. It also gives the
 * sheet its height.
 */
const Carets = () => {
  const { notes } = useView()
  const state = useReplica(notes)
  const text = Text.toString(state)
  const carets = useOthersAt(NOTES)
    .flatMap((person) => {
      const offset = person.caret && Text.offsetOf(person.caret)(state)
      return offset?._tag === 'Some' ? [{ ...person, offset: offset.value }] : []
    })
    .sort((a, b) => a.offset - b.offset)
  return (
    <div className="carets" aria-hidden="true">
      {carets.map(({ name, hue, offset }, i) => (
        <span key={i}>
          {text.slice(carets[i - 1]?.offset ?? 0, offset)}
          <span className="caret" data-name={name} style={{ background: `hsl(${String(hue)} 60% 45%)` }} />
        </span>
      ))}
      {text.slice(carets.at(-1)?.offset ?? 0)}
      {/* a line end that comes last has no height without something after it */}
      {'\u200b'}
    </div>
  )
}
