import assert from "node:assert/strict";
import process from "node:process";
import { DATABASE, temporarySchema } from "../edge/postgres/_testing.ts";
import { type CliProcess, runHere, startCli, testFolder } from "../src/cli/_testing.ts";

const root = new URL("../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/DEPLOY.md", root));
const unit = await Deno.readTextFile(new URL("examples/server/tributary-region.service", root));

/** Lines of the page's shell blocks. */
const lines = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, text = ""]) =>
  text.trim().split("\n")
);

/** Arguments of a line after `cli`, as a shell cuts it. */
function argumentsOf(line: string): string[] {
  const [, rest = ""] = line.match(/run cli (.*)$/) ?? [];
  return [...rest.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** The page's command lines of one command, and those of the unit. */
function shown(command: string): string[][] {
  const all = [...lines, ...unit.split("\n").filter((line) => line.startsWith("ExecStart="))];
  return all.filter((line) => line.includes(`run cli ${command} `)).map(argumentsOf);
}

Deno.test("deploy: the commands shown start what they say, on free ports and in a folder of their own", async () => {
  await using folder = await testFolder();
  await using stack = new AsyncDisposableStack();
  await Deno.symlink(new URL("examples", root), folder.path("examples"));
  const schema = DATABASE === undefined ? undefined : temporarySchema(DATABASE);
  if (schema) stack.defer(() => schema.drop());
  let parent = "";
  /** As it stands but for the port, the parent's address and the database's. */
  const start = (args: readonly string[]): CliProcess => {
    const local = args.map((value, at) => {
      const option = args[at - 1];
      if (option === "--port") return "0";
      if (option === "--parent") return parent;
      if (value.startsWith("postgres://")) return `${DATABASE}?schema=${schema?.schema}`;
      return value;
    });
    return stack.use(startCli(folder.path(), ...local));
  };
  const address = async (started: CliProcess) =>
    (await started.said(/listening at (\S+) as|"url":"([^"]+)"/)).slice(1).find(Boolean) ?? "";
  const commands = [...shown("root"), ...shown("helper"), ...shown("region")];
  assert.deepEqual(commands.map(([name]) => name), ["root", "helper", "region", "region"]);
  const running: CliProcess[] = [];
  for (const args of commands) {
    if (DATABASE === undefined && args.some((value) => value.startsWith("postgres://"))) continue;
    const started = start(args);
    parent ||= await address(started);
    await started.said(/ready/);
    running.push(started);
  }
  const [verify = []] = shown("verify-log");
  const args = verify.map((value) => value.startsWith("https:") ? parent : value)
    .map((value) => value.endsWith(".json") ? folder.path(value) : value);
  const { code, out, err } = await runHere(...args);
  assert.deepEqual([code, err], [0, []], out);
  for (const started of running.toReversed()) {
    started.interrupt();
    const ended = await started.ended;
    assert.equal(ended.code, 0, ended.err);
  }
});

const hasSystemd = await new Deno.Command("systemd-analyze", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

Deno.test({
  name: "deploy: systemd takes the unit",
  ignore: !hasSystemd && process.env["CI"] !== "true",
  async fn() {
    await using folder = await testFolder();
    const here = unit.replace("/opt/tributary/run", new URL("run", root).pathname);
    const path = await folder.write("tributary-region.service", here);
    const { success, stderr } = await new Deno.Command("systemd-analyze", {
      args: ["verify", path],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  },
});

Deno.test("deploy: whatever file, script and test the page names is there", async () => {
  const named = [
    ...page.matchAll(/`((?:tests|scripts|examples|edge)\/[\w./-]+)`/g),
    ...page.matchAll(/\]\((\.\.\/[^)#]+|[A-Z]+\.md)[^)]*\)/g),
  ].map(([, path = ""]) => path.startsWith("../") ? path.slice(3) : path);
  assert.ok(named.length > 5);
  for (const path of named) {
    await Deno.stat(
      new URL(path.endsWith(".md") && !path.includes("/") ? `docs/${path}` : path, root),
    );
  }
});
