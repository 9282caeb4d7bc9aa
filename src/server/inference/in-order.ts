// Works on what a stream gives, several at a time, with the results in the order of the stream.

/**
 * Takes the next element only when there is room for it. After a failure nothing more is taken; it is thrown when the rest of
 * what was begun has ended.
 */
export async function inOrder<T, R>(
  source: AsyncIterable<T>,
  sideBySide: number,
  work: (element: T) => Promise<R>,
): Promise<R[]> {
  const begun: Promise<R>[] = [];
  const running = new Set<Promise<unknown>>();
  let failed = false;
  try {
    for await (const element of source) {
      const result = work(element);
      begun.push(result);
      const settled = result.catch(() => {
        failed = true;
      });
      running.add(settled);
      void settled.finally(() => running.delete(settled));
      if (running.size >= sideBySide) await Promise.race(running);
      if (failed) break;
    }
  } finally {
    await Promise.all(running);
  }
  return Promise.all(begun);
}
