import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { access, chmod, copyFile, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";

/** What ./run needs of a bare machine, beside Node. */
const BARE = ["sh", "dirname", "cat", "sed", "mktemp", "rm", "mkdir", "mv", "cksum"];

const script = decodeURIComponent(new URL("../run", import.meta.url).pathname);

/** Calls ./run. */
type Run = (...args: string[]) => { status: number | null; stdout: string; stderr: string };

/** Lends a machine that has only {@link BARE} and `programs`, given as shell scripts. */
async function onMachine(
  programs: Record<string, string>,
  use: (run: Run, folder: string) => void,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "run script "));
  try {
    for (const name of BARE) await symlink(await which(name), join(folder, name));
    for (const [name, body] of Object.entries(programs)) {
      await writeFile(join(folder, name), `#!/bin/sh\n${body}\n`);
      await chmod(join(folder, name), 0o755);
    }
    const copy = join(folder, "run");
    await copyFile(script, copy);
    const environment = { env: { PATH: folder }, encoding: "utf8", cwd: "/" } as const;
    use((...args) => spawnSync(join(folder, "sh"), [copy, ...args], environment), folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function which(name: string): Promise<string> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (await access(path).then(() => true, () => false)) return path;
  }
  throw new Error(`Cannot find ${name} on PATH`);
}

Deno.test("run: help needs nothing installed, and no command is a call for help", async () => {
  await onMachine({}, (run) => {
    const help = run("--help");
    assert.equal(help.status, 0);
    assert.match(help.stdout, /^Usage: \.\/run COMMAND/);
    assert.equal(run().stdout, help.stdout);
    assert.equal(run("help").stdout, help.stdout);
  });
});

Deno.test("run: an unknown command gets one line and status 2", async () => {
  await onMachine({}, (run) => {
    const { status, stdout, stderr } = run("trian");
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.equal(stderr, "run: unknown command 'trian'; ./run help lists them\n");
  });
});

Deno.test("run: without Node, with an old one, or without npm it says what to install", async () => {
  const sentence = async (programs: Record<string, string>): Promise<string> => {
    let said = "";
    await onMachine(programs, (run) => {
      const { status, stderr } = run("test");
      assert.equal(status, 1);
      said = stderr;
    });
    return said;
  };
  assert.equal(
    await sentence({}),
    "run: Cannot install Deno: there is no 'node' on PATH; install Node.js 20 or newer with npm\n",
  );
  assert.equal(
    await sentence({ node: "echo 18.19.1" }),
    "run: Cannot install Deno: Node.js is 18.19.1, and 20 or newer is needed\n",
  );
  assert.equal(
    await sentence({ node: "echo 20.1.0" }),
    "run: Cannot install Deno: there is no 'npm' on PATH; install npm beside Node.js 20.1.0\n",
  );
});

Deno.test("run: a failed installation leaves nothing behind and is told", async () => {
  await onMachine({ node: "echo 20.1.0", npm: "exit 1" }, (run, folder) => {
    const { status, stderr } = run("check");
    assert.equal(status, 1);
    assert.match(stderr, /Cannot install Deno 2\.9\.6: npm failed as shown above/);
    assert.deepEqual(readdirSync(join(folder, ".deno")), []);
  });
});

Deno.test("run: a Deno of the pinned minor version is taken, an older or newer one is not", async () => {
  const taken = async (version: string): Promise<boolean> => {
    let called = false;
    const deno = `[ "$1" = --version ] && echo "deno ${version} (stable)" || echo "called: $*"`;
    await onMachine({ deno, node: "echo 18.0.0" }, (run) => {
      called = run("check", "layout").stdout.includes("called: run");
    });
    return called;
  };
  assert.deepEqual(
    await Promise.all(["2.9.5", "2.9.6", "2.9.12", "2.10.0", "3.0.0"].map(taken)),
    [false, true, true, false, false],
  );
});
