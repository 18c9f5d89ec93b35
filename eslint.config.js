import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['eslint.config.js', 'dist', 'build', 'coverage', 'node_modules'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // a key that a length or a binary search has just vouched for
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/array-type': 'off',
      // `Type<C, unknown, unknown>` says what goes out and what comes in
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      // a closed stream kept its store alive that way: a sync of 10,000 updates took a third longer
      'no-restricted-syntax': [
        'error',
        {
          selector: "AssignmentExpression[left.object.type='ThisExpression'] > :function.right",
          message: 'V8 keeps a function made in an assignment to a member until a full collection: name it first.',
        },
      ],
    },
  },
  { files: ['test/examples/board/**'], ...hooks.configs.flat['recommended-latest'] },
)
