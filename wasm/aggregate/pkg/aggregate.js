/* @ts-self-types="./aggregate.d.ts" */

/**
 * Adds a sample and `offset` to each of `len` words; the table has `entries` of four words, `scratch`
 * `steps` of two.
 * @param {number} words
 * @param {number} len
 * @param {number} table
 * @param {number} entries
 * @param {number} scratch
 * @param {number} steps
 * @param {number} seed
 * @param {number} stream
 * @param {number} offset
 */
export function add_noise(words, len, table, entries, scratch, steps, seed, stream, offset) {
    wasm.add_noise(words, len, table, entries, scratch, steps, seed, stream, offset);
}

/**
 * `acc[i] += x[i]` mod 2^32 for `len` words.
 * @param {number} acc
 * @param {number} x
 * @param {number} len
 */
export function add_u32(acc, x, len) {
    wasm.add_u32(acc, x, len);
}

/**
 * `out[i] = (sum[i] - offset) * unit` for `len` words, the difference read as signed.
 * @param {number} sum
 * @param {number} out
 * @param {number} len
 * @param {number} offset
 * @param {number} unit
 */
export function dequantise(sum, out, len, offset, unit) {
    wasm.dequantise(sum, out, len, offset, unit);
}

/**
 * Index of the first of `len` words that is above `most`; `len` if none is.
 * @param {number} x
 * @param {number} len
 * @param {number} most
 * @returns {number}
 */
export function first_above_u32(x, len, most) {
    const ret = wasm.first_above_u32(x, len, most);
    return ret >>> 0;
}

/**
 * Turns over signs of `len` float32 values by the keystream of the 32 bytes at `seed`, from block
 * `counter`.
 * @param {number} x
 * @param {number} len
 * @param {number} seed
 * @param {number} counter
 */
export function flip_signs(x, len, seed, counter) {
    wasm.flip_signs(x, len, seed, counter);
}

/**
 * Transforms `len` float32 values block by block.
 * @param {number} x
 * @param {number} len
 * @param {number} block
 */
export function hadamard(x, len, block) {
    wasm.hadamard(x, len, block);
}

/**
 * Adds `len` words of whole polynomials. Returns the number of rows, or, having changed nothing, the
 * index of the first row with a word that is no residue.
 * @param {number} ring_index
 * @param {number} acc
 * @param {number} x
 * @param {number} len
 * @returns {number}
 */
export function kahe_add(ring_index, acc, x, len) {
    const ret = wasm.kahe_add(ring_index, acc, x, len);
    return ret >>> 0;
}

/**
 * Draws `len` samples of the key's distribution as residues mod the share prime, by the keystream of
 * the 32 bytes at `seed`.
 * @param {number} out
 * @param {number} len
 * @param {number} seed
 */
export function kahe_draw_key(out, len, seed) {
    wasm.kahe_draw_key(out, len, seed);
}

/**
 * Encrypts `polys` polynomials of values, the first of which is number `first`. `scratch` is `N` words
 * and as many for each prime.
 * @param {number} ring_index
 * @param {number} tables
 * @param {number} transform
 * @param {number} public_key
 * @param {number} error_key
 * @param {number} slots
 * @param {number} width
 * @param {number} first
 * @param {number} polys
 * @param {number} values
 * @param {number} out
 * @param {number} scratch
 */
export function kahe_mask(ring_index, tables, transform, public_key, error_key, slots, width, first, polys, values, out, scratch) {
    wasm.kahe_mask(ring_index, tables, transform, public_key, error_key, slots, width, first, polys, values, out, scratch);
}

/**
 * Fills the tables of a ring: 4 words for each coefficient and prime.
 * @param {number} ring_index
 * @param {number} tables
 */
export function kahe_tables(ring_index, tables) {
    wasm.kahe_tables(ring_index, tables);
}

/**
 * Transforms a key, or a sum of keys, of `N` residues mod the share prime: 2 words for each
 * coefficient and prime.
 * @param {number} ring_index
 * @param {number} tables
 * @param {number} secret
 * @param {number} out
 */
export function kahe_transform_key(ring_index, tables, secret, out) {
    wasm.kahe_transform_key(ring_index, tables, secret, out);
}

/**
 * Opens the sum of `polys` polynomials, the first of which is number `first`; `sum` is used up. Writes
 * the largest magnitude of the summed errors and the sum of their squares to `noise`. `scratch` is
 * `N` words.
 * @param {number} ring_index
 * @param {number} tables
 * @param {number} transform
 * @param {number} public_key
 * @param {number} slots
 * @param {number} width
 * @param {number} first
 * @param {number} polys
 * @param {number} sum
 * @param {number} values
 * @param {number} noise
 * @param {number} scratch
 */
export function kahe_unmask(ring_index, tables, transform, public_key, slots, width, first, polys, sum, values, noise, scratch) {
    wasm.kahe_unmask(ring_index, tables, transform, public_key, slots, width, first, polys, sum, values, noise, scratch);
}

/**
 * Adds the uniform key that the 32 bytes at `seed` stand for to a sum of transformed ones, one word for
 * each coefficient and prime, or takes it away. `scratch` is `N` words.
 * @param {number} ring_index
 * @param {number} sum
 * @param {number} seed
 * @param {boolean} minus
 * @param {number} scratch
 */
export function key_add_seed(ring_index, sum, seed, minus, scratch) {
    wasm.key_add_seed(ring_index, sum, seed, minus, scratch);
}

/**
 * Makes of a sum of transformed keys what [`kahe_transform_key`] makes of a key.
 * @param {number} ring_index
 * @param {number} sum
 * @param {number} out
 */
export function key_ready(ring_index, sum, out) {
    wasm.key_ready(ring_index, sum, out);
}

