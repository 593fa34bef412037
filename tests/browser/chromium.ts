/**
 * A headless Chromium for tests, driven by its DevTools protocol over a WebSocket. Playwright does
 * more, but looks at files that the permissions of tests do not name.
 *
 * @module
 */

/** Where it is, unless `CHROMIUM` says otherwise. */
const PROGRAM = "/usr/bin/chromium";

const FLAGS = [
  ...["--headless=new", "--no-sandbox", "--remote-debugging-port=0", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ...["--disable-quic", "--hide-scrollbars", "--mute-audio", "about:blank"],
];

/** Whether there is one on this machine. */
export async function hasChromium(): Promise<boolean> {
  return await Deno.stat(program()).then(() => true, () => false);
}

function program(): string {
  return Deno.env.get("CHROMIUM") ?? PROGRAM;
}

/** How a page is shown. */
export interface PageLook {
  /** CSS pixels from side to side. */
  readonly width: number;
  /** CSS pixels from top to bottom. */
  readonly height: number;
  /** Which colours the page is told to prefer. */
  readonly colours: "light" | "dark";
}

/** A page in a browser of its own; disposing ends both. */
export interface Page extends AsyncDisposable {
  /** Goes to an address. */
  goto(url: string): Promise<void>;
  /** Value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression in the page is true. */
  until(expression: string): Promise<void>;
  /** Changes how the page is shown. */
  look(look: PageLook): Promise<void>;
  /** The whole page as a PNG. */
  screenshot(): Promise<Uint8Array>;
  /** What the page has complained about: errors of scripts, and what its policy has refused. */
  readonly complaints: readonly string[];
  /** Addresses that it has asked for. */
  readonly requests: readonly string[];
}

/** An answer or event of the protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  // deno-lint-ignore no-explicit-any -- the protocol's own, hundreds of kinds
  readonly params?: any;
  // deno-lint-ignore no-explicit-any
  readonly result?: any;
  readonly error?: { readonly message: string };
}

/** Starts a browser with one page. */
export async function openPage(): Promise<Page> {
  await using stack = new AsyncDisposableStack();
  const profile = await Deno.makeTempDir({ prefix: "tributary-chromium-" });
  stack.defer(() => Deno.remove(profile, { recursive: true }));
  const browser = new Deno.Command(program(), {
    args: [`--user-data-dir=${profile}`, ...FLAGS],
    ...{ stdin: "null", stdout: "null", stderr: "piped" },
  }).spawn();
  const { url, drained } = debuggerUrl(browser.stderr);
  stack.defer(async () => {
    browser.kill("SIGKILL");
    await browser.status;
    await drained;
  });
  const port = new URL(await url).port;
  const targets: { type: string; webSocketDebuggerUrl: string }[] =
    await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const target = targets.find(({ type }) => type === "page")!;
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  stack.defer(async () => {
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  });
  const page = pageOver(socket);
  await page.enable();
  const owned = stack.move();
  return Object.assign(page, { [Symbol.asyncDispose]: () => owned.disposeAsync() });
}

/** The address that the browser prints once it listens; what it prints later is read, and dropped. */
function debuggerUrl(output: ReadableStream<Uint8Array<ArrayBuffer>>) {
  const { promise: url, resolve, reject } = Promise.withResolvers<string>();
  async function read(): Promise<void> {
    let text = "";
    for await (const chunk of output.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const found = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    }
    reject(new Error(`Cannot start Chromium: ${text.slice(-2000)}`));
  }
  return { url, drained: read() };
}

function pageOver(socket: WebSocket) {
  const waiting = new Map<number, (message: Message) => void>();
  const complaints: string[] = [];
  const requests: string[] = [];
  let loaded = Promise.withResolvers<void>();
  let last = 0;

  socket.onmessage = ({ data }) => {
    const message: Message = JSON.parse(data);
    if (message.id !== undefined) return waiting.get(message.id)?.(message);
    const { method, params } = message;
    if (method === "Page.loadEventFired") loaded.resolve();
    if (method === "Network.requestWillBeSent") requests.push(params.request.url);
    if (method === "Runtime.exceptionThrown") complaints.push(params.exceptionDetails.text);
    if (method === "Log.entryAdded" && params.entry.level === "error") {
      complaints.push(params.entry.text);
    }
  };

  async function call(method: string, params: Readonly<Record<string, unknown>> = {}) {
    const id = ++last;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    waiting.delete(id);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  async function evaluate<T>(expression: string): Promise<T> {
    const options = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await call("Runtime.evaluate", options);
    if (exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
    }
    return result.value;
  }

  return {
    ...{ complaints, requests, evaluate },
    async enable() {
      for (const domain of ["Page", "Network", "Runtime", "Log"]) await call(`${domain}.enable`);
    },
    async goto(url: string) {
      loaded = Promise.withResolvers();
      await call("Page.navigate", { url });
      await loaded.promise;
    },
    async until(expression: string) {
      // The page looks by itself at each of its frames; nobody sleeps here.
      await evaluate(
        `new Promise((done) => { const look = () => (${expression}) ? done() : setTimeout(look, 20); look(); })`,
      );
    },
    async look({ width, height, colours }: PageLook) {
      const size = { width, height, deviceScaleFactor: 1, mobile: false };
      await call("Emulation.setDeviceMetricsOverride", size);
      const features = [{ name: "prefers-color-scheme", value: colours }];
      await call("Emulation.setEmulatedMedia", { features });
    },
    async screenshot() {
      const { data } = await call("Page.captureScreenshot", { captureBeyondViewport: true });
      return Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    },
  };
}
