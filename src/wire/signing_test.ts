import assert from "node:assert/strict";
import { createSignature, verifySignature as verifyMessage, webcrypto } from "http-message-sig";
import { fromBase64Url, toBase64Url, utf8 } from "../core/bytes.ts";
import { treeDigest, webDigest } from "../core/digest.ts";
import { isTributaryError } from "../core/errors.ts";
import { generateIdentity, type Identity, webCheckOf } from "../core/identity.ts";
import { countingRandom, hex32, type ManualClock, manualClock } from "./_testing.ts";
import { contentDigestOf } from "./content_digest.ts";
import { createNonces } from "./nonces.ts";
import { signedHeaders } from "./signing.ts";
import { updateHeaders } from "./update_headers.ts";
import {
  checkSignature,
  type SignedKind,
  type VerifyOptions,
  verifyRequest,
} from "./verify_request.ts";

const [ada, bob, region] = await Promise.all([
  generateIdentity(),
  generateIdentity(),
  generateIdentity(),
]);
const checkOf = (publicKey: string) => webCheckOf(fromBase64Url(publicKey));
const URL_OF = { json: "http://r.example/v1/x", empty: "http://r.example/v1/x?after=1" };

/** An aggregator's side with its own nonces, and a member that shares its clock. */
function world(): {
  clock: ManualClock;
  verify(request: Request, kind: SignedKind, changes?: Partial<VerifyOptions>): Promise<unknown>;
  sign(request: Request, who?: Identity, to?: string): Promise<Request>;
} {
  const clock = manualClock();
  const random = countingRandom();
  const nonces = createNonces({ clock, windowMs: 420_000, capacity: 100, perMember: 100 });
  return {
    clock,
    verify: (request, kind, changes = {}) =>
      verifyRequest(request, {
        kind,
        member: ada.id,
        region: region.id,
        isKnown: true,
        checkOf,
        clock,
        nonces,
        maxAgeS: 300,
        skewS: 60,
        ...changes,
      }),
    async sign(request, who = ada, to = region.id) {
      const headers = await signedHeaders(
        { method: request.method, url: request.url, headers: request.headers },
        { identity: who, region: to, clock, random },
      );
      return new Request(request, { headers });
    },
  };
}

async function jsonRequest(text: string = "{}"): Promise<Request> {
  const headers = { "content-digest": await contentDigestOf(utf8(text)) };
  return new Request(URL_OF.json, { method: "PUT", body: text, headers });
}

const emptyRequest = () => new Request(URL_OF.empty, { method: "DELETE" });

async function updateRequest(): Promise<Request> {
  const slices = [new Uint8Array(32).fill(1)];
  const digest = await treeDigest(slices, webDigest);
  const headers = updateHeaders({
    bytes: 8,
    digest,
    slices,
    sid: hex32(5),
    clients: 3,
    members: hex32(6),
  });
  return new Request(URL_OF.json, { method: "PUT", body: new Uint8Array(8), headers });
}

/** The same request with one header set, or taken out. */
function tampered(request: Request, name: string, value: string | undefined): Request {
  const headers = new Headers(request.headers);
  if (value === undefined) headers.delete(name);
  else headers.set(name, value);
  return new Request(request.clone(), { headers });
}

const code = (expected: string) => (error: unknown) => {
  assert.ok(isTributaryError(error), String(error));
  assert.equal(error.code, expected, error.message);
  return true;
};

Deno.test("signing: a JSON body, an update and a request without a body verify", async () => {
  const { sign, verify } = world();
  await verify(await sign(await jsonRequest()), "json");
  await verify(await sign(await updateRequest()), "update");
  await verify(await sign(emptyRequest()), "empty");
});

Deno.test("signing: the input names what is covered, in the order of RFC 9421", async () => {
  const { sign } = world();
  const input = (await sign(emptyRequest())).headers.get("signature-input") ?? "";
  assert.equal(
    input,
    'tributary=("@method" "@path" "@query" "tributary-region");created=1700000000' +
      `;nonce="AAAAAQAAAAAAAAAAAAAAAA";keyid="${
        toBase64Url(ada.publicKey)
      }";alg="ed25519";tag="tributary"`,
  );
});

