import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

/** Tests a canonical form against known pairs, and that it gives the same for its own result. */
export function table(
  name: string,
  canonical: (text: string) => string | undefined,
  known: [string, string | undefined][],
): void {
  describe(name, () => {
    for (const [text, expected] of known) {
      it(`${JSON.stringify(text.slice(0, 60))} is ${expected?.slice(0, 60) ?? 'none'}`, () => {
        assert.equal(canonical(text), expected);
        if (expected !== undefined) assert.equal(canonical(expected), expected);
      });
    }
  });
}
