/* @ts-self-types="./train.d.ts" */

/**
 * `out[i] = y(x[i])`.
 * @param {number} x
 * @param {number} out
 * @param {number} len
 * @param {number} activation
 */
export function activate(x, out, len, activation) {
    wasm.activate(x, out, len, activation);
}

/**
 * `dx[i] += dy[i]·y'(x[i])`. Of `x` and `y`, the one that the slope does not need may be 0.
 * @param {number} x
 * @param {number} y
 * @param {number} dy
 * @param {number} dx
 * @param {number} len
 * @param {number} activation
 */
export function activate_backward(x, y, dy, dx, len, activation) {
    wasm.activate_backward(x, y, dy, dx, len, activation);
}

/**
 * The exact server step over `items` items. Returns `items`, or the first item whose matrix is
 * not positive definite; the rows before it are then written already.
 * @param {number} items
 * @param {number} dim
 * @param {number} outer
 * @param {number} linear
 * @param {number} counts
 * @param {number} base
 * @param {number} each
 * @param {number} all
 * @param {number} out
 * @param {number} scratch
 * @returns {number}
 */
export function als_exact(items, dim, outer, linear, counts, base, each, all, out, scratch) {
    const ret = wasm.als_exact(items, dim, outer, linear, counts, base, each, all, out, scratch);
    return ret >>> 0;
}

/**
 * The quasi-Newton server step over `items` items; returns as [`als_exact`] does.
 * @param {number} items
 * @param {number} dim
 * @param {number} table
 * @param {number} gradients
 * @param {number} strengths
 * @param {number} base
 * @param {number} curvature
 * @param {number} each
 * @param {number} all
 * @param {number} rate
 * @param {number} out
 * @param {number} scratch
 * @returns {number}
 */
export function als_newton(items, dim, table, gradients, strengths, base, curvature, each, all, rate, out, scratch) {
    const ret = wasm.als_newton(items, dim, table, gradients, strengths, base, curvature, each, all, rate, out, scratch);
    return ret >>> 0;
}

/**
 * `y[i] += factor·x[i]` over `len` values.
 * @param {number} factor
 * @param {number} x
 * @param {number} y
 * @param {number} len
 */
export function axpy(factor, x, y, len) {
    wasm.axpy(factor, x, y, len);
}

/**
 * Sum of `count` rows of `dim` values, in float64.
 * @param {number} rows
 * @param {number} count
 * @param {number} dim
 * @param {number} out
 */
export function column_sums(rows, count, dim, out) {
    wasm.column_sums(rows, count, dim, out);
}

/**
 * `Σ a[i]·b[i]` over `len` values.
 * @param {number} a
 * @param {number} b
 * @param {number} len
 * @returns {number}
 */
export function dot(a, b, len) {
    const ret = wasm.dot(a, b, len);
    return ret;
}

/**
 * Copies `count` rows of a table of `rows` rows to `out`.
 * @param {number} table
 * @param {number} rows
 * @param {number} dim
 * @param {number} indices
 * @param {number} count
 * @param {number} out
 * @returns {number}
 */
export function gather(table, rows, dim, indices, count, out) {
    const ret = wasm.gather(table, rows, dim, indices, count, out);
    return ret >>> 0;
}

/**
 * `XᵀX` of `count` rows of `dim` values, as a packed triangle of float64.
 * @param {number} rows
 * @param {number} count
 * @param {number} dim
 * @param {number} out
 */
export function gram(rows, count, dim, out) {
    wasm.gram(rows, count, dim, out);
}

/**
 * [`fit_person`]: `rows` holds `count` rows of `dim` values, `biases`, `scores` and
 * `coefficients` one value for each, `state` `3 * dim + 1` values and `scratch` `dim`.
 * @param {number} rows
 * @param {number} biases
 * @param {number} count
 * @param {number} dim
 * @param {number} positives
 * @param {number} positive_count
 * @param {number} negatives
 * @param {number} negative_count
 * @param {boolean} pairwise
 * @param {number} steps
 * @param {number} learning_rate
 * @param {number} decay
 * @param {number} state
 * @param {number} scores
 * @param {number} coefficients
 * @param {number} scratch
 * @returns {number}
 */
