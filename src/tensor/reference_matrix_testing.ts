/**
 * Reference kernels of matrices, in float64.
 *
 * @module
 */
import type { MatrixKernel } from "./kernels.ts";
import type { ReferenceKernel } from "./reference_backend_testing.ts";
import { CURVES } from "./reference_elementwise_testing.ts";

/** Reference kernels of matrices. */
export const MATRICES: Readonly<Record<MatrixKernel, ReferenceKernel>> = {
  gemm([a, b, c], numbers) {
    const [m, n, k, aRow, aCol, bRow, bCol, cRow, cCol, alpha, beta] = numbers as number[];
    for (let i = 0; i < m!; i++) {
      for (let j = 0; j < n!; j++) {
        let sum = 0;
        for (let l = 0; l < k!; l++) sum += a![i * aRow! + l * aCol!]! * b![l * bRow! + j * bCol!]!;
        const at = i * cRow! + j * cCol!;
        c![at] = alpha! * sum + (beta === 0 ? 0 : beta! * c![at]!);
      }
    }
  },
  linear([x, w, bias, z, y], [rows, inputs, outputs, activation]) {
    for (let r = 0; r < rows!; r++) {
      for (let o = 0; o < outputs!; o++) {
        let sum = bias ? bias[o]! : 0;
        for (let i = 0; i < inputs!; i++) sum += x![r * inputs! + i]! * w![i * outputs! + o]!;
        if (z) z[r * outputs! + o] = sum;
        y![r * outputs! + o] = CURVES[activation!]!.value(sum);
      }
    }
  },
  linear_backward([x, w, z, y, dy, dx, dw, dbias], [rows, inputs, outputs, activation]) {
    for (let r = 0; r < rows!; r++) {
      for (let o = 0; o < outputs!; o++) {
        const at = r * outputs! + o;
        const dz = dy![at]! * CURVES[activation!]!.slope(z?.[at] ?? NaN, y![at]!);
        if (dbias) dbias[o]! += dz;
        for (let i = 0; i < inputs!; i++) {
          if (dx) dx[r * inputs! + i]! += dz * w![i * outputs! + o]!;
          if (dw) dw[i * outputs! + o]! += dz * x![r * inputs! + i]!;
        }
      }
    }
  },
  transpose([x, out], [rows, cols]) {
    for (let r = 0; r < rows!; r++) {
      for (let c = 0; c < cols!; c++) out![c * rows! + r] = x![r * cols! + c]!;
    }
  },
  add_block([x, out], numbers) {
    const [rows, cols, xCols, xOffset, outCols, outOffset] = numbers as number[];
    for (let r = 0; r < rows!; r++) {
      for (let c = 0; c < cols!; c++) {
        out![r * outCols! + outOffset! + c]! += x![r * xCols! + xOffset! + c]!;
      }
    }
  },
};
