/** Fetches files of a model for a page: says how far it is, and keeps them in the browser's cache from visit to visit. */

export interface FetchOptions {
  /** Name of a cache of the browser; nothing is kept without one, and where a page may keep nothing. */
  readonly keepIn?: string;
  /** Called as bytes come; `total` is undefined where the server does not say. */
  readonly onBytes?: (done: number, total: number | undefined) => void;
}

/** The part of the browser's Cache that is used; Node has none. */
interface Kept {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<void>;
  delete(url: string): Promise<boolean>;
}

/** Past the browser's own cache of what it loads; Node has none, and its types know nothing of it. */
const unkept = { cache: 'no-store' } as RequestInit;

async function openCache(name: string | undefined): Promise<Kept | undefined> {
  const { caches } = globalThis as { readonly caches?: { open(name: string): Promise<Kept> } };
  if (name === undefined || !caches) return undefined;
  return caches.open(name).catch(() => undefined); // a page whose visitor allows no storage
}

/** Undefined where the server has no such file; throws with what else it says. */
export async function fetchFile(url: string, options: FetchOptions = {}): Promise<Uint8Array | undefined> {
  const cache = await openCache(options.keepIn);
  const before = await cache?.match(url);
  if (cache && before) {
    if (await isStill(url, before)) return bytesOf(before, options);
    await cache.delete(url);
  }
  const response = await fetch(url, cache ? unkept : {}); // one copy is enough
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return cache ? keepAndRead(url, response, cache, options) : bytesOf(response, options);
}

/** Whether the server has what was kept; without a server what was kept has to do. */
async function isStill(url: string, kept: Response): Promise<boolean> {
  const now = await fetch(url, { method: 'HEAD', ...unkept }).catch(() => undefined);
  if (!now) return true;
  const [old, fresh] = [tagOf(kept), tagOf(now)];
  return now.ok && old !== undefined && old === fresh;
}

/** What tells one state of a file from another. */
const tagOf = ({ headers }: Response): string | undefined =>
  headers.get('etag') ?? headers.get('last-modified') ?? undefined;

/** By way of the cache, so that a file is never in memory twice. */
async function keepAndRead(
  url: string,
  response: Response,
  cache: Kept,
  { onBytes }: FetchOptions,
): Promise<Uint8Array> {
  const total = lengthOf(response);
  let done = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, to) {
      done += bytes.length;
      onBytes?.(done, total);
      to.enqueue(bytes);
    },
  });
  const { status, headers } = response;
  const counted = new Response(response.body?.pipeThrough(counter) ?? null, { status, headers });
  try {
    await cache.put(url, counted);
    const kept = await cache.match(url);
    if (kept) return await bytesOf(kept, {});
  } catch {
    // No room for it: it is fetched again, for this visit alone.
  }
  return bytesOf(await fetch(url), onBytes ? { onBytes } : {});
}

const lengthOf = ({ headers }: Response): number | undefined => {
  const length = headers.get('content-length');
  // The length of what is compressed is not that of what comes out.
  return length === null || headers.get('content-encoding') ? undefined : Number(length);
};

async function bytesOf(response: Response, { onBytes }: FetchOptions): Promise<Uint8Array> {
  const total = lengthOf(response);
  if (!response.body) return new Uint8Array(await response.arrayBuffer());
  let [bytes, done] = [new Uint8Array(total ?? 0), 0];
  const reader = (response.body as ReadableStream<Uint8Array>).getReader(); // bytes, as of any response
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (done + part.value.length > bytes.length) {
      const larger = new Uint8Array(Math.max(2 * bytes.length, done + part.value.length));
      larger.set(bytes.subarray(0, done));
      bytes = larger;
    }
    bytes.set(part.value, done);
    done += part.value.length;
    onBytes?.(done, total);
  }
  return bytes.subarray(0, done);
}
