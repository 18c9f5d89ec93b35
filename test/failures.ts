/**
 * Tells once more at the very end which tests failed, in a line or two each: often only the last
 * lines of a long run are kept.
 */
import type { Reporter, TestModule } from 'vitest/node'

const LONGEST = 300

export default class Failures implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    for (const module of modules) {
      for (const { message } of module.errors()) this.tell(module.relativeModuleId, message)
      for (const test of module.children.allTests('failed')) {
        const [error] = test.result().errors ?? []
        this.tell(`${module.relativeModuleId} > ${test.fullName}`, error?.message ?? '')
      }
    }
  }

  private tell(what: string, message: string): void {
    console.error(`failed: ${what}: ${message.split('\n').slice(0, 2).join(' ').slice(0, LONGEST)}`)
  }
}
