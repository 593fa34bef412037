/**
 * What this project uses of the language and Node 20 lacks: `Promise.withResolvers`,
 * `Array.fromAsync` and `DisposableStack`. Importing this defines what is missing, as far as it is used
 * here, and nothing else.
 *
 * @module
 */

/** What is to be disposed of, in the order in which it was taken up. */
class Stack implements DisposableStack {
  readonly [Symbol.toStringTag] = "DisposableStack";
  #rest: (() => void)[] = [];
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  use<T extends Disposable | null | undefined>(value: T): T {
    if (value !== null && value !== undefined) this.defer(() => value[Symbol.dispose]());
    return value;
  }

  adopt<T>(value: T, dispose: (value: T) => void): T {
    this.defer(() => dispose(value));
    return value;
  }

  defer(dispose: () => void): void {
    if (this.#disposed) throw new ReferenceError("Cannot add to a stack: it was disposed of");
    this.#rest.push(dispose);
  }

  move(): DisposableStack {
    const moved = new Stack();
    moved.#rest = this.#rest;
    this.#rest = [];
    this.#disposed = true;
    return moved;
  }

  dispose(): void {
    this.#disposed = true;
    const errors: unknown[] = [];
    for (let next = this.#rest.pop(); next !== undefined; next = this.#rest.pop()) {
      try {
        next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 1) throw new AggregateError(errors, "Cannot dispose of a stack");
    if (errors.length === 1) throw errors[0];
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function withResolvers<T>(this: PromiseConstructor): PromiseWithResolvers<T> {
  const parts: Partial<PromiseWithResolvers<T>> = {};
  const promise = new this<T>((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return Object.assign(parts, { promise }) as PromiseWithResolvers<T>;
}

async function fromAsync<T>(values: AsyncIterable<T> | Iterable<T | PromiseLike<T>>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) all.push(value);
  return all;
}

function define(owner: object, name: string, value: unknown): void {
  if (name in owner) return;
  Object.defineProperty(owner, name, { value, writable: true, configurable: true });
}

define(globalThis, "DisposableStack", Stack);
define(Promise, "withResolvers", withResolvers);
define(Array, "fromAsync", fromAsync);
