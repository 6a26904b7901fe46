import cliProgress from 'cli-progress';

/** A bar on the terminal. */
export interface ProgressBar {
  /** @param value up to the total @param text beside the bar */
  readonly update: (value: number, text: string) => void;
}

export interface Progress {
  readonly add: (total: number, text: string) => ProgressBar;
  /** Restores the terminal. */
  readonly stop: () => void;
}

/** Shows bars on stderr if that is a terminal, and nothing otherwise. */
export const startProgress = (): Progress => {
  if (!process.stderr.isTTY) return { add: () => ({ update: () => undefined }), stop: () => undefined };
  const bars = new cliProgress.MultiBar({
    stream: process.stderr,
    format: '{bar} {percentage}%  {text}',
    barCompleteChar: '#',
    barIncompleteChar: '.',
    barsize: 30,
    hideCursor: true,
    gracefulExit: false,
    linewrap: false,
  });
  return {
    add: (total, text) => {
      const bar = bars.create(total, 0, { text });
      return {
        update: (value, newText) => {
          bar.update(value, { text: newText });
        },
      };
    },
    stop: () => {
      bars.stop();
    },
  };
};