export function mf_fit_person(rows, biases, count, dim, positives, positive_count, negatives, negative_count, pairwise, steps, learning_rate, decay, state, scores, coefficients, scratch) {
    const ret = wasm.mf_fit_person(rows, biases, count, dim, positives, positive_count, negatives, negative_count, pairwise, steps, learning_rate, decay, state, scores, coefficients, scratch);
    return ret;
}

/**
 * [`step_rows`]: `person` holds `dim` values, `coefficients` and `bias_changes` `count`, and
 * `row_changes` `count` rows of `dim` values.
 * @param {number} person
 * @param {number} dim
 * @param {number} coefficients
 * @param {number} count
 * @param {number} rate
 * @param {number} clip
 * @param {number} row_changes
 * @param {number} bias_changes
 */
export function mf_step_rows(person, dim, coefficients, count, rate, clip, row_changes, bias_changes) {
    wasm.mf_step_rows(person, dim, coefficients, count, rate, clip, row_changes, bias_changes);
}

/**
 * One row-wise Adagrad step for `count` rows of a table with `rows` values of state.
 * @param {number} table
 * @param {number} squares
 * @param {number} rows
 * @param {number} dim
 * @param {number} indices
 * @param {number} count
 * @param {number} gradients
 * @param {number} rate
 * @param {number} epsilon
 * @returns {number}
 */
export function row_adagrad(table, squares, rows, dim, indices, count, gradients, rate, epsilon) {
    const ret = wasm.row_adagrad(table, squares, rows, dim, indices, count, gradients, rate, epsilon);
    return ret >>> 0;
}

/**
 * One gradient step for `count` rows of a table.
 * @param {number} table
 * @param {number} rows
 * @param {number} dim
 * @param {number} indices
 * @param {number} count
 * @param {number} gradients
 * @param {number} rate
 * @returns {number}
 */
export function row_sgd(table, rows, dim, indices, count, gradients, rate) {
    const ret = wasm.row_sgd(table, rows, dim, indices, count, gradients, rate);
    return ret >>> 0;
}

/**
 * Adds `count` rows of `values` to rows of a table.
 * @param {number} table
 * @param {number} rows
 * @param {number} dim
 * @param {number} indices
 * @param {number} count
 * @param {number} values
 * @returns {number}
 */
export function scatter_add(table, rows, dim, indices, count, values) {
    const ret = wasm.scatter_add(table, rows, dim, indices, count, values);
    return ret >>> 0;
}

/**
 * `out[i] = table[i] · vector` for `rows` rows of `dim` values.
 * @param {number} table
 * @param {number} rows
 * @param {number} dim
 * @param {number} vector
 * @param {number} out
 */
export function scores(table, rows, dim, vector, out) {
    wasm.scores(table, rows, dim, vector, out);
}

/**
 * Solves `A x = b` in place of `b`, `A` a packed triangle of float64. False, and `b` as it was,
 * if `A` is not positive definite.
 * @param {number} matrix
 * @param {number} right
 * @param {number} dim
 * @param {number} scratch
 * @returns {boolean}
 */
export function solve(matrix, right, dim, scratch) {
    const ret = wasm.solve(matrix, right, dim, scratch);
    return ret !== 0;
}

/**
 * How many float64 values of scratch the kernels below need.
 * @param {number} dim
 * @returns {number}
 */
export function solve_scratch(dim) {
    const ret = wasm.solve_scratch(dim);
    return ret >>> 0;
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
        "./train_bg.js": import0,
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
        module_or_path = new URL('train_bg.wasm', import.meta.url);
    }
    const imports = __wbg_get_imports();

    if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
        module_or_path = fetch(module_or_path);
    }

    const { instance, module } = await __wbg_load(await module_or_path, imports);

    return __wbg_finalize_init(instance, module);
}

export { initSync, __wbg_init as default };
