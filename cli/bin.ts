#!/usr/bin/env node
/** The published command: says what is missing before anything is loaded that an older Node does not have. */
const [major = 0] = process.versions.node.split('.').map(Number);

if (major < 24) {
  process.stderr.write(`tipline needs Node 24 or later; this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  await import('./main.ts');
}
