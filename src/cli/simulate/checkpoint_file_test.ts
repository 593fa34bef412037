import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { SimulationChange } from "../../sim/mod.ts";
import { testFolder } from "../_testing.ts";
import { openCheckpointFile, removeCheckpointFile } from "./checkpoint_file.ts";

const DATA = "da".repeat(32);
const bytes = (...values: number[]) => Uint8Array.from(values);

/** What a simulation might save after a round. */
function change(round: number, kept: SimulationChange["kept"] = []): SimulationChange {
  const model = { version: round, digest: "00".repeat(32), bytes: 3 };
  return {
    key: "aa",
    tree: { nowMs: 10 * round, records: [], busyUntilMs: [0, round] },
    model: bytes(round, 2, 3),
    strategy: bytes(9, round),
    round: {
      ...{ round, outcome: "published", model, metrics: { loss: 0.1 + round } },
      ...{ clients: 2, asked: 2, away: 0, lost: 0, late: 0, regionsDown: 0, ms: 10 },
      ...{ bytesUp: 4, bytesDown: 6 },
    },
    kept,
  };
}

Deno.test("checkpoint file: nothing before the first round", async () => {
  await using folder = await testFolder();
  using file = openCheckpointFile(folder.path("run.db"), DATA);
  assert.equal(await file.load(), undefined);
});

Deno.test("checkpoint file: all rounds, the latest state, and each value as it is now", async () => {
  await using folder = await testFolder();
  const path = folder.path("run.db");
  const [one, two] = [
    change(1, [{ client: 1, key: "person", value: bytes(1) }, {
      client: 0,
      key: "person",
      value: bytes(5),
    }]),
    change(2, [{ client: 1, key: "person", value: bytes(2) }]),
  ];
  {
    using file = openCheckpointFile(path, DATA);
    await file.save(one);
    await file.save(two);
  }
  using file = openCheckpointFile(path, DATA);
  const { kept, round: _round, ...state } = two;
  assert.equal(kept.length, 1);
  assert.deepEqual(await file.load(), {
    ...state,
    rounds: [one.round, two.round],
    kept: [
      { client: 0, key: "person", value: bytes(5) },
      { client: 1, key: "person", value: bytes(2) },
    ],
  });
});

Deno.test("checkpoint file: a round that cannot be saved leaves the one before whole", async () => {
  await using folder = await testFolder();
  using file = openCheckpointFile(folder.path("run.db"), DATA);
  await file.save(change(1));
  const before = await file.load();
  // The same round again: its row is there, so nothing of it may be written.
  assert.throws(
    () => file.save({ ...change(1, [{ client: 3, key: "a", value: bytes(1) }]), key: "bb" }),
    { code: "store-failed" },
  );
  assert.deepEqual(await file.load(), before);
  await file.save(change(2));
});

Deno.test("checkpoint file: a device finds there what it kept", async () => {
  await using folder = await testFolder();
  using file = openCheckpointFile(folder.path("run.db"), DATA);
  await file.save(change(1, [{ client: 4, key: "person", value: bytes(7, 8) }]));
  assert.deepEqual(await file.stateOf(4).get("person"), bytes(7, 8));
  assert.equal(await file.stateOf(5).get("person"), undefined);
  await file.stateOf(5).set("person", bytes(1));
  assert.deepEqual(await file.stateOf(5).get("person"), bytes(1));
});

Deno.test("checkpoint file: another file is refused by its path", async () => {
  await using folder = await testFolder();
  const path = await folder.write("run.db", "these are no bytes of a database, for all we know");
  assert.throws(() => openCheckpointFile(path, DATA), (error: Error) => {
    assert.match(
      error.message,
      /^Cannot open .*run\.db: .*, expected the checkpoint of a simulation$/,
    );
    return true;
  });
  const newer = folder.path("newer.db");
  {
    using file = openCheckpointFile(newer, DATA);
    await file.save(change(1));
    using database = new DatabaseSync(newer);
    database.exec("UPDATE progress SET format = 2");
  }
  using file = openCheckpointFile(newer, DATA);
  assert.throws(() => file.load(), { code: "store-failed", message: /format is 2, expected 1/ });
});

Deno.test("checkpoint file: removed, it leaves what else is in its folder, and no empty folder", async () => {
  await using folder = await testFolder();
  for (const name of ["mine/run.db", "shared/run.db"]) {
    await Deno.mkdir(folder.path(name.slice(0, name.indexOf("/"))));
    using file = openCheckpointFile(folder.path(name), DATA);
    await file.save(change(1));
  }
  await folder.write("shared/letters.txt", "not ours");
  await removeCheckpointFile(folder.path("mine/run.db"));
  await removeCheckpointFile(folder.path("shared/run.db"));
  assert.deepEqual(await folder.list(), ["shared", "shared/letters.txt"]);
  await removeCheckpointFile(folder.path("shared/run.db"));
});

Deno.test("checkpoint file: a run over other data is not gone on from", async () => {
  await using folder = await testFolder();
  const path = folder.path("run.db");
  {
    using file = openCheckpointFile(path, DATA);
    await file.save(change(1));
  }
  using file = openCheckpointFile(path, "0b".repeat(32));
  assert.throws(
    () => file.load(),
    /^TributaryError: Cannot go on from .*run\.db: it is of data with digest (da)+, expected (0b)+ /,
  );
});
