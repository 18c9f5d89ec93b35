import { setTimeout as sleep } from 'node:timers/promises'
import { BURST } from '../versions.js'
import type { Stage } from './Stage.js'
import { until } from './Visitor.js'

/** Mia uses no mouse. */
export const keyboardAlone = async ({ mia, ben, shoot }: Stage): Promise<void> => {
  console.log('\nBy keyboard')
  const { keyboard } = mia.page
  const labelOfFocus = () => mia.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')
  const tabTo = async (label: string): Promise<void> => {
    for (let i = 0; i < 80; i++) {
      if ((await labelOfFocus()) === label) return
      await keyboard.press('Tab')
    }
    throw new Error(`Tab does not lead to ${label}`)
  }
  const said = (text: string) =>
    until(`Mia hears "${text}"`, async () => (await mia.page.locator('.unseen[role=status]').innerText()) === text)

  await mia.page.evaluate(() => {
    ;(document.activeElement as HTMLElement).blur()
  })
  await tabTo('Add a row to To do')
  await keyboard.type('Typed')
  await keyboard.press('Enter')
  await said('Typed: added to To do')
  await keyboard.press('Shift+Tab')
  await keyboard.press('Shift+Tab')
  await keyboard.press('Shift+Tab')
  if ((await labelOfFocus()) !== 'Move Typed') throw new Error(`the focus is on ${await labelOfFocus()}`)
  const { todo, doing } = await mia.shown()
  const size = doing.length + 1
  await keyboard.press('ArrowRight')
  await said(`Typed: Doing, ${String(Math.min(todo.length, size))} of ${String(size)}`)
  await keyboard.press('ArrowUp')
  await shoot(mia, 'keyboard')
  if ((await labelOfFocus()) !== 'Move Typed') throw new Error('a row that moves loses the focus')
  await ben.sees('where she moved it', (shown) => shown.doing.includes('Typed'))
  await keyboard.press('Tab')
  await keyboard.press('Control+A')
  await keyboard.type('Typed anew')
  await keyboard.press('Enter')
  await ben.sees('its new title', (shown) => shown.doing.includes('Typed anew'))
  await keyboard.press('Tab')
  await keyboard.press('Enter')
  await said('Typed anew: removed')
  await ben.sees('that it is removed', (shown) => !shown.doing.includes('Typed anew'))
  if (!(await labelOfFocus()).startsWith('Move ')) throw new Error('the focus is lost with a row')
  // what is taken back sooner is one version with its removal
  await sleep(2 * BURST)
  await keyboard.press('Control+Z')
  await ben.sees('that she took that back', (shown) => shown.doing.includes('Typed anew'))
  await mia.page.getByRole('heading', { name: 'Trip' }).click()
  await tabTo('Versions')
  await keyboard.press('ArrowLeft')
  await mia.sees('the version before', (shown) => !shown.doing.includes('Typed anew'))
  await keyboard.press('End')
  await mia.sees('now', (shown) => shown.doing.includes('Typed anew'))
  await mia.page.getByRole('heading', { name: 'Trip' }).click()
  await tabTo('Online')
  await keyboard.press('Space')
  await until('Mia is offline', async () => (await mia.phase()).startsWith('Offline'))
  await keyboard.press('Space')
  await until('Mia is back', async () => (await mia.phase()) === 'In sync')
}
