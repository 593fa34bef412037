/**
 * What neural collaborative filtering says of items.
 *
 * @module
 */
import type { NamedTensors } from "../core/tensor.ts";
import type { TrainCore } from "../wasm/train.ts";
import { evaluateRows } from "./evaluate_rows.ts";
import { ITEM_TABLES, type NcfNetwork } from "./ncf_network.ts";

/**
 * The scores of all items that the tensors have rows of, for one person: higher is better.
 *
 * @param tensors Parameters of the network, with one row in the person tables.
 */
export async function scoreNcfItems(
  core: TrainCore,
  network: NcfNetwork,
  tensors: NamedTensors,
): Promise<Float32Array<ArrayBuffer>> {
  const rows = tensors[ITEM_TABLES[0] ?? ""]?.shape[0] ?? 0;
  return await evaluateRows(core, {
    rows,
    parameters: Object.entries(tensors).map(([name, { shape }]) => ({ name, shape })),
    values: tensors,
    bind(parameter) {
      const forward = network.bind(parameter);
      return (pass, from, to) => {
        const items = Uint32Array.from({ length: to - from }, (_, i) => from + i);
        return forward(pass, {
          people: pass.tape.indices(new Uint32Array(items.length)),
          items: pass.tape.indices(items),
        });
      };
    },
  });
}
