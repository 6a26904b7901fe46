/** Enforces docs/architecture.md. The comment of each rule says what to do instead. */
const TESTS = '\\.test\\.ts$';
const TESTING = '/testing(/|\\.ts$)';
const HOUSE = '(packages/[^/]+|local|dev|e2e|infra|bench|examples/[^/]+)';

/** Which packages of ours a package may import: only some below it, so that all arrows go down. */
const MAY_IMPORT = {
  'packages/core': [],
  'packages/client': [],
  'packages/cli': ['packages/client'],
  local: ['packages/core'],
  'packages/adapters-aws': ['packages/core'],
  'packages/http-express': ['packages/core'],
  'packages/service-entry': ['packages/core', 'packages/adapters-aws', 'packages/http-express'],
  'packages/lambda-entry': ['packages/core', 'packages/adapters-aws', 'packages/http-express'],
  infra: ['packages/core', 'packages/adapters-aws', 'packages/http-express', 'local'],
  dev: ['packages/core', 'packages/client', 'packages/adapters-aws', 'packages/service-entry', 'local'],
  e2e: ['packages/core', 'packages/client', 'packages/adapters-aws', 'packages/http-express', 'local', 'dev'],
  bench: ['packages/core', 'packages/adapters-aws', 'packages/http-express', 'local', 'e2e'],
  'examples/([^/]+)': ['packages/core', 'packages/adapters-aws', 'packages/http-express', 'local', 'dev'],
};

/** Packages that the tests of a package, and its code for the tests of others, may import as well. */
const TESTS_MAY_IMPORT = {
  'packages/adapters-aws': ['local'],
  'packages/http-express': ['packages/client', 'local'],
};

/** Advice for an import that the lists above do not have. */
const INSTEAD = {
  'packages/core': 'The core imports no other package. Take what you need from outside as a port or a parameter.',
  'packages/client': 'The client imports no other package. It knows the API by its OpenAPI document.',
  'packages/cli': 'The command line imports the client only. Tests that start the service belong in e2e/.',
  local: 'The stand-ins import the core only. Pass in what they need, such as the definition of the table.',
  'packages/adapters-aws': 'The adapters import the core only. An entry package combines them with HTTP.',
  'packages/http-express': 'The HTTP package imports the core only. An entry package combines it with adapters.',
  'packages/service-entry': 'The entry point combines core, adapters and HTTP. Move everything else out of it.',
  'packages/lambda-entry': 'The entry point combines core, adapters and HTTP. Move everything else out of it.',
  infra: 'The tests of the templates use what the packages export. Tests that start something belong in e2e/.',
  dev: '`pnpm dev` runs the service entry on the stand-ins. Use what these packages export.',
  e2e: 'The end-to-end tests start the entry points as built files: see e2e/harness/built.ts.',
  bench: 'The measurements start the entry points as built files. Import what the listed packages export.',
  'examples/([^/]+)': 'An example uses the packages as others do. Code that two examples need belongs in a package.',
};

const paths = (/** @type {readonly string[]} */ packages) => packages.map((name) => `^${name}/`);

/**
 * @param {string} name
 * @param {string} of a package
 * @param {object} from
 * @param {readonly string[]} allowed packages
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const onlyDown = (name, of, from, allowed) => ({
  name: `${name.replace(/^packages\/|\/\(.*/g, '')}-imports-only-what-is-below`,
  comment: INSTEAD[/** @type {keyof typeof INSTEAD} */ (of)],
  severity: 'error',
  from,
  to: { path: `^${HOUSE}/`, pathNot: paths([of.replace('([^/]+)', '$1'), ...allowed]) },
});

const onlyDownRules = Object.entries(MAY_IMPORT).flatMap(([name, allowed]) => {
  const besides = TESTS_MAY_IMPORT[/** @type {keyof typeof TESTS_MAY_IMPORT} */ (name)];
  if (!besides) return [onlyDown(name, name, { path: `^${name}/` }, allowed)];
  const tests = [`^${name}/.*${TESTS}`, `^${name}/src${TESTING}`];
  return [
    onlyDown(name, name, { path: `^${name}/`, pathNot: tests }, allowed),
    onlyDown(`tests-of-${name.replace('packages/', '')}`, name, { path: tests }, [...allowed, ...besides]),
  ];
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...onlyDownRules,
    {
      name: 'core-stands-alone',
      comment:
        'The core imports only its own files, not even Node. Take what you need from outside as a port or a parameter.',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: [TESTS, '^packages/core/src/testing/contracts'] },
      to: { pathNot: '^packages/core/src/' },
    },
    {
      name: 'contracts-know-jest-only',
      comment: 'The contract suites run in any package that has @jest/globals. Import that and the core only.',
      severity: 'error',
      from: { path: '^packages/core/src/testing/contracts' },
      to: { pathNot: ['^packages/core/src/', '@jest/globals'] },
    },
    {
      name: 'core-tests-need-no-network',
      comment: 'The core is tested with its in-memory adapters. Put a test of another adapter beside that adapter.',
      severity: 'error',
      from: { path: `^packages/core/.*${TESTS}` },
      to: { pathNot: ['^packages/core/src/', '@jest/globals', 'fast-check'] },
    },
    {
      name: 'client-stands-alone',
      comment: 'The client runs in browsers and in Node without other packages. Write what it needs in it.',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: TESTS },
      to: { pathNot: '^packages/client/src/' },
    },
    {
      name: 'inversify-in-one-place',
      comment: 'Only container.ts and the entry packages use inversify. Take what you need as a parameter.',
      severity: 'error',
      from: {
        path: `^${HOUSE}/`,
        pathNot: ['^packages/adapters-aws/src/container\\.ts$', '^packages/(service|lambda)-entry/'],
      },
      to: { path: 'node_modules/(inversify|reflect-metadata)/' },
    },
    {
      name: 'testing-stays-out-of-production',
      comment: 'Files under testing/ are for tests. Move the code that production needs out of it.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|dev)/', pathNot: [TESTS, TESTING] },
      to: { path: TESTING },
    },
    {
      name: 'no-inner-barrels',
      comment: 'A package has one index.ts, at its root. Import the file that has what you need.',
      severity: 'error',
      from: {},
      to: { path: '/src/.+/index\\.ts$' },
    },
    {
      name: 'no-deep-imports',
      comment: 'Import another package by its name. If its index does not export what you need, export it there.',
      severity: 'error',
      from: { path: `^${HOUSE}/` },
      to: { path: `^${HOUSE}/`, pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two files import each other. Move what both need into a third file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-unresolved',
      comment: 'This import cannot be resolved. Correct the path, or add the package to package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-development-dependencies-in-production',
      comment: 'This import is a devDependency. Move it to the dependencies, or the import to a test.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [TESTS, TESTING] },
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
