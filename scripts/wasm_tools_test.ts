import assert from "node:assert/strict";
import { prepareToolchain, type Toolchain } from "./wasm_tools.ts";

/** A machine on which commands change what is there, and what was installed aloud on it. */
class Machine {
  readonly installed: string[] = [];
  readonly has: Set<string>;
  /** Whether rustup can load the target. */
  rustup = false;
  /** Installations that fail. */
  broken = "";

  constructor(has: readonly string[]) {
    this.has = new Set(has);
  }

  /** What a command prints, or undefined where it fails. */
  answer(command: string): string | undefined {
    if (command.startsWith("timeout 120 rustup target add") && this.rustup) this.has.add("target");
    const answers: Record<string, [needs: string, text: string]> = {
      "rustc --print target-libdir --target wasm32-unknown-unknown": ["rustc", "/lib/wasm32"],
      "ls /lib/wasm32": ["target", "libcore-12.rlib\nlibstd-34.rlib"],
      "rustc --version": ["rustc", "rustc 1.95.0"],
      "wasm-pack --version": ["wasm-pack", "wasm-pack 0.15.1"],
      "wasm-bindgen --version": ["wasm-bindgen", "wasm-bindgen 0.2.130"],
      "wasm-opt --version": ["wasm-opt", "wasm-opt version 132 (version_132)"],
    };
    const [needs, text] = answers[command] ?? [];
    return needs !== undefined && this.has.has(needs) ? text : undefined;
  }

  install(command: string): number {
    this.installed.push(command);
    if (this.broken !== "" && command.includes(this.broken)) return 1;
    for (const tool of ["wasm-pack", "wasm-bindgen"]) {
      if (command.startsWith(`cargo install ${tool}`)) this.has.add(tool);
    }
    if (command.includes("npm install")) this.has.add("wasm-opt");
    if (command.includes("debian_rust.sh")) this.has.add("rustc").add("target");
    return 0;
  }

  prepare(): Promise<Toolchain> {
    return prepareToolchain({
      tools: "/tools",
      path: "/bin",
      quietly: ([env, ...command]) => {
        assert.equal(env, "env");
        const text = this.answer(command.join(" "));
        return Promise.resolve(
          text === undefined ? { code: 127, text: "no" } : { code: 0, text: `${text}\n` },
        );
      },
      aloud: ([env, ...command]) => {
        assert.equal(env, "env");
        return Promise.resolve(this.install(command.join(" ")));
      },
    });
  }
}

const TOOLS = ["wasm-pack", "wasm-bindgen", "wasm-opt"];

Deno.test("wasm tools: where all is there, nothing is installed", async () => {
  const machine = new Machine(["rustc", "target", ...TOOLS]);
  assert.deepEqual(await machine.prepare(), {
    path: "/tools/bin:/tools/npm/node_modules/.bin:/bin",
    rustc: "rustc 1.95.0",
  });
  assert.deepEqual(machine.installed, []);
});

Deno.test("wasm tools: rustup adds the target where it can", async () => {
  const machine = new Machine(["rustc", ...TOOLS]);
  machine.rustup = true;
  await machine.prepare();
  assert.deepEqual(machine.installed, []);
});

Deno.test("wasm tools: where rustup cannot, Debian's Rust is taken before any other", async () => {
  for (const has of [["rustc", ...TOOLS], TOOLS]) {
    const machine = new Machine(has);
    const { path } = await machine.prepare();
    assert.equal(path, "/tools/bin:/tools/npm/node_modules/.bin:/usr/bin:/bin");
    assert.equal(machine.installed.length, 1);
    assert.match(machine.installed[0] ?? "", /^sh \/.*\/scripts\/debian_rust\.sh \/tools\/std$/);
  }
});

Deno.test("wasm tools: each tool that is missing is installed in its pinned version", async () => {
  const machine = new Machine(["rustc", "target"]);
  await machine.prepare();
  assert.deepEqual(machine.installed.slice(0, 2), [
    "cargo install wasm-pack@0.15.1 --locked --root /tools",
    "cargo install wasm-bindgen-cli@0.2.130 --bin wasm-bindgen --root /tools",
  ]);
  assert.match(machine.installed[2] ?? "", /npm install .* \/tools\/npm binaryen@132$/);
});

Deno.test("wasm tools: an installation that fails is named", async () => {
  const machine = new Machine(["rustc", "target", "wasm-pack", "wasm-opt"]);
  machine.broken = "wasm-bindgen-cli";
  await assert.rejects(
    machine.prepare(),
    /^Error: Cannot get wasm-bindgen: "cargo install wasm-bindgen-cli@0\.2\.130 .*" failed$/,
  );
});
