import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toBase64 } from "../../src/core/bytes.ts";
import { generateStoredIdentity } from "../../src/core/identity.ts";
import { generateStoredHelperKey } from "../../src/mask/helper_key.ts";
import { wranglerProgram } from "./_packages_testing.ts";
import { canRunWorkerd } from "./_testing.ts";
import { startTree, trainToTheEnd } from "./_tree_testing.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** By which Deno takes wrangler for what it is, a package of CommonJS. */
const WRANGLER_CONFIG = join(ROOT, "tests/workerd/deno.json");

/** Everything but the network: wrangler would ask for what it does not need. */
const PERMISSIONS = [
  ...["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-run", "--allow-ffi"],
  "--allow-net=127.0.0.1,localhost",
];

async function run(args: readonly string[], cwd: string): Promise<void> {
  const command = new Deno.Command(args[0]!, { args: args.slice(1), cwd });
  const { success, stdout, stderr } = await command.output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  assert.ok(success, `${args.join(" ")}:\n${text}`);
}

/** The template with the library as it would be published, and what the library needs. */
async function makeProject(folder: string): Promise<string> {
  const project = join(folder, "project");
  cpSync(join(ROOT, "examples/cloudflare"), project, { recursive: true });
  const packages = join(project, "node_modules");
  const library = join(packages, "@tributary/tributary");
  mkdirSync(library, { recursive: true });
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(ROOT, "node_modules", name), join(packages, name));
  }
  const archive = join(folder, "library.tgz");
  const options = ["--allow-dirty", "--allow-slow-types", "--no-source-maps", "--quiet"];
  await run([Deno.execPath(), "pack", ...options, "--output", archive], ROOT);
  await run(["tar", "xzf", archive, "-C", library, "--strip-components=1"], folder);
  return project;
}

/** Of the platform's API what a first deployment asks; what it was sent for is in `sent`. */
function startApi() {
  const sent: { readonly name: string; readonly type: string }[][] = [];
  const answer = (result: unknown, status = 200) =>
    Response.json({ success: status === 200, errors: NOT_THERE, messages: [], result }, { status });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/subdomain")) return answer({ subdomain: "me", enabled: true });
    if (pathname.endsWith("/workers/scripts")) return answer([]);
    if (request.method !== "PUT") return answer(null, 404);
    const metadata = (await request.formData()).get("metadata");
    sent.push(JSON.parse(String(metadata)).bindings);
    return answer({ id: "x", deployment_id: "x", startup_time_ms: 1 });
  });
  return { url: `http://127.0.0.1:${server.addr.port}/client/v4`, sent, server };
}

const NOT_THERE = [{ code: 10007, message: "This Worker does not exist" }];

/** Deploys to an account that has no such Worker, as the template's README says. */
async function deploy(project: string, args: readonly string[]) {
  const api = startApi();
  await using _server = { [Symbol.asyncDispose]: () => api.server.shutdown() };
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", ...PERMISSIONS, "--config", WRANGLER_CONFIG, wranglerProgram()],
      ...["deploy", ...args],
    ],
    cwd: project,
    env: {
      ...{ CLOUDFLARE_API_BASE_URL: api.url, CLOUDFLARE_API_TOKEN: "x", CI: "true" },
      ...{ CLOUDFLARE_ACCOUNT_ID: "0".repeat(32), WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" },
    },
  });
  const { success, stdout, stderr } = await command.output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  return { success, text, bindings: api.sent.flat() };
}

/** What a user starts on a machine of their own: `wrangler dev`, with secrets in its file for that. */
async function startProject(
  project: string,
  { config, secrets }: { readonly config: string; readonly secrets: Record<string, string> },
): Promise<AsyncDisposable & { readonly url: string }> {
  const lines = Object.entries(secrets).map(([name, value]) => `${name}="${value}"\n`);
  // Two workers of one folder: each environment has a file of its own.
  const file = join(project, `${config}.secrets`);
  writeFileSync(file, lines.join(""));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", ...PERMISSIONS, "--config", WRANGLER_CONFIG, wranglerProgram(), "dev"],
      ...["--config", config, "--env-file", file, "--ip", "127.0.0.1", "--port", "0"],
      ...["--inspector-port", "0", "--show-interactive-dev-session=false"],
    ],
    cwd: project,
    env: { WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" },
    stdout: "piped",
    stderr: "null",
    stdin: "null",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stop = async () => {
    child.kill("SIGTERM");
    await reader.cancel();
    await child.status;
  };
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    text += value ?? "";
    const [, url] = /Ready on (http:\/\/127\.0\.0\.1:\d+)/.exec(text) ?? [];
    if (url !== undefined) return { url, [Symbol.asyncDispose]: stop };
    if (done) {
      await child.status;
      throw new Error(`Cannot start ${config}:\n${text}`);
    }
  }
}

Deno.test({
  name:
    "template: with two secrets, a region trains masked rounds and a helper tells its keys, by `wrangler dev`",
  ignore: !await canRunWorkerd(),
  async fn() {
    const folder = mkdtempSync(join(tmpdir(), "template-"));
    const key = async () => toBase64((await generateStoredIdentity()).pkcs8);
    try {
      const project = await makeProject(folder);
      const { key: helperKey, pkcs8 } = await generateStoredHelperKey();
      await using helper = await startProject(project, {
        config: "wrangler.helper.jsonc",
        secrets: { IDENTITY: await key(), HELPER_KEYS: toBase64(pkcs8) },
      });
      const { keys } = await (await fetch(`${helper.url}/v1/helper`)).json();
      assert.equal(keys.length, 1);
      assert.ok(helperKey.publicKey.length === 32);

      const identity = await key();
      await using tree = await startTree(folder, async (_, parent) => {
        const region = await startProject(project, {
          config: "wrangler.jsonc",
          secrets: { IDENTITY: identity, PARENT: parent },
        });
        return { ...region, killAndStart: () => Promise.reject(new Error("not here")) };
      });
      await trainToTheEnd(tree);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "template: it is deployed with the secrets of a file, and not without them",
  ignore: !await canRunWorkerd(),
  async fn() {
    const folder = mkdtempSync(join(tmpdir(), "template-"));
    try {
      const project = await makeProject(folder);
      const roles = {
        region: { config: "wrangler.jsonc", names: ["IDENTITY", "PARENT"] },
        helper: { config: "wrangler.helper.jsonc", names: ["IDENTITY", "HELPER_KEYS"] },
      };
      for (const [role, { config, names }] of Object.entries(roles)) {
        const file = `${role}.secrets`;
        writeFileSync(join(project, file), names.map((name) => `${name}="a#b"\n`).join(""));
        const { success, text, bindings } = await deploy(project, [
          ...["--config", config, "--secrets-file", file],
        ]);
        assert.ok(success, text);
        const secrets = bindings.filter(({ type }) => type === "secret_text");
        assert.deepEqual(secrets.map(({ name }) => name).sort(), names.toSorted());
        const bare = await deploy(project, ["--config", config]);
        assert.match(bare.text, /required secrets have not been set/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