Deno.test("signing: a request without a signature is told so", async () => {
  const { sign, verify } = world();
  const signed = await sign(emptyRequest());
  await assert.rejects(verify(emptyRequest(), "empty"), code("signature-missing"));
  for (const name of ["signature", "signature-input"]) {
    const cut = tampered(signed, name, undefined);
    await assert.rejects(verify(cut, "empty"), code("signature-missing"));
  }
});

Deno.test("signing: another method, path or query is invalid", async () => {
  const { sign, verify } = world();
  const { headers } = await sign(emptyRequest());
  for (
    const [method, url] of [
      ["GET", URL_OF.empty],
      ["DELETE", "http://r.example/v1/y?after=1"],
      ["DELETE", "http://r.example/v1/x?after=2"],
      ["DELETE", "http://r.example/v1/x"],
    ] as const
  ) {
    const moved = new Request(url, { method, headers });
    await assert.rejects(verify(moved, "empty"), code("signature-invalid"), `${method} ${url}`);
  }
  // A reverse proxy may rename the host; what is addressed is the region's id.
  await verify(
    new Request("http://other.example/v1/x?after=1", { method: "DELETE", headers }),
    "empty",
  );
});

Deno.test("signing: each header of an update is covered", async () => {
  const { sign, verify } = world();
  const request = await updateRequest();
  const signed = await sign(request);
  for (
    const [name, value] of [
      ["content-length", "9"],
      ["tributary-digest", "sha-256=:AAAA:"],
      ["tributary-slices", ":AAAA:"],
      ["tributary-sid", hex32(9)],
      ["tributary-clients", "4"],
      ["tributary-members", hex32(9)],
      ["tributary-region", bob.id],
      ["content-digest", "sha-256=:AAAA:"],
    ] as const
  ) {
    for (const changed of name === "content-digest" ? [value] : [value, undefined]) {
      const forged = tampered(signed, name, changed);
      await assert.rejects(
        verify(forged, "update"),
        code(changed === bob.id ? "region-changed" : "signature-invalid"),
        `${name} ${changed}`,
      );
    }
  }
  await verify(signed, "update");
});

Deno.test("signing: what a kind demands must be there and covered", async () => {
  const { sign, verify } = world();
  await assert.rejects(verify(await sign(emptyRequest()), "json"), code("signature-invalid"));
  await assert.rejects(
    verify(await sign(await jsonRequest()), "update"),
    code("signature-invalid"),
  );
  // Signed before a header was added: the header is there, but nobody vouches for it.
  const added = tampered(await sign(emptyRequest()), "content-digest", "sha-256=:AAAA:");
  await assert.rejects(verify(added, "empty"), code("signature-invalid"));
});

Deno.test("signing: another's signature, and a member that is not enrolled, are refused", async () => {
  const { sign, verify } = world();
  const bobs = await sign(emptyRequest(), bob);
  await assert.rejects(verify(bobs, "empty"), code("signature-invalid"));
  const unknown = { member: bob.id, isKnown: false };
  await assert.rejects(verify(bobs, "empty", unknown), code("member-unknown"));
  // The right key over the wrong signature: whether its owner is a member is not told.
  const posing = { ...bob, publicKey: ada.publicKey };
  const posed = await sign(emptyRequest(), posing);
  for (const isKnown of [true, false]) {
    await assert.rejects(verify(posed, "empty", { isKnown }), code("signature-invalid"));
  }
  // A request of one that is not known is not remembered.
  await verify(bobs, "empty", { member: bob.id });
});

Deno.test("signing: a request for one aggregator is none for another", async () => {
  const { sign, verify } = world();
  const elsewhere = await sign(emptyRequest(), ada, bob.id);
  await assert.rejects(verify(elsewhere, "empty"), code("region-changed"));
});

Deno.test("signing: a replay is refused, a request signed anew is not", async () => {
  const { sign, verify } = world();
  const signed = await sign(emptyRequest());
  await verify(signed.clone(), "empty");
  await assert.rejects(verify(signed.clone(), "empty"), code("request-replayed"));
  await verify(await sign(emptyRequest()), "empty");
});

Deno.test("signing: a forgery does not use up the nonce", async () => {
  const { sign, verify } = world();
  const signed = await sign(await updateRequest());
  const forged = tampered(signed, "tributary-clients", "4");
  await assert.rejects(verify(forged, "update"), code("signature-invalid"));
  await verify(signed, "update");
});

