/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  // What `pnpm test` runs. The other kinds of end-to-end tests have a command each, which names their folders.
  testMatch: [
    '<rootDir>/{packages,local,dev,infra,examples,bench}/**/*.test.ts',
    '<rootDir>/e2e/{service,lambda,writers,client}/*.test.ts',
    '!<rootDir>/examples/postgres/**',
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
  testTimeout: 60_000,
  // In processes of their own, which are replaced when they have grown: what one test file has loaded is not given back,
  // and a single process ends up with 2 GB, where collecting garbage takes a second.
  maxWorkers: 2,
  workerIdleMemoryLimit: '800MB',
};

export default config;
