/**
 * For what a user's callback throws where nobody is left to be told: the process hears of it as of any uncaught error. Thrown in
 * place it would break the connection whose answer is being handled, and be taken for a fault of the network.
 */
export function surface(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/** Calls back; what it throws comes to the surface. */
export function guarded(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    surface(error);
  }
}
