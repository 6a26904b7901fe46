// Replaces, in the bundles, packages that are loaded and never used, so that the Lambda starts sooner: body-parser, with every
// character set of iconv-lite, qs, send and serve-static, which Express has for other apps; debug,
// with which Express can log what it does; thread-stream, which pino has for logs that do not go
// to standard output; bowser, which the SDK has for browsers. `debug()` returns a function that does nothing.
const nothing = () => undefined;
module.exports = () => nothing;
