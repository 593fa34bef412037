/**
 * A committee of helpers in this process, for what is masked.
 *
 * @module
 */
import { serveHelper } from "../edge/deno/mod.ts";
import { toBase64Url } from "../src/core/bytes.ts";
import type { HelperInfo } from "../src/wire/mask_plan.ts";

/** Starts helpers, which end with `stack`, and gives them as a task names them. */
export async function startCommittee(
  stack: AsyncDisposableStack,
  { size, folder }: { readonly size: number; readonly folder: string },
): Promise<HelperInfo[]> {
  const helpers: HelperInfo[] = [];
  for (let i = 1; i <= size; i++) {
    const helper = stack.use(
      await serveHelper({
        store: `${folder}/helper${i}.db`,
        identity: `${folder}/helper${i}.key`,
        keys: [`${folder}/helper${i}.shares.key`],
      }),
    );
    helpers.push({
      url: helper.url,
      key: toBase64Url(helper.keys[0]?.publicKey ?? new Uint8Array()),
      identity: toBase64Url(helper.identity.publicKey),
    });
  }
  return helpers;
}
