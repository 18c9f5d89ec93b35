import { useState, useSyncExternalStore } from 'react'
import { shallow, usePresence, useSync } from 'scuttlebutt-ts/react'
import type { Status } from 'scuttlebutt-ts/connect'
import { rename } from '../people.js'
import type { Desk } from '../sync.js'
import { Faces } from './Faces.js'

export const Header = ({ desk }: { readonly desk: Desk }) => (
  <header className="header">
    <h1>
      <span className="logo" aria-hidden="true" /> Trip to Lisbon
    </h1>
    <WhoIsHere desk={desk} />
    <Online desk={desk} />
    {desk.unkept !== undefined && <p className="unkept">Kept only while this page is open: {desk.unkept}</p>}
  </header>
)

const WhoIsHere = ({ desk: { people } }: { readonly desk: Desk }) => {
  const me = useSyncExternalStore(people.onChange, people.value)!
  const others = usePresence(people, (peers) => [...peers.values()], shallow)
  const count = others.length + 1
  return (
    <section className="here" aria-label={`${String(count)} here`}>
      <Faces people={others} />
      <Faces people={[me]} />
      <input
        className="name"
        aria-label="Your name"
        maxLength={24}
        value={me.name}
        onChange={({ target }) => {
          rename(people, target.value)
        }}
      />
    </section>
  )
}

const Online = ({ desk }: { readonly desk: Desk }) => {
  const [isOnline, setOnline] = useState(true)
  const status = useSync(desk.connection)
  const toggle = (): void => {
    desk.setOnline(!isOnline)
    setOnline(!isOnline)
  }
  return (
    <div className="online">
      <span className="phase" data-phase={status.phase} role="status">
        {inWords(status)}
      </span>
      <button role="switch" aria-checked={isOnline} aria-label="Online" className="switch" onClick={toggle} />
    </div>
  )
}

const inWords = ({ phase, unsent }: Status): string => {
  const waiting = unsent === 0 ? '' : `, ${String(unsent)} to send`
  switch (phase) {
    case 'synced':
      return 'In sync'
    case 'syncing':
      return `Syncing${waiting}`
    case 'connecting':
      return `Connecting${waiting}`
    case 'offline':
      return `Offline${waiting}`
    case 'failed':
      return 'Refused by the server'
  }
}