/**
 * Adds the keystream of the 32 bytes at `seed` to `len` words mod 2^32.
 * @param {number} acc
 * @param {number} len
 * @param {number} seed
 */
export function pad_add(acc, len, seed) {
    wasm.pad_add(acc, len, seed);
}

/**
 * Takes the keystream of the 32 bytes at `seed` away from `len` words mod 2^32.
 * @param {number} acc
 * @param {number} len
 * @param {number} seed
 */
export function pad_sub(acc, len, seed) {
    wasm.pad_sub(acc, len, seed);
}

/**
 * Rounds `len` float32 values at `x` to words at `out`; value `i` by word `16 * block + skip + i`
 * of the keystream of the 32 bytes at `key`. Returns `len`, or, having written nothing, the index
 * of the first value that is infinite or NaN.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 * @param {number} limit
 * @param {number} scale
 * @param {number} key
 * @param {number} block
 * @param {number} skip
 * @returns {number}
 */
export function quantise(x, out, len, limit, scale, key, block, skip) {
    const ret = wasm.quantise(x, out, len, limit, scale, key, block, skip);
    return ret >>> 0;
}

/**
 * `x[i] *= factor` for `len` float32 values.
 * @param {number} x
 * @param {number} len
 * @param {number} factor
 */
export function scale(x, len, factor) {
    wasm.scale(x, len, factor);
}

/**
 * Adds `len` residues mod the share prime. Returns whether all of `x` were; if not, nothing changed.
 * @param {number} acc
 * @param {number} x
 * @param {number} len
 * @returns {boolean}
 */
export function share_add(acc, x, len) {
    const ret = wasm.share_add(acc, x, len);
    return ret !== 0;
}

/**
 * Expands the 32 bytes at `seed` to `len` residues mod the share prime.
 * @param {number} out
 * @param {number} len
 * @param {number} seed
 */
export function share_expand(out, len, seed) {
    wasm.share_expand(out, len, seed);
}

/**
 * Value at `target` of the polynomials through `count` rows of `len` residues at `places`.
 * @param {number} places
 * @param {number} count
 * @param {number} rows
 * @param {number} len
 * @param {number} target
 * @param {number} out
 */
export function share_interpolate(places, count, rows, len, target, out) {
    wasm.share_interpolate(places, count, rows, len, target, out);
}

/**
 * Sum of the squares of `len` float32 values, not finite exactly when one of them is not.
 * @param {number} x
 * @param {number} len
 * @returns {number}
 */
export function squared_norm(x, len) {
    const ret = wasm.squared_norm(x, len);
    return ret;
}

/**
 * Sum of the squares of `len` words less `offset`, as signed words.
 * @param {number} x
 * @param {number} len
 * @param {number} offset
 * @returns {number}
 */
export function squared_words(x, len, offset) {
    const ret = wasm.squared_words(x, len, offset);
    return ret;
}

/**
 * `acc[i] -= x[i]` mod 2^32 for `len` words.
 * @param {number} acc
 * @param {number} x
 * @param {number} len
 */
export function sub_u32(acc, x, len) {
    wasm.sub_u32(acc, x, len);
}
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbindgen_init_externref_table: function() {
            const table = wasm.__wbindgen_externrefs;
            table.set(0, undefined);
            table.set(1024, undefined);
            table.set(1025, null);
            table.set(1026, true);
            table.set(1027, false);
        },
    };
    return {
        __proto__: null,
        "./aggregate_bg.js": import0,
    };
}

let wasmModule, wasmInstance, wasm;
function __wbg_finalize_init(instance, module) {
    wasmInstance = instance;
    wasm = instance.exports;
    wasmModule = module;
    wasm.__wbindgen_start();
    return wasm;
}

async function __wbg_load(module, imports) {
    if (typeof Response === 'function' && module instanceof Response) {
        if (!module.ok) {
            throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
        }

        if (typeof WebAssembly.instantiateStreaming === 'function') {
            try {
                return await WebAssembly.instantiateStreaming(module, imports);
            } catch (e) {
                const validResponse = expectedResponseType(module.type);

                if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                    console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                } else { throw e; }
            }
        }

        const bytes = await module.arrayBuffer();
        return await WebAssembly.instantiate(bytes, imports);
    } else {
        const instance = await WebAssembly.instantiate(module, imports);

        if (instance instanceof WebAssembly.Instance) {
            return { instance, module };
        } else {
            return instance;
        }
    }

    function expectedResponseType(type) {
        switch (type) {
            case 'basic': case 'cors': case 'default': return true;
        }
        return false;
    }
}

function initSync(module) {
    if (wasm !== undefined) return wasm;


    if (module !== undefined) {
        if (Object.getPrototypeOf(module) === Object.prototype) {
            ({module} = module)
        } else {
            console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
        }
    }

    const imports = __wbg_get_imports();
    if (!(module instanceof WebAssembly.Module)) {
        module = new WebAssembly.Module(module);
    }
    const instance = new WebAssembly.Instance(module, imports);
    return __wbg_finalize_init(instance, module);
}

let __wbg_init_promise;
async function __wbg_init(module_or_path) {
    if (wasm !== undefined) return wasm;
    if (__wbg_init_promise === undefined) {
        __wbg_init_promise = __wbg_init_once(module_or_path);
        __wbg_init_promise.catch(() => { __wbg_init_promise = undefined; });
    }
    return __wbg_init_promise;
}

async function __wbg_init_once(module_or_path) {

    if (module_or_path !== undefined) {
        if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
            ({module_or_path} = module_or_path)
        } else {
            console.warn('using deprecated parameters for the initialization function; pass a single object instead')
        }
    }

    if (module_or_path === undefined) {
        module_or_path = new URL('aggregate_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
