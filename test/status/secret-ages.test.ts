import { expect } from "chai";
import { fingerprintOf, parseSecret } from "../../src/outbound/sign.ts";
import { createSecretAges } from "../../src/status/secret-ages.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";

const secret = (byte: number) => parseSecret(`whsec_${Buffer.alloc(32, byte).toString("base64")}`);
const [OLD, NEW, OTHER] = [secret(1), secret(2), secret(3)];

function someAges(store = openSqliteStore({ file: ":memory:", token: () => "token" })) {
  const clock = { now: 1_000 };
  let looks = 0;
  const notes: typeof store.notes = async (kind) => {
    looks += 1;
    return store.notes(kind);
  };
  const ages = createSecretAges({ ...store, notes }, () => clock.now);
  const sinceOf = async (name: string, one: typeof OLD) => (await ages.since())(name, fingerprintOf(one));
  return { store, clock, ages, sinceOf, looks: () => looks };
}

describe("the ages of secrets", () => {
  it("are from when each destination had the secret first, also for another header", async () => {
    const { clock, ages, sinceOf } = someAges();
    await ages.note([{ name: "crm", secrets: [OLD], alsoSign: null }]);
    clock.now = 2_000;
    const alsoSign = { header: "x-signature", secret: OTHER } as never;
    await ages.note([{ name: "crm", secrets: [NEW, OLD], alsoSign }]);
    expect(await sinceOf("crm", OLD)).to.equal(1_000);
    expect(await sinceOf("crm", NEW)).to.equal(2_000);
    expect(await sinceOf("crm", OTHER)).to.equal(2_000);
    expect(await sinceOf("erp", OLD)).to.equal(null);
  });

  it("are kept over a restart, and noted without a secret in them", async () => {
    const before = someAges();
    await before.ages.note([{ name: "crm", secrets: [OLD], alsoSign: null }]);
    const after = someAges(before.store);
    after.clock.now = 9_000;
    await after.ages.note([{ name: "crm", secrets: [OLD], alsoSign: null }]);
    expect(await after.sinceOf("crm", OLD)).to.equal(1_000);
    const notes = JSON.stringify(await before.store.notes("secret_seen"));
    expect(notes)
      .not.to.include(OLD.export().toString("base64"))
      .and.not.include(OLD.export().toString("hex"));
  });

  it("cost no look at the store while the secrets stay the same", async () => {
    const { ages, looks } = someAges();
    await ages.note([{ name: "crm", secrets: [OLD], alsoSign: null }]);
    const before = looks();
    for (let n = 0; n < 5; n += 1) await ages.note([{ name: "crm", secrets: [OLD], alsoSign: null }]);
    expect(looks()).to.equal(before);
  });
});
