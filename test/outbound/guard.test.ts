import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { expect } from "chai";
import {
  BLOCKED,
  guardedLookup,
  type Network,
  refusalOfLiteral,
  whyRefused,
} from "../../src/outbound/guard.ts";

const ALWAYS = [
  "169.254.169.254",
  "169.254.0.1",
  "100.100.100.200",
  "168.63.129.16",
  "fe80::1",
  "febf::1",
  "fe80::1%eth0",
  "fd00:ec2::254",
  "fd20:ce::254",
];
const PRIVATE = [
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "127.0.0.1",
  "127.8.9.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "240.0.0.1",
  "198.18.0.1",
  "::",
  "::1",
  "fc00::1",
  "fdff::1",
  "ff02::1",
];
const PUBLIC = ["8.8.8.8", "172.32.0.1", "100.128.0.1", "169.253.0.1", "2606:4700::1111", "fe00::1"];

const refused = (addresses: readonly string[], network: Network) =>
  addresses.filter((address) => whyRefused(address, network) !== null);
/** An IPv4 address as IPv6 has it, in every form that a translator or tunnel takes back to it. */
const hex = (high: number, low: number) => (high * 256 + low).toString(16);
const disguised = (address: string) => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
  const groups = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  return [
    `::ffff:${address}`,
    `::ffff:${groups}`,
    `::${address}`,
    `64:ff9b::${address}`,
    `2002:${groups}::1`,
    `::ffff:0:${address}`,
    `::ffff:0:${groups}`,
    `64:ff9b:1::${address}`,
    `64:ff9b:1:7:8:9:${groups}`,
    `64:ff9b:1:${hex(a, b)}:${hex(0, c)}:${hex(d, 0)}::`,
    `64:ff9b:1:${hex(1, a)}:${hex(0, b)}:${hex(c, d)}::`,
    `64:ff9b:1:7:${hex(0, a)}:${hex(b, c)}:${hex(d, 0)}:0`,
    `2001:0:${groups}:8000:63bf:f7f7:f7f7`,
    `2001::4136:e378:8000:63bf:${hex(a ^ 255, b ^ 255)}:${hex(c ^ 255, d ^ 255)}`,
    `2606:4700::5efe:${address}`,
    `2606:4700::200:5efe:${address}`,
  ];
};

describe("the guard of addresses", () => {
  it("always refuses link-local and cloud metadata addresses, and by default no others", () => {
    expect(refused(ALWAYS, "any")).to.deep.equal(ALWAYS);
    expect(refused([...PRIVATE, ...PUBLIC], "any")).to.deep.equal([]);
  });

  it("refuses all addresses outside the open internet for `network: public`", () => {
    expect(refused([...ALWAYS, ...PRIVATE], "public")).to.deep.equal([...ALWAYS, ...PRIVATE]);
    expect(refused(PUBLIC, "public")).to.deep.equal([]);
  });

  it("recognises an IPv4 address in its IPv6 forms", () => {
    for (const address of ["169.254.169.254", "169.254.7.7", "100.100.100.200"])
      expect(refused(disguised(address), "any"), address).to.deep.equal(disguised(address));
    for (const address of ["10.1.2.3", "127.0.0.1", "192.168.0.9"])
      expect(refused(disguised(address), "public"), address).to.deep.equal(disguised(address));
    const harmless = disguised("8.8.8.8");
    expect(refused(harmless, "any")).to.deep.equal([]);
    // A translator of the network's own is not of the open internet, wherever it leads.
    const own = harmless.filter((address) => address.startsWith("64:ff9b:1:"));
    expect(refused(harmless, "public")).to.deep.equal(own);
    expect(
      refused(["2606:4700::a9fe:a9fe", "2001:db8::a9fe:a9fe", "::ffff:1:a9fe:a9fe"], "any"),
    ).to.deep.equal([]);
  });

  it("refuses text that is no address", () => {
    expect(refused(["", "crm.internal", "1.2.3"], "any")).to.have.length(3);
  });

  it("refuses a literal address in every spelling that a URL allows", () => {
    const spellings = [
      "http://169.254.169.254/latest",
      "http://0xa9fea9fe/",
      "http://2852039166/",
      "http://0251.0376.0251.0376/",
      "http://169.254.43518/",
      "http://169.254.169.254./",
      "https://[::ffff:169.254.169.254]:8443/",
      "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
      "http://[fe80::1]/",
    ];
    for (const url of spellings) expect(refusalOfLiteral(new URL(url), "any"), url).to.be.an("error");
    expect(refusalOfLiteral(new URL("http://127.1/"), "public")).to.be.an("error");
    expect(refusalOfLiteral(new URL("http://127.1/"), "any")).to.equal(null);
    expect(refusalOfLiteral(new URL("http://metadata.google.internal/"), "any")).to.equal(null);
  });

  it("names the address, its kind and the rule that refuses it", () => {
    const said = (url: string, network: Network) => refusalOfLiteral(new URL(url), network)?.message;
    expect(said("http://169.254.0.9/", "any")).to.equal(
      "169.254.0.9 is a link-local address: nothing is ever posted there",
    );
    expect(said("http://10.0.0.9/", "public")).to.equal(
      "10.0.0.9 is a private address: this destination says `network: public`",
    );
  });
});

describe("the guarded lookup", () => {
  const finding =
    (...addresses: string[]): LookupFunction =>
    (_hostname, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
  const look = (network: Network, lookup: LookupFunction, all = true) =>
    new Promise<string | LookupAddress[]>((resolve, reject) =>
      guardedLookup(network, lookup)("crm.internal", { all }, (error, found) =>
        error ? reject(error) : resolve(found),
      ),
    );
  const failure = (connecting: Promise<unknown>) =>
    connecting.then(
      () => null,
      (error: NodeJS.ErrnoException) => error,
    );

  it("gives the resolver's addresses, all or the first", async () => {
    const lookup = finding("10.0.0.1", "fd12::1");
    expect(await look("any", lookup)).to.deep.equal([
      { address: "10.0.0.1", family: 4 },
      { address: "fd12::1", family: 6 },
    ]);
    expect(await look("any", lookup, false)).to.equal("10.0.0.1");
  });

  it("refuses a name for a single one of its addresses, at any position", async () => {
    for (const all of [true, false]) {
      for (const addresses of [
        ["169.254.169.254", "8.8.8.8"],
        ["8.8.8.8", "169.254.169.254"],
      ]) {
        const error = await failure(look("any", finding(...addresses), all));
        expect(error?.code).to.equal(BLOCKED);
        expect(error?.message).to.equal(
          "crm.internal resolves to 169.254.169.254, which is a cloud metadata address: " +
            "nothing is ever posted there",
        );
      }
    }
    expect((await failure(look("public", finding("8.8.8.8", "10.0.0.1"))))?.code).to.equal(BLOCKED);
  });

  it("checks the answer of a resolver that knows one address only", async () => {
    const one: LookupFunction = (_hostname, _options, callback) => callback(null, "169.254.169.254", 4);
    expect((await failure(look("any", one)))?.code).to.equal(BLOCKED);
  });

  it("passes on the error of an unresolved name", async () => {
    const nothing = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    const lookup: LookupFunction = (_hostname, _options, callback) => callback(nothing, "");
    expect(await failure(look("any", lookup))).to.equal(nothing);
  });
});
