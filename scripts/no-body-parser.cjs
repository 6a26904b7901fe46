// Stands in for body-parser in the bundles. Express loads it, with every character set that iconv-lite knows, for the
// sake of apps that read bodies; ours reads none, and the Lambda starts sooner without that quarter of the code.
module.exports = {};
