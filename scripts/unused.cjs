// Stands in, in the bundles, for what is loaded and never used, so that the Lambda starts sooner: body-parser, with every
// character set that iconv-lite knows, qs, send and serve-static, which Express has for apps that want more of it; debug,
// by which Express tells what it does, where asked, line by line; thread-stream, in pino for logs that go elsewhere than
// to standard output; bowser, in the SDK for browsers. What calls debug gets a function that does nothing.
const nothing = () => undefined;
module.exports = () => nothing;
