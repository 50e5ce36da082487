import { expect } from "chai";
import fc from "fast-check";
import {
  base32,
  deliveryId,
  digest,
  eventId,
  partsOfDeliveryId,
  receiptId,
  signerId,
} from "../../src/domain/identity.ts";

const SIGNED = {
  source: "legalesign",
  object: "signer",
  objectId: "sig-1",
  type: "signer.signed",
  distinct: "",
};

describe("digest", () => {
  it("differs for `a|bc` and `ab|c`, and for one part that looks like two", () => {
    expect(digest(["a", "bc"])).not.to.equal(digest(["ab", "c"]));
    expect(digest(["1:a", ""])).not.to.equal(digest(["1:a0:"]));
    expect(digest(["", "a"])).not.to.equal(digest(["a", ""]));
  });

  it("differs whenever the parts do", () => {
    const parts = fc.array(
      fc.string({ unit: fc.constantFrom("a", "b", "|", ":", "1", "0", "é"), maxLength: 5 }),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(digest(one) === digest(other)).to.equal(same);
      }),
    );
  });
});

describe("eventId", () => {
  it("is the same for the same happening in every version", () => {
    expect(eventId(SIGNED)).to.match(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(eventId({ ...SIGNED })).to.equal(eventId(SIGNED));
    expect(eventId(SIGNED), "a changed formula would send every event again").to.equal(
      "evt_4anb5tvv22s9fbagwhy9z13gjb",
    );
  });

  it("differs when any part of the happening does", () => {
    const changed = Object.keys(SIGNED).map((part) => eventId({ ...SIGNED, [part]: "other" }));
    expect(new Set([eventId(SIGNED), ...changed]).size).to.equal(6);
  });
});

describe("deliveryId", () => {
  const event = eventId(SIGNED);

  it("names the event and the destination", () => {
    expect(deliveryId(event, "crm-2")).to.equal("dlv_4anb5tvv22s9fbagwhy9z13gjb_crm-2");
    expect(partsOfDeliveryId(deliveryId(event, "crm-2"))).to.deep.equal({ event, destination: "crm-2" });
  });

  it("is told from any other text", () => {
    for (const text of [
      "",
      "dlv_",
      event,
      `dlv_${event}_crm`,
      "dlv_4anb5tvv22s9fbagwhy9z13gjb_",
      "dlv_x_crm",
    ])
      expect(partsOfDeliveryId(text), text).to.equal(null);
  });
});

describe("signerId", () => {
  it("depends on document and e-mail address, without case and surrounding space", () => {
    const id = signerId("doc-1", "Ann@Example.com");
    expect(signerId("doc-1", " ann@example.com ")).to.equal(id);
    expect(signerId("doc-2", "ann@example.com")).not.to.equal(id);
    expect(signerId("doc-1", "bob@example.com")).not.to.equal(id);
  });

  it("does not show the address", () => {
    expect(signerId("doc-1", "ann@example.com")).to.match(/^sgn_[0-9a-z]{26}$/);
  });
});

describe("receiptId", () => {
  it("sorts by time, so that an index of receipts grows at its end", () => {
    const times = [0, 1, 1_767_225_600_000, 1_767_225_600_001, 1_767_225_601_000, 8e12];
    const ids = times.map((at, index) => receiptId(at, Buffer.alloc(10, 255 - index)));
    for (const id of ids) expect(id).to.match(/^rcp_[0-9a-z]{26}$/);
    expect(ids.toSorted()).to.deep.equal(ids);
  });

  it("differs by its random bytes within the same millisecond", () => {
    expect(receiptId(1, Buffer.alloc(10, 1))).not.to.equal(receiptId(1, Buffer.alloc(10, 2)));
  });
});

describe("base32", () => {
  it("writes the bits in order, most significant first", () => {
    expect(
      base32(Buffer.from([0b00000_000, 0b01_00010_0, 0b0011_0010, 0b0_00101_11, 0b111_11111]), 8),
    ).to.equal("012345zz");
  });

  it("is the bytes read as one number in base 32", () => {
    const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
        const number = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
        const expected = Array.from(
          { length: 32 },
          (_, i) => alphabet[Number((number >> BigInt(155 - 5 * i)) & 31n)],
        );
        expect(base32(bytes, 32)).to.equal(expected.join(""));
      }),
    );
  });
});
