#!/usr/bin/env -S node --max-semi-space-size=16
/**
 * The published command: says what is missing before anything is loaded that an older Node does not have. Node would give the young generation
 * 128 MB and more on a large machine; with 16 a semi-space it is as fast and a quarter smaller.
 */
const [major = 0] = process.versions.node.split('.').map(Number);

if (major < 24) {
  process.stderr.write(`tipline needs Node 24 or later; this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  await import('./main.ts');
}