Deno.test("signing: of two replays at once one gets through", async () => {
  const { sign, verify } = world();
  const signed = await sign(emptyRequest());
  const all = await Promise.allSettled(Array.from({ length: 5 }, () => verify(signed, "empty")));
  assert.equal(all.filter(({ status }) => status === "fulfilled").length, 1);
});

Deno.test("signing: it holds for 300 s and 60 s of skew, and not a second longer", async () => {
  for (const [aheadS, holds] of [[360, true], [361, false], [-60, true], [-61, false]] as const) {
    const { sign, verify, clock } = world();
    const later = manualClock(clock.now() + aheadS * 1000);
    const nonces = createNonces({
      clock: manualClock(clock.now() - 1e6),
      windowMs: 1,
      capacity: 9,
      perMember: 9,
    });
    const signed = await sign(emptyRequest());
    const verified = verify(signed, "empty", { clock: later, nonces });
    if (holds) await verified;
    else await assert.rejects(verified, code("signature-expired"));
  }
});

Deno.test("signing: what was signed before a restart is refused, as its nonces are gone", async () => {
  const { sign, verify, clock } = world();
  const signed = await sign(emptyRequest());
  await verify(signed, "empty");
  clock.advance(2000);
  const nonces = createNonces({ clock, windowMs: 420_000, capacity: 100, perMember: 100 });
  await assert.rejects(verify(signed, "empty", { nonces }), (error) => {
    code("signature-expired")(error);
    assert.ok(isTributaryError(error) && error.retryAfterS === 1);
    return true;
  });
  await verify(await sign(emptyRequest()), "empty", { nonces });
});

Deno.test("signing: what was signed in the second of a restart is refused, on whichever side of it", async () => {
  const { sign, verify, clock } = world();
  clock.advance(300);
  const captured = await sign(emptyRequest());
  await verify(captured, "empty");
  clock.advance(400);
  const nonces = createNonces({ clock, windowMs: 420_000, capacity: 100, perMember: 100 });
  for (const request of [captured, await sign(emptyRequest())]) {
    await assert.rejects(verify(request, "empty", { nonces }), (error) => {
      code("signature-expired")(error);
      assert.ok(isTributaryError(error) && error.retryAfterS === 1);
      return true;
    });
  }
  // A second later, as the refusal asks for, it is in order.
  clock.advance(1000);
  await verify(await sign(emptyRequest()), "empty", { nonces });
});

Deno.test("signing: parameters out of order are invalid", async () => {
  const { verify, clock } = world();
  const created = Math.floor(clock.now() / 1000);
  const good = {
    created,
    nonce: "AAAAAQAAAAAAAAAAAAAAAA",
    keyid: toBase64Url(ada.publicKey),
    alg: "ed25519",
    tag: "tributary",
  };
  const send = async (parameters: typeof good & { expires?: number }, label = "tributary") => {
    const headers = new Headers({ "tributary-region": region.id });
    const fields = await createSignature({
      kind: "request",
      method: "DELETE",
      targetUri: URL_OF.empty,
      fields: [...headers].map(([name, value]) => ({ name, value })),
    }, {
      label,
      components: ["@method", "@path", "@query", "tributary-region"],
      parameters,
      signer: { algorithm: parameters.alg, sign: (bytes) => ada.sign(bytes) },
    });
    headers.set("signature", fields.signature);
    headers.set("signature-input", fields.signatureInput);
    await verify(new Request(URL_OF.empty, { method: "DELETE", headers }), "empty");
  };
  await send({ ...good, expires: created });
  for (
    const bad of [
      { ...good, tag: "web-bot-auth" },
      { ...good, alg: "rsa-pss-sha512" },
      { ...good, nonce: "short" },
      { ...good, nonce: "AAAAAQAAAAAAAAAAAAAAAB" },
      { ...good, keyid: "someone" },
      // An id, as it was once, and a key's other spelling.
      { ...good, keyid: ada.id },
      { ...good, keyid: `${good.keyid}=` },
    ]
  ) {
    await assert.rejects(send(bad), code("signature-invalid"), JSON.stringify(bad));
  }
  await assert.rejects(send(good, "sig1"), code("signature-invalid"));
  await assert.rejects(
    send({ ...good, nonce: "AAAAAwAAAAAAAAAAAAAAAA", expires: created - 1 }),
    code("signature-expired"),
  );
  for (const missing of ["created", "nonce", "keyid", "alg", "tag"] as const) {
    const { [missing]: _, ...rest } = { ...good, alg: "ed25519" };
    await assert.rejects(send(rest as typeof good), code("signature-invalid"), missing);
  }
});

