import { useState, type SubmitEvent } from 'react'
import type { Column } from '../board.js'
import { put } from '../moves.js'
import { useView } from '../View.js'
import { PlusIcon } from './icons.js'

export const AddRow = ({ column }: { readonly column: Column }) => {
  const { rows, say } = useView()
  const [title, setTitle] = useState('')
  const [refusal, setRefusal] = useState<string>()
  const add = (event: SubmitEvent): void => {
    event.preventDefault()
    const trimmed = title.trim()
    if (trimmed === '') return
    const made = put(rows, { title: trimmed }, { column })
    setRefusal(made._tag === 'Left' ? made.left._tag : undefined)
    if (made._tag === 'Left') return
    setTitle('')
    say(`${trimmed}: added to ${column.title}`)
  }
  return (
    <form className="add" onSubmit={add}>
      <PlusIcon />
      <input
        id={`add ${column.name}`}
        aria-label={`Add a row to ${column.title}`}
        placeholder="Add a row"
        autoComplete="off"
        data-draft={title === '' ? undefined : true}
        value={title}
        onChange={({ target }) => {
          setTitle(target.value)
        }}
      />
      {refusal !== undefined && <p role="alert">Not added: {refusal}</p>}
    </form>
  )
}
