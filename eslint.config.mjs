import tseslint from 'typescript-eslint';

/** Rooms of the project: what each may never import. All arrows point at components/manifests, which points nowhere. */
const room = (files, message, regexes) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: regexes.map((regex) => ({ regex, message })) }] },
});
const folder = (...names) => `(^|/)(${names.join('|')})(/|$)`;

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'coverage', '.lab', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  room(['components/manifests/**/*.ts'], 'manifests are pure: they import nothing outside their folder', [
    '^(@pulumi|zod|yaml|node:)',
    folder('config', 'policy', 'traffic', 'cli', 'lab', 'test'),
  ]),
  room(['traffic/**/*.ts'], 'the routing model is pure: manifests and libraries only', [
    '^@pulumi',
    '^node:',
    folder('config', 'cli', 'lab', 'test'),
  ]),
  room(
    ['policy/rules/**/*.ts', 'policy/model/**/*.ts', 'policy/schema/**/*.ts', 'policy/check.ts', 'policy/finding.ts'],
    'rules are pure: manifests and libraries only',
    ['^@pulumi', '^node:', folder('config', 'cli', 'lab', 'test')],
  ),
  room(
    ['policy/*.ts', 'policy/pack/**/*.ts', 'policy/direct/**/*.ts'],
    'the pack judges what is registered, whoever wrote it',
    [folder('config', 'cli', 'lab', 'test')],
  ),
  room(['config/**/*.ts'], 'a bad stack file fails before any component is loaded', [
    '^@pulumi/(kubernetes|policy)',
    folder('cli', 'lab', 'test'),
    'components/(?!manifests)',
    'policy/index',
  ]),
  room(
    ['components/*.ts', 'components/{apps,addons}/**/*.ts'],
    'components are publishable alone: Pulumi, manifests and the check',
    ['^(zod|yaml)', folder('config', 'cli', 'lab', 'traffic', 'test'), 'policy/(?!check|finding|changes)'],
  ),
  room(
    ['provider/**/*.ts'],
    'the provider keeps routes in a cluster: Pulumi at its rim, manifests, the check of changes, and proxies',
    [
      '^(zod|yaml)',
      folder('config', 'traffic', 'cli', 'lab', 'test'),
      'components/(?!manifests)',
      'policy/(?!changes)',
    ],
  ),
  room(['live/**/*.ts'], 'live knows objects and proxies, not who makes them: manifests and libraries only', [
    '^@pulumi',
    folder('config', 'policy', 'traffic', 'cli', 'lab', 'test'),
    'components/(?!manifests)',
  ]),
  room(['takeover/**/*.ts'], 'takeover asks the cluster who made an object: Pulumi, manifests, and the connection', [
    '^(zod|yaml)',
    folder('config', 'policy', 'traffic', 'cli', 'lab', 'test'),
    'components/(?!manifests)',
    'provider/(?!connection)',
  ]),
  room(['wire/**/*.ts'], 'wire knows messages, not what is in them', ['^(@pulumi|node:)', '^[.][.]/']),
  room(['index.ts'], 'index.ts tells the story of the stack: settings and components', [
    '^(zod|yaml)',
    folder('cli', 'lab', 'test'),
  ]),
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
      // What a hook sets may be unset in the next one, when the first has skipped the suite; types do not see that.
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
);
