/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  // Tests of `pnpm test`. The other kinds of end-to-end tests have their own commands, which name their folders.
  testMatch: [
    '<rootDir>/{packages,local,dev,infra,bench}/**/*.test.ts',
    '<rootDir>/examples/!(postgres)/**/*.test.ts',
    '<rootDir>/e2e/{service,lambda,writers,client,suites}/*.test.ts',
  ],
  modulePathIgnorePatterns: ['<rootDir>/.stryker-tmp/'],
  testEnvironment: 'node',
  // Workspace packages are tested from their TypeScript source, with no build in between.
  testEnvironmentOptions: { customExportConditions: ['source', 'node'] },
  setupFiles: ['<rootDir>/jest.setup.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  // No test waits this long: it is a limit for tests that hang, also on a busy machine.
  testTimeout: 300_000,
  // Workers are processes that are replaced when they have grown: memory of a finished test file is not released,
  // and a single process would reach 2 GB, with a second for each garbage collection.
  maxWorkers: 2,
  workerIdleMemoryLimit: '800MB',
};

export default config;
