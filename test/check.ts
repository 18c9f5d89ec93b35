/**
 * What `tsc` and `eslint .` do, in one process: the rules ask for types, which this works out once
 * for both.
 */
import { ESLint } from 'eslint'
import ts from 'typescript'

const format: ts.FormatDiagnosticsHost = {
  getCurrentDirectory: () => process.cwd(),
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
}

const config = ts.getParsedCommandLineOfConfigFile(
  'tsconfig.json',
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.formatDiagnostic(diagnostic, format))
    },
  },
)!

const host = ts.createCompilerHost(config.options, true) // with parents, which the rules follow
const program = ts.createProgram({
  rootNames: config.fileNames,
  options: config.options,
  configFileParsingDiagnostics: config.errors,
  host,
})

const diagnostics = ts.getPreEmitDiagnostics(program)
if (diagnostics.length > 0) console.log(ts.formatDiagnostics(diagnostics, format))

const eslint = new ESLint({
  overrideConfig: { languageOptions: { parserOptions: { projectService: false, programs: [program] } } },
})
const results = await eslint.lintFiles(['.'])
console.log(await (await eslint.loadFormatter('stylish')).format(results))

if (diagnostics.length > 0 || results.some(({ errorCount }) => errorCount > 0)) process.exitCode = 1
