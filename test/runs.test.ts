/** Every property takes its number of cases from runs.ts, so that CI and soaks reach them all. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

/**
 * Where a file gives a number of runs that is not a call of `inMemory`, `inNetworks`, `overWire` or
 * `kills`.
 */
const strayNumbers = (name: string, code: string): ReadonlyArray<string> => {
  if (!code.includes('fc.assert') && !code.includes('fc.check')) return []
  const source = ts.createSourceFile(name, code, ts.ScriptTarget.ES2022, true)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^fc\.(assert|check)$/.test(node.expression.getText())) {
      const parameters = node.arguments[1]
      const stray = parameters !== undefined && !isFromRuns(parameters)
      if (stray) found.push(`${name}: ${parameters.getText()}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/**
 * Whether the parameters of a property leave `numRuns` to the setup, or take it from runs.ts, by a
 * call or by the name of a constant that is one.
 */
const isFromRuns = (parameters: ts.Expression): boolean => {
  if (!ts.isObjectLiteralExpression(parameters)) return false
  const code = parameters.getSourceFile().text
  return parameters.properties.every((property) => {
    if (!ts.isPropertyAssignment(property)) return false
    if (property.name.getText() !== 'numRuns') return true
    const given = property.initializer.getText()
    return FROM_RUNS.test(given) || FROM_RUNS.test(code.split(`const ${given} = `)[1] ?? '')
  })
}

const FROM_RUNS = /^(inMemory|inNetworks|overWire|kills)\(/

test('every property takes its number of runs from runs.ts', () => {
  const found = files.flatMap((file) => strayNumbers(file, readFileSync(path.join(folder, file), 'utf8')))
  expect(found).toEqual([])
})

test('a property with a number of its own is found', () => {
  expect(strayNumbers('x', 'fc.assert(property, { numRuns: 5 })')).toEqual(['x: { numRuns: 5 }'])
  expect(strayNumbers('x', 'void fc.assert(property, parameters)')).toHaveLength(1)
  expect(strayNumbers('x', 'const N = 5; fc.assert(property, { numRuns: N })')).toHaveLength(1)
  expect(strayNumbers('x', 'fc.assert(property, { numRuns: inMemory(5), seed: 1 }); fc.assert(other)')).toEqual([])
  expect(strayNumbers('x', 'const N = inMemory(5); fc.assert(property, { numRuns: N })')).toEqual([])
})
