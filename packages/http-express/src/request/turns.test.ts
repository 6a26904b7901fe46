import { describe, expect, test } from '@jest/globals';
import { Turns } from './turns.ts';

/** Takes `count` turns and adds each to `log`. */
const takeTurns = async (takeTurn: () => Promise<void>, count: number, name: string, log: string[]): Promise<void> => {
  for (let turn = 0; turn < count; turn++) {
    await takeTurn();
    log.push(name);
  }
};

describe('Turns', () => {
  test('gives a turn at once to the only request', async () => {
    const takeTurn = new Turns().forRequest('alice');
    let isTaken = false;
    void takeTurn().then(() => (isTaken = true));
    await Promise.resolve();
    expect(isTaken).toBe(true);
  });

  test('alternates between users, whatever the number of their requests', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const alice = Array.from({ length: 100 }, () => takeTurns(turns.forRequest('alice'), 10, 'alice', log));
    const bob = takeTurns(turns.forRequest('bob'), 10, 'bob', log);
    await bob;
    expect(log.filter((name) => name === 'alice').length).toBeLessThanOrEqual(11);
    await Promise.all(alice);
    expect(log).toHaveLength(1_010);
  });

  test("gives turns to a user's oldest request first", async () => {
    const turns = new Turns();
    const log: string[] = [];
    const requests = ['first', 'second', 'third'].map((name) => [name, turns.forRequest('alice')] as const);
    await Promise.all(requests.toReversed().map(([name, takeTurn]) => takeTurns(takeTurn, 3, name, log)));
    // The third was alone when it took its first turn.
    expect(log).toEqual(['third', 'first', 'first', 'first', 'second', 'second', 'second', 'third', 'third']);
  });
});
