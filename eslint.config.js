import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const platformGlobals = ['fetch', 'console', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'process'];

export default defineConfig(
  {
    ignores: [
      '**/dist/',
      '**/node_modules/',
      'coverage/',
      '.local/',
      '.stryker-tmp/',
      'packages/client/src/openapi.ts',
    ],
  },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.check.json', './dev/page/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      // One import per module: `import { a, type B }`.
      'no-duplicate-imports': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `as string` is used if the length is known. The other rule set forbids the `!` that this rule would require.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      // An async function without await turns a throw into a rejection.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  { files: ['**/*.js', '**/*.cjs'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['scripts/**', 'e2e/**/*.js', 'bench/**/*.js', 'stryker.config.js'],
    languageOptions: { globals: { process: 'readonly', performance: 'readonly' } },
  },
  { files: ['**/*.cjs'], languageOptions: { globals: { module: 'writable' } } },
  {
    files: ['packages/core/src/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...platformGlobals.map((name) => ({
          name,
          message: 'The core does no I/O and keeps no time: take it as a port or a parameter.',
        })),
      ],
    },
  },
  {
    files: ['packages/**/*.ts'],
    ignores: ['packages/{service,lambda}-entry/src/*.ts', 'packages/cli/src/main.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only the entry packages read the environment. Take what you need of it as a parameter.',
        },
      ],
    },
  },
);
