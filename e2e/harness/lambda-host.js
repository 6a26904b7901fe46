// Runs a bundled handler in a process of its own, as Lambda does: an event comes in as a message, its answer goes out.
const { handler } = await import(process.argv[2] ?? '');

process.on('message', async (/** @type {{ id: number, event: unknown, remainingMs: number }} */ message) => {
  const deadline = Date.now() + message.remainingMs;
  const context = { getRemainingTimeInMillis: () => deadline - Date.now() };
  try {
    process.send?.({ id: message.id, answer: await handler(message.event, context) });
  } catch (error) {
    process.send?.({ id: message.id, failure: error instanceof Error ? error.message : String(error) });
  }
});
process.send?.({ ready: true });
