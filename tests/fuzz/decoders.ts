/**
 * Everything of the library that reads bytes from outside.
 *
 * @module
 */
import type { Decoder } from "./decoder.ts";
import { FILE_DECODERS } from "./file_decoders.ts";
import { HTTP_DECODERS } from "./http_decoders.ts";
import { MASK_DECODERS } from "./mask_decoders.ts";
import { WIRE_DECODERS } from "./wire_decoders.ts";

/** All decoders, by unique names. */
export const DECODERS: readonly Decoder[] = [
  ...WIRE_DECODERS,
  ...MASK_DECODERS,
  ...FILE_DECODERS,
  ...HTTP_DECODERS,
];
