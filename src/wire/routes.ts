/**
 * Every address of the protocol, in one place: a server mounts the patterns, a client fills them.
 *
 * @module
 */

/** Address patterns; `:name` stands for one path segment. */
export const ROUTES = {
  /** GET: the tasks. */
  tasks: "/v1/tasks",
  /** GET: a signed task. */
  task: "/v1/tasks/:task",
  /** GET: the roster, for an operator. */
  members: "/v1/tasks/:task/members",
  /** POST: one-time tokens, for an operator. */
  tickets: "/v1/tasks/:task/tickets",
  /** PUT revokes a member, DELETE lets it come again; for an operator. */
  revocation: "/v1/tasks/:task/revocations/:member",
  /** DELETE: a region ends gracefully; PUT: it works on; for an operator. */
  work: "/v1/work",
  /** PUT enrols, DELETE leaves. */
  member: "/v1/tasks/:task/members/:member",
  /** GET: long poll for a round above `after`. */
  round: "/v1/tasks/:task/round",
  /** GET: a model's safetensors. */
  model: "/v1/tasks/:task/models/:version",
  /** PUT: an update. */
  update: "/v1/tasks/:task/rounds/:round/updates/:member",
  /** PUT: a word that no update will come. */
  abstention: "/v1/tasks/:task/rounds/:round/abstentions/:member",
  /** PUT: a client's message of a phase; GET: long poll for the root's. */
  phase: "/v1/tasks/:task/rounds/:round/phases/:phase/:member",
  /** GET: the round log. */
  log: "/v1/tasks/:task/log",
  /** GET: the signed head of the log's Merkle tree. */
  logHead: "/v1/tasks/:task/log/head",
  /** GET: a proof that the entry `seq` is in the log of `size` entries. */
  logInclusion: "/v1/tasks/:task/log/inclusion",
  /** GET: a proof that the log of `from` entries is how that of `to` entries begins. */
  logConsistency: "/v1/tasks/:task/log/consistency",
  /** GET: a helper's keys. */
  helper: "/v1/helper",
  /** POST: asks a helper for its share of a set's key. */
  answers: "/v1/tasks/:task/answers",
  /** GET: figures. */
  status: "/v1/tasks/:task/status",
} as const;

/** Longest wait of a long poll, in seconds. */
export const MAX_WAIT_S = 60;

/**
 * A pattern with its segments filled in.
 *
 * @throws {RangeError} If a segment has no value.
 */
export function fillRoute(
  pattern: string,
  values: Readonly<Record<string, string | number>>,
): string {
  return pattern.replaceAll(/:([a-z]+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`Cannot fill ${pattern}: no value for ${name}`);
    return encodeURIComponent(value);
  });
}
