/** Opens the board, and shows it. */
import { createRoot } from 'react-dom/client'
import { createUndo } from 'scuttlebutt-ts/undo'
import { App } from './App.js'
import { openDesk } from './sync.js'
import { keepVersions } from './versions.js'

const desk = await openDesk()
const app = <App desk={desk} undo={createUndo(desk.store)} versions={keepVersions(desk.store)} />
createRoot(document.querySelector('#root')!).render(app)
