// Runs a bundled handler in its own process, as Lambda does: an event arrives as a message, its response is sent back.
const { handler } = await import(process.argv[2] ?? '');

process.on('message', async (/** @type {{ id: number, event: unknown, remainingMs: number }} */ message) => {
  const deadline = Date.now() + message.remainingMs;
  const context = { getRemainingTimeInMillis: () => deadline - Date.now() };
  try {
    process.send?.({ id: message.id, response: await handler(message.event, context) });
  } catch (error) {
    process.send?.({ id: message.id, failure: error instanceof Error ? error.message : String(error) });
  }
});
process.send?.({ ready: true });
