// Mutation tests, run by hand and part by part: docs/mutation-testing.md has the commands and the score.

const PARTS = {
  core: {
    mutate: ['packages/core/src/{,use-cases/}*.ts', '!packages/core/src/{index,testing}.ts'],
    tests: 'packages/core/src/{,use-cases/}*.test.ts',
  },
  authenticator: {
    mutate: ['packages/adapters-aws/src/jwt/{jwt-authenticator,cognito,token-cache}.ts'],
    tests: 'packages/adapters-aws/src/jwt/{jwt-authenticator,token-cache}.test.ts',
  },
  // Deletes are three parts: every mutant runs all tests of its part that reach it, also after one has failed.
  lists: {
    mutate: ['packages/adapters-aws/src/s3/list-pages.ts'],
    tests: 'packages/adapters-aws/src/s3/list-pages.test.ts',
  },
  batches: {
    mutate: ['packages/adapters-aws/src/s3/object-deleter.ts'],
    tests: 'packages/adapters-aws/src/s3/object-deleter.test.ts',
  },
  sweep: {
    mutate: ['packages/adapters-aws/src/s3/{sweep,portions}.ts'],
    tests: 'packages/adapters-aws/src/s3/sweep.test.ts',
  },
};

const part = process.env.PART ?? 'core';
if (!Object.hasOwn(PARTS, part)) throw new Error(`PART must be one of ${Object.keys(PARTS).join(', ')}`);
const { mutate, tests } = PARTS[/** @type {keyof typeof PARTS} */ (part)];

export default {
  mutate: [...mutate, '!**/*.test.ts'],
  plugins: ['@stryker-mutator/jest-runner'], // by name, because Stryker does not find it in pnpm's layout
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: { configFile: 'jest.config.ts', config: { testMatch: [`<rootDir>/${tests}`] } },
  coverageAnalysis: 'perTest',
  // A mutant can make a loop endless. One at a time, so that no mutant is slow because of another.
  timeoutMS: 8_000,
  concurrency: 1,
  ignorePatterns: ['.local', 'coverage', 'bench', 'docs', 'examples', '**/dist'],
  tempDirName: '.stryker-tmp',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: `reports/mutation-${part}.json` },
  clearTextReporter: { allowColor: false, reportTests: false, skipFull: true },
  thresholds: { high: 95, low: 90, break: 90 },
};
