import { createRequire } from 'node:module'
import path from 'node:path'
import type Typescript from 'typescript'

interface How {
  readonly module: string
  readonly resolution: string
  /** The package of the compiler, in the folder. */
  readonly compiler: string
}

/**
 * What the compiler has to say of files in a folder, of the declarations that it makes for them,
 * and of ours that they import, with no `skipLibCheck`. It is not asked about the declarations of
 * others: they take longer than all else.
 */
export const diagnose = (
  folder: string,
  files: ReadonlyArray<string>,
  { module, resolution, compiler }: How,
): ReadonlyArray<string> => {
  const ts = createRequire(path.join(folder, 'package.json'))(compiler) as typeof Typescript
  const given = { strict: true, declaration: true, emitDeclarationOnly: true, target: 'es2022', types: ['node'] }
  const json = { compilerOptions: { ...given, module, moduleResolution: resolution }, files }
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(json, ts.sys, folder)
  const host = ts.createCompilerHost(options)
  const program = ts.createProgram({ rootNames: fileNames, options, configFileParsingDiagnostics: errors, host })
  const isOurs = ({ fileName }: Typescript.SourceFile): boolean =>
    !fileName.includes('/node_modules/') || fileName.includes('/node_modules/scuttlebutt-ts/')
  const ours = program.getSourceFiles().filter(isOurs)
  const told = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...ours.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
      ...(file.isDeclarationFile ? [] : program.getDeclarationDiagnostics(file)),
    ]),
  ]
  return told.map(({ file, start = 0, messageText }) => {
    const where =
      file && `${path.basename(file.fileName)}:${String(file.getLineAndCharacterOfPosition(start).line + 1)}: `
    return `${where ?? ''}${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}
