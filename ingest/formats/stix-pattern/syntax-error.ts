/**
 * Why a text is no pattern. Thrown from deep inside the descent and caught where the parse began: nothing outside this
 * folder sees it. `position` is an offset in UTF-16 units, from 0.
 */
export class PatternSyntaxError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.name = 'PatternSyntaxError';
    this.position = position;
  }
}
