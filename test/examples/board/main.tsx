/** Opens the board, and shows it. */
import { createRoot } from 'react-dom/client'
import { App } from './App.js'
import { openDesk } from './sync.js'
import { openUndo } from './undo.js'
import { keepVersions } from './versions.js'

const desk = await openDesk()
const app = <App desk={desk} undo={openUndo(desk.store)} versions={keepVersions(desk.store)} />
createRoot(document.querySelector('#root')!).render(app)
