import tseslint from 'typescript-eslint';

/** The rooms, from the bottom up: each may import only the rooms listed here. See CONTRIBUTING.md. */
const rooms = {
  runtime: { may: [] },
  mesh: { may: [], without: ['@pulumi', 'node:(?!util)'] },
  config: { may: ['mesh', 'policy'], without: ['@pulumi/kubernetes', '@pulumi/policy'] },
  policy: { may: ['mesh', 'runtime'] },
  cluster: { may: ['mesh', 'runtime'] },
  components: { may: ['mesh'], without: ['zod', 'yaml'] },
  provider: { may: ['mesh', 'policy', 'cluster', 'runtime'], without: ['zod', 'yaml'] },
  cli: { may: ['mesh', 'config', 'policy', 'cluster', 'runtime'] },
  tools: { may: ['mesh', 'config', 'policy', 'cluster', 'runtime', 'test'] },
};
const everyRoom = [...Object.keys(rooms), 'test'];

/**
 * `no-restricted-imports` for one room: the other rooms, by any relative path, and the packages that the room must not
 * use.
 */
function room(name, { may, without = [] }) {
  const closed = everyRoom.filter((other) => other !== name && !may.includes(other));
  const patterns = [
    {
      regex: `^(\\.\\./)+(${closed.join('|')})(/|$)`,
      message: `${name}/ may import ${may.join(', ') || 'no other room'}`,
    },
    ...without.map((start) => ({ regex: `^${start}`, message: `${name}/ does without ${start}` })),
  ];
  return { files: [`${name}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns }] } };
}

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'coverage', '.lab', '.meshwright', 'examples', 'template', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Loaded on first use.
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^refa$'] }],
    },
  },
  ...Object.entries(rooms).map(([name, rule]) => room(name, rule)),
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: {
        require: 'readonly',
        process: 'readonly',
        console: 'readonly',
        __dirname: 'readonly',
        module: 'writable',
      },
    },
    rules: { ...tseslint.configs.disableTypeChecked.rules, '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      // A variable that one hook sets may be unset in the next one, if the first has skipped the suite. Types do not
      // show that.
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
);
