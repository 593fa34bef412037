/**
 * Where a program's threads spent their time, by V8's sampling profiler (`deno run --cpu-prof`),
 * summed over kinds of work.
 *
 * @module
 */

/** The parts of a `.cpuprofile` file that are read here; times are microseconds. */
export interface CpuProfile {
  /** The tree of stacks. */
  readonly nodes: readonly ProfileNode[];
  /** Beginning and end of the recording. */
  readonly startTime: number;
  /** End of the recording. */
  readonly endTime: number;
  /** Id of the innermost frame's node, for each sample. */
  readonly samples: readonly number[];
  /** Time from the sample before, for each sample. */
  readonly timeDeltas: readonly number[];
}

/** One frame below its callers. */
export interface ProfileNode {
  /** Id that samples and callers name it by. */
  readonly id: number;
  /** The function. */
  readonly callFrame: { readonly functionName: string; readonly url: string };
  /** Ids of the frames that it called. */
  readonly children?: readonly number[];
}

/** A kind of work, and how to know it. */
export interface WorkKind {
  /** What it is called. */
  readonly name: string;
  /** Tried on `function url` of every frame of a stack; a native function's url is empty. */
  readonly frame: RegExp;
}

/** The kind that the profiler reports when a thread waits. */
export const IDLE = "waiting";
/** The kind of everything that no other knows. */
export const OTHER = "everything else";

/**
 * Seconds by kind of work; {@link IDLE} and {@link OTHER} are always there.
 *
 * @param kinds A stack is of the first kind that knows one of its frames.
 */
export function secondsByKind(
  { nodes, samples, timeDeltas }: CpuProfile,
  kinds: readonly WorkKind[],
): Map<string, number> {
  const callers = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const frames = new Map(
    nodes.map(({ id, callFrame }) => [id, `${callFrame.functionName} ${callFrame.url}`]),
  );
  const kindOf = (leaf: number): string => {
    if (frames.get(leaf)?.startsWith("(idle)")) return IDLE;
    const stack: string[] = [];
    for (let id: number | undefined = leaf; id !== undefined; id = callers.get(id)) {
      stack.push(frames.get(id) ?? "");
    }
    return kinds.find(({ frame }) => stack.some((text) => frame.test(text)))?.name ?? OTHER;
  };
  const kindOfNode = new Map(nodes.map(({ id }) => [id, kindOf(id)]));
  const seconds = new Map([...kinds.map(({ name }) => name), OTHER, IDLE].map((name) => [name, 0]));
  for (const [at, node] of samples.entries()) {
    const kind = kindOfNode.get(node) ?? OTHER;
    seconds.set(kind, (seconds.get(kind) ?? 0) + (timeDeltas[at] ?? 0) / 1e6);
  }
  return seconds;
}
