// Plain JavaScript that any Node runs: it is what says which Node is missing. npm scripts normally run on the Node that
// the optional dependency `node` puts into node_modules/.bin; that one is absent where install scripts were denied.
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  console.error(
    `usher needs Node 24, and this is ${process.version}. Either install Node 24, or run npm ci with install scripts allowed, which fetches one for this folder alone.`,
  );
  process.exit(1);
}
