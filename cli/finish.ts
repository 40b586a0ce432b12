/** How a command says its exit code; the process ends when its last handle is closed, so that output is never cut off. */
export type Finish = (exitCode: number) => void;

export const EXIT = {
  ok: 0,
  /** Nothing found, or it failed. */
  failed: 1,
  /** The command or the configuration is wrong. */
  usage: 2,
  /** `--once`: a feed failed. */
  feedFailed: 3,
} as const;
