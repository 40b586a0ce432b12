import { hash } from 'node:crypto';
import type { Member } from './list-file.ts';

/**
 * Which statements stand on a list, in eight bytes each: half a million take 4 MB. Two of a million fall together once in a thousand lists;
 * then one that vanished is not noticed, and expires by itself like on any other list.
 */
export interface Marks {
  add(member: Member): void;
  /** Call it when all are added. */
  has(member: Member): boolean;
}

export function createMarks(): Marks {
  let marks = new Float64Array(1024);
  let count = 0;
  let sorted = false;
  return {
    add(member) {
      if (count === marks.length) {
        const larger = new Float64Array(count * 2);
        larger.set(marks);
        marks = larger;
      }
      marks[count] = markOf(member);
      count += 1;
      sorted = false;
    },
    has(member) {
      if (!sorted) marks.subarray(0, count).sort();
      sorted = true;
      const mark = markOf(member);
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((marks[middle] ?? 0) < mark) low = middle + 1;
        else high = middle;
      }
      return low < count && marks[low] === mark;
    },
  };
}

/** Enrichment remembers a statement under its indicator and the source's own id for it. */
function markOf({ key, value }: Member): number {
  const ref = value.includes('"ref":') ? refOf(value) : '';
  const name = ref === '' ? key : hash('sha256', `${key}\0${ref}`, 'hex');
  // the 52 bits that a double holds exactly
  return Number.parseInt(name.slice(0, 13), 16);
}

function refOf(value: string): string {
  const { ref }: { ref?: unknown } = JSON.parse(value);
  return typeof ref === 'string' ? ref : '';
}
