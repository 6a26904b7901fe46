// Stands in, in the bundles, for what Express loads and we never use: body-parser, with every character set that
// iconv-lite knows, and qs, each for apps that want more of a request than we do. The Lambda starts sooner without.
module.exports = {};
