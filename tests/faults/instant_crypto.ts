/**
 * The platform's cryptography without its threads: what they do in parallel, and in an order that no
 * seed decides, is done at once or given back one by one in the order in which it was asked for.
 *
 * @module
 */
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { nativeCheckOf } from "../../edge/deno/mod.ts";
import { fromBase64Url, toBase64Url } from "../../src/core/bytes.ts";
import { promptDigest } from "../../src/core/digest.ts";
import type { Identity, SignatureCheck } from "../../src/core/identity.ts";
import { type RandomSource, seededSource } from "../../src/core/random.ts";

/** WebCrypto as a simulated world has it; disposing gives the platform its own again. */
export interface InstantCrypto extends Disposable {
  /** Resolves once nothing waits that time alone would bring. */
  settle(): Promise<void>;
}

/** RFC 8410: what stands before the 32 bytes of a private key in PKCS #8, but for the key's kind. */
const PKCS8_HEAD = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65] as const;
const PKCS8_TAIL = [0x04, 0x22, 0x04, 0x20] as const;
/** Last byte of the name of a kind of key. */
const KINDS = { X25519: 0x6e, Ed25519: 0x70 } as const;

/** PKCS #8 of 32 secret bytes. */
export function pkcs8Of(kind: keyof typeof KINDS, secret: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...PKCS8_HEAD, KINDS[kind], ...PKCS8_TAIL, ...secret);
}

/** An identity of 32 secret bytes that signs at once. */
export function instantIdentity(secret: Uint8Array): Identity {
  const key = createPrivateKey({
    key: pkcs8Of("Ed25519", secret) as never,
    format: "der",
    type: "pkcs8",
  });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  const publicKey = fromBase64Url(x);
  return {
    id: toBase64Url(promptDigest(publicKey)),
    publicKey,
    sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, key))),
  };
}

type Method = (...args: unknown[]) => Promise<unknown>;
type Waiting =
  & { readonly outcome: Promise<unknown> }
  & Omit<PromiseWithResolvers<unknown>, "promise">;

/** What WebCrypto does that a world asks of it. */
const QUEUED = [
  ...["decrypt", "deriveBits", "deriveKey", "encrypt", "exportKey", "importKey", "sign", "verify"],
] as const;

/**
 * Replaces this process's WebCrypto.
 *
 * @param seed Decides every key and every byte that the platform would have drawn.
 */
export function instantCrypto(seed: Uint8Array): InstantCrypto {
  const { subtle } = crypto;
  const random: RandomSource = seededSource(seed);
  const waiting: Waiting[] = [];
  const own = subtle as unknown as Record<string, Method>;

  /** Begun at once, given back in turn. */
  function inTurn(outcome: Promise<unknown>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    outcome.catch(() => {});
    waiting.push({ outcome, resolve, reject });
    return promise;
  }

  const methods = new Map<string, Method>(QUEUED.map((name) => {
    const platform = own[name]!.bind(subtle);
    return [name, (...args: unknown[]) => inTurn(platform(...args))];
  }));
  const importKey = own.importKey!.bind(subtle);
  const [queuedImport, queuedVerify] = [methods.get("importKey")!, methods.get("verify")!];
  // Signatures are what worlds do most; a key to check them with is nothing but its check here.
  const checks = new WeakMap<WeakKey, SignatureCheck>();
  methods.set("importKey", (...args) => {
    const [form, bytes, kind] = args;
    if (form !== "raw" || kind !== "Ed25519") return queuedImport(...args);
    const key = {};
    checks.set(key, nativeCheckOf(bytes as Uint8Array) as SignatureCheck);
    return Promise.resolve(key);
  });
  methods.set("verify", async (...args) => {
    const [, key, signature, bytes] = args;
    const check = checks.get(key as WeakKey);
    return await (check?.(bytes as Uint8Array, signature as Uint8Array) ?? queuedVerify(...args));
  });
  methods.set("digest", (_, bytes) => {
    const digest = createHash("sha256").update(bytes as Uint8Array).digest();
    return Promise.resolve(new Uint8Array(digest).buffer);
  });
  methods.set("generateKey", (algorithm, _, usages) => {
    const name = typeof algorithm === "string" ? algorithm : (algorithm as { name: string }).name;
    return inTurn(generate(name as keyof typeof KINDS, usages as KeyUsage[]));
  });

  async function generate(kind: keyof typeof KINDS, usages: KeyUsage[]): Promise<unknown> {
    const isSigner = kind === "Ed25519";
    const bytes = pkcs8Of(kind, random(32));
    const key = createPrivateKey({ key: bytes as never, format: "der", type: "pkcs8" });
    const { x = "" } = createPublicKey(key).export({ format: "jwk" });
    const privateUsages = isSigner ? ["sign"] : usages;
    return {
      privateKey: await importKey("pkcs8", bytes, kind, true, privateUsages),
      publicKey: await importKey("raw", fromBase64Url(x), kind, true, isSigner ? ["verify"] : []),
    };
  }

  for (const [name, value] of methods) {
    Object.defineProperty(subtle, name, { value, configurable: true });
  }
  const getRandomValues = <T extends Uint8Array>(into: T): T => {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(random(into.byteLength));
    return into;
  };
  Object.defineProperty(crypto, "getRandomValues", { value: getRandomValues, configurable: true });

  return {
    async settle() {
      for (;;) {
        await rest();
        const next = waiting.shift();
        if (next === undefined) return;
        await next.outcome.then(next.resolve, next.reject);
      }
    },
    [Symbol.dispose]() {
      for (const name of methods.keys()) Reflect.deleteProperty(subtle, name);
      Reflect.deleteProperty(crypto, "getRandomValues");
    },
  };
}

/** Lets everything go first that waits for no time, no thread and nothing outside. */
function rest(): Promise<void> {
  return new Promise((resolve) => void setImmediate(() => resolve()));
}
