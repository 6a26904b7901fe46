import { startProxy } from './proxy.ts';

/** A way to a server that can be shut: requests that arrive meanwhile wait until it is opened again. */
export interface Gate {
  readonly endpoint: string;
  shut(): void;
  open(): void;
  /** Resolves when a request waits at the shut gate. */
  waiting(): Promise<void>;
  close(): Promise<void>;
}

export const startGate = async (target: string): Promise<Gate> => {
  let opened = Promise.resolve();
  let release: () => void = () => undefined;
  let somethingWaits: () => void = () => undefined;
  let waiting = Promise.resolve();

  const { endpoint, close } = await startProxy(target, async (_, forward) => {
    somethingWaits();
    await opened;
    return forward();
  });
  return {
    endpoint,
    shut: () => {
      opened = new Promise((resolve) => (release = resolve));
      waiting = new Promise((resolve) => (somethingWaits = resolve));
    },
    open: () => release(),
    waiting: () => waiting,
    close,
  };
};
