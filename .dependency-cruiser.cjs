/** What makes docs/architecture.md true. Each rule says what to do instead. */
const TESTS = '\\.([a-z-]*test|suite)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'core-stands-alone',
      comment: 'The core imports nothing but itself. What it needs from outside it takes as a port or a parameter.',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: [TESTS, '^packages/core/src/testing/contracts'] },
      to: { pathNot: '^packages/core/src/' },
    },
    {
      name: 'contracts-know-jest-only',
      comment:
        'The port contracts run in any package that has @jest/globals: they use that and the core, nothing else.',
      severity: 'error',
      from: { path: '^packages/core/src/testing/contracts' },
      to: { pathNot: ['^packages/core/src/', '@jest/globals'] },
    },
    {
      name: 'client-stands-alone',
      comment:
        'The client runs in browsers and in Node, knows the API by its document, and imports nothing but itself.',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: TESTS },
      to: { pathNot: '^packages/client/src/' },
    },
    {
      name: 'core-tests-need-no-network',
      comment: 'The core is tested with its in-memory adapters. A test of a real one belongs to that adapter.',
      severity: 'error',
      from: { path: `^packages/core/.*${TESTS}` },
      to: { pathNot: ['^packages/core/src/', '@jest/globals', 'fast-check'] },
    },
    {
      name: 'adapters-know-core-only',
      comment: 'adapters-aws implements the ports: of our packages it imports @jobs-api/core alone.',
      severity: 'error',
      from: { path: '^packages/adapters-aws/src/', pathNot: TESTS },
      to: { path: '^(packages|local|bench|examples)/', pathNot: '^packages/(adapters-aws|core)/' },
    },
    {
      name: 'http-knows-core-only',
      comment:
        'The HTTP adapter works with any adapters: only its server.ts and check.ts, which are bundled, choose the AWS ones.',
      severity: 'error',
      from: {
        path: '^packages/http-express/src/',
        pathNot: [TESTS, '^packages/http-express/src/(server|check)\\.ts$', '^packages/http-express/src/testing/'],
      },
      to: { path: '^(packages|local|bench|examples)/', pathNot: '^packages/(http-express|core)/' },
    },
    {
      name: 'http-contract-knows-core-and-client',
      comment: 'The HTTP contract asks by hand and through the client, and knows no adapter.',
      severity: 'error',
      from: { path: '^packages/http-express/src/testing/' },
      to: { path: '^(packages|local|bench|examples)/', pathNot: '^packages/(http-express|core|client)/' },
    },
    {
      name: 'server-knows-core-and-aws',
      comment:
        'server.ts and check.ts put the HTTP adapter and the AWS adapters together, and know nothing else of ours.',
      severity: 'error',
      from: { path: '^packages/http-express/src/(server|check)\\.ts$' },
      to: { path: '^(packages|local|bench|examples)/', pathNot: '^packages/(http-express|core|adapters-aws)/' },
    },
    {
      name: 'nobody-knows-the-lambda',
      comment: 'lambda-entry puts everything together. What others need of it belongs to one of them.',
      severity: 'error',
      from: { path: '^(packages|local)/', pathNot: '^packages/lambda-entry/' },
      to: { path: '^packages/lambda-entry/' },
    },
    {
      name: 'nobody-knows-the-examples',
      comment:
        'An example shows what others do with the packages. What is of use to more than one belongs into one of them.',
      severity: 'error',
      from: { path: '^(?:packages|local|infra|examples/([^/]+))/' },
      to: { path: '^examples/', pathNot: '^examples/$1/' },
    },
    {
      name: 'inversify-in-one-place',
      comment: 'Objects are put together in container.ts. Take what you need as a constructor parameter.',
      severity: 'error',
      from: { path: '^(packages|local|examples)/', pathNot: '^packages/adapters-aws/src/container\\.ts$' },
      to: { path: 'node_modules/(inversify|reflect-metadata)/' },
    },
    {
      name: 'testing-stays-out-of-production',
      comment: 'What is under testing/ is for tests, ours and those of whoever uses the package.',
      severity: 'error',
      from: {
        path: '^packages/',
        pathNot: [TESTS, '^packages/[^/]+/src/testing(/|\\.ts$)'],
      },
      to: { path: '^packages/[^/]+/src/testing(/|\\.ts$)' },
    },
    {
      name: 'no-inner-barrels',
      comment: 'A package has one index.ts, at its root. Import the file that you mean.',
      severity: 'error',
      from: {},
      to: { path: '/src/.+/index\\.ts$' },
    },
    {
      name: 'no-deep-imports',
      comment: "Import another package by its name: what its index does not export is that package's own business.",
      severity: 'error',
      from: { path: '^(packages/[^/]+|local|examples/[^/]+|bench)/' },
      to: { path: '^(packages/[^/]+|local|examples/[^/]+|bench)/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-cycles',
      comment: 'Of two files that need each other, one holds something that belongs into a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-unresolved',
      comment: 'This import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-dependencies-in-production',
      comment: 'What ships may import only what is installed with it.',
      severity: 'error',
      from: {
        path: '^packages/',
        pathNot: [TESTS, '/src/testing(/|\\.ts$)', '^packages/http-express/src/(server|check)\\.ts$'],
      },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.check.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'] },
  },
};
