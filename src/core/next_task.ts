/**
 * Making room for other work.
 *
 * @module
 */

/**
 * Resolves once the event loop has come round: what is due by then, such as an abort or a painted
 * frame, happens before. It waits for no time.
 */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      port2.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
