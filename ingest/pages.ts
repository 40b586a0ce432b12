/** Records that go to the bus in one send. */
export const PAGE_RECORDS = 1000;

/** Regroups records that come as the network cut them: pages of equal size make few sends, and none of them a small one but the last. */
export async function* inPages<T>(batches: AsyncIterable<readonly T[]>): AsyncGenerator<T[]> {
  let page: T[] = [];
  for await (const batch of batches) {
    for (const item of batch) {
      page.push(item);
      if (page.length < PAGE_RECORDS) continue;
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}
