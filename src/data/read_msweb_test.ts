import assert from "node:assert/strict";
import { sharedData } from "../../tests/shared_data.ts";
import { utf8 } from "../core/bytes.ts";
import { ratingCount } from "./interactions.ts";
import type { Interactions } from "./interactions.ts";
import { readMsweb } from "./read_msweb.ts";

const AREAS = 'I,4,"www.microsoft.com","created by getlog.pl"\nT,1,"VRoot",0,0,"VRoot"\nN,0,"0"\n' +
  'A,1004,1,"Microsoft.com Search","/search"\nA,1008,1,"Free Downloads","/msdownload"\n' +
  'A,1287,1,"International AutoRoute","/autoroute"\n';

function read(text: string): Interactions {
  return readMsweb({ name: "web.data", bytes: utf8(text) });
}

function refuses(text: string, sentence: string): void {
  assert.throws(() => read(text), {
    name: "TributaryError",
    code: "bad-data",
    message: `Cannot read web.data: ${sentence}`,
  });
}

Deno.test("msweb: visits stand below their person, titles come from the areas", () => {
  const data = read(`${AREAS}C,"10001",10001\nV,1008,1\nV,1004,1\nC,"10002",10002\nV,1008,1\n`);
  assert.deepEqual(data, {
    people: ["10001", "10002"],
    items: ["1008", "1004"],
    titles: ["Free Downloads", "Microsoft.com Search"],
    histories: [
      {
        items: Uint32Array.of(0, 1),
        ratings: Float32Array.of(1, 1),
        times: Float64Array.of(0, 0),
      },
      { items: Uint32Array.of(0), ratings: Float32Array.of(1), times: Float64Array.of(0) },
    ],
  });
});

Deno.test("msweb: who went nowhere and where nobody went are left out", () => {
  const data = read(`${AREAS}C,"1",1\nC,"2",2\nV,1004,1\n`);
  assert.deepEqual([data.people, data.items], [["2"], ["1004"]]);
});

Deno.test("msweb: a visit without person, to an unknown area, or twice is refused", () => {
  refuses(`${AREAS}V,1004,1\n`, "line 7 is a visit before any person, expected a line C first");
  refuses(
    `${AREAS}C,"1",1\nV,1005,1\n`,
    'line 8 visits area "1005", expected one of the areas of the lines A above',
  );
  refuses(
    `${AREAS}C,"1",1\nV,1004,1\nV,1004,1\n`,
    'line 9 has a second rating of item "1004" by person "1" (the first is on line 8), ' +
      "expected at most one",
  );
  refuses(
    `${AREAS}C,"ann",1\nV,1004,1\n`,
    'line 7 is "C,\\"ann\\",1", expected a letter and the fields of that kind of line',
  );
});

Deno.test("msweb: another file is refused at its first line", () => {
  refuses(
    "userId,movieId\n1,2\n",
    'line 1 is "userId,movieId", expected a letter and the fields of that kind of line',
  );
  refuses('A,1,1,"x","/x"\n', "it holds no ratings, expected at least one");
  refuses(
    `${AREAS}A,1004,1,"Search","/s"\n`,
    'line 7 has a second title for item "1004", expected one title an item',
  );
});

const SITE = sharedData("uci-msweb-pages/anonymous-msweb.data");

Deno.test({
  name: "msweb: the published week has 98 654 visits of 32 711 people to 285 of 294 areas",
  ignore: SITE.ignore,
  fn() {
    const data = readMsweb(SITE.read());
    assert.equal(ratingCount(data), 98_654);
    assert.equal(data.people.length, 32_711);
    assert.equal(data.items.length, 285);
    assert.equal(data.titles[data.items.indexOf("1008")], "Free Downloads");
  },
});