Deno.test("signing: malformed signature fields are invalid, not an internal error", async () => {
  const { sign, verify } = world();
  const signed = await sign(emptyRequest());
  const input = signed.headers.get("signature-input") ?? "";
  const signature = signed.headers.get("signature") ?? "";
  for (
    const [name, value] of [
      ["signature", "tributary=:AAAA:"],
      ["signature", "tributary=1"],
      ["signature", "garbage;;;="],
      ["signature", `${signature}, ${signature}`],
      ["signature-input", "tributary=()"],
      ["signature-input", `${input}, ${input}`],
      ["signature-input", input.replace('"@query"', '"@query-param";name="after"')],
      ["signature-input", input.replace('"@query"', '"@unknown"')],
      ["signature-input", input.replace(/created=\d+/, 'created="now"')],
    ] as const
  ) {
    const bad = tampered(signed, name, value);
    await assert.rejects(verify(bad, "empty"), code("signature-invalid"), `${name}: ${value}`);
  }
});

Deno.test("signing: anyone can check a signature, as often as they like, without knowing its sender", async () => {
  const { sign, clock } = world();
  const signed = await sign(emptyRequest(), bob);
  const options = {
    kind: "empty",
    region: region.id,
    checkOf,
    clock,
    maxAgeS: 300,
    skewS: 60,
  } as const;
  for (let times = 0; times < 2; times++) {
    const member = times === 0 ? bob.id : undefined;
    assert.deepEqual(await checkSignature(signed, { ...options, member }), {
      member: bob.id,
      publicKey: toBase64Url(bob.publicKey),
      createdS: 1_700_000_000,
      nonce: "AAAAAQAAAAAAAAAAAAAAAA",
    });
  }
  await assert.rejects(
    checkSignature(signed, { ...options, member: ada.id }),
    code("signature-invalid"),
  );
});

Deno.test("signing: a check of keys that fails is its own error", async () => {
  const { sign, verify } = world();
  const failing = verify(await sign(emptyRequest()), "empty", {
    checkOf: () => Promise.reject(new Error("disk on fire")),
  });
  await assert.rejects(failing, /disk on fire/);
});

Deno.test("signing: RFC 9421 appendix B.2.6, the Ed25519 signature of the test request", async () => {
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    d: "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",
    x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
  };
  const { d: _, ...open } = jwk;
  const privateKey = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
  const publicKey = await crypto.subtle.importKey("jwk", open, "Ed25519", true, ["verify"]);
  assert.equal(
    toBase64Url(new Uint8Array(await crypto.subtle.exportKey("raw", publicKey))),
    toBase64Url(fromBase64Url(jwk.x)),
  );
  const fields = [
    ["Host", "example.com"],
    ["Date", "Tue, 20 Apr 2021 02:07:55 GMT"],
    ["Content-Type", "application/json"],
    ["Content-Length", "18"],
  ].map(([name = "", value = ""]) => ({ name, value }));
  const message = {
    kind: "request",
    method: "POST",
    targetUri: "https://example.com/foo?param=Value&Pet=dog",
    fields,
  } as const;
  const components = ["date", "@method", "@path", "@authority", "content-type", "content-length"];
  const signed = await createSignature(message, {
    label: "sig-b26",
    components,
    parameters: { created: 1618884473, keyid: "test-key-ed25519" },
    signer: webcrypto.signer(privateKey),
  });
  assert.equal(
    signed.signature,
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1" +
      "u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
  );
  const verified = await verifyMessage({
    ...message,
    fields: [
      ...fields,
      { name: "Signature", value: signed.signature },
      { name: "Signature-Input", value: signed.signatureInput },
    ],
  }, {
    policy: {
      algorithms: ["ed25519"],
      requiredComponents: components,
      requiredParameters: ["created", "keyid"],
      now: 1618884473,
    },
    resolveVerifier: () => webcrypto.verifier(publicKey),
  });
  assert.equal(verified.parameters.keyid, "test-key-ed25519");
});
