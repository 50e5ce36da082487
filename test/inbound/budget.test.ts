import { expect } from "chai";
import { type Arrival, createBudget } from "../../src/inbound/budget.ts";

const KB = 1_024;
const MB = KB ** 2;

describe("the budget of bytes in flight", () => {
  /** 64 MB, of which 8 are for small requests; the clock stands still until it is moved. */
  const aBudget = () => {
    const clock = { at: 0 };
    const budget = createBudget({ maxBytes: 64 * MB, now: () => clock.at });
    const shed: string[] = [];
    const admit = (name: string, given: Partial<Arrival> = {}) =>
      budget.admit({ held: 0, announced: 0, trusted: false, shed: () => shed.push(name), ...given });
    const large = (name: string, bytes: number, given: Partial<Arrival> = {}) => {
      const charge = admit(name, { announced: bytes, ...given });
      if (!charge?.add(bytes)) throw new Error(`${name} finds no capacity`);
      return charge;
    };
    return { clock, shed, admit, large, budget };
  };

  it("charges nothing for a length that is only announced", () => {
    const { admit, shed } = aBudget();
    for (let i = 0; i < 1_000; i++) expect(admit(`a${i}`, { announced: 50 * MB })).not.to.equal(null);
    expect(shed).to.deep.equal([]);
  });

  it("drops the largest unfinished body for a newcomer, once received bytes fill it", () => {
    const { large, shed, admit } = aBudget();
    for (let i = 0; i < 4; i++) large(`five ${i}`, 5 * MB);
    large("ten", 10 * MB);
    const newcomer = admit("newcomer", { announced: 3 * MB });
    expect(newcomer?.add(3 * MB)).to.equal(true);
    expect(shed).to.deep.equal(["ten"]);
  });

  it("drops the body that has stalled longest before any that still arrives", () => {
    const { large, shed, clock } = aBudget();
    large("stalled first", 5 * MB);
    clock.at = 2_000;
    large("stalled later", 10 * MB);
    clock.at = 4_000;
    large("coming", 15 * MB);
    large("newcomer", 5 * MB);
    expect(shed).to.deep.equal(["stalled first"]);
  });

  it("drops requests without credentials before those with credentials", () => {
    const { large, shed } = aBudget();
    large("trusted", 20 * MB, { trusted: true });
    large("a stranger", 8 * MB);
    large("another", 6 * MB);
    expect(shed).to.deep.equal(["a stranger"]);
  });

  it("never drops a complete body: it refuses the newcomer before its body is read", () => {
    const { large, admit, shed } = aBudget();
    const whole = large("whole", 50 * MB);
    whole.complete();
    expect(admit("announced", { announced: 10 * MB })).to.equal(null);
    const unannounced = admit("unannounced");
    expect(unannounced?.add(10 * MB)).to.equal(false);
    unannounced?.release();
    whole.release();
    whole.release();
    expect(admit("announced", { announced: 10 * MB })?.add(10 * MB)).to.equal(true);
    expect(shed).to.deep.equal([]);
  });

  it("keeps a reserve for small requests that large ones never take", () => {
    const { large, admit } = aBudget();
    large("whole", 56 * MB).complete();
    expect(admit("large", { announced: 65 * KB })).to.equal(null);
    for (let i = 0; i < 128; i++) {
      const small = admit("small", { announced: 60 * KB });
      expect(small?.add(60 * KB)).to.equal(true);
      small?.complete();
    }
  });

  it("drops unfinished small requests for other small ones", () => {
    const { admit, shed } = aBudget();
    for (let i = 0; i < 2_000; i++) {
      expect(admit(`drip ${i}`, { announced: 64 * KB, held: KB })?.add(63 * KB)).to.equal(true);
    }
    const genuine = admit("genuine", { announced: 2 * KB, held: KB });
    expect(genuine?.add(2 * KB)).to.equal(true);
    expect(shed).not.to.include("genuine");
    expect(shed.length).to.be.within(900, 1_100);
  });

  it("admits a lone request of any unpacked size, and charges the unpacked bytes of others", () => {
    const { large, admit } = aBudget();
    const alone = large("alone", 30 * MB);
    alone.complete();
    expect(alone.add(30 * MB)).to.equal(true);
    const other = admit("other", { announced: KB });
    expect(other?.add(KB)).to.equal(true);
    other?.complete();
    expect(other?.add(5 * MB)).to.equal(false);
  });

  it("leaves half of it to complete requests, and admits any number of those in turn", () => {
    const { large, shed } = aBudget();
    large("first", 25 * MB).complete();
    large("second", 25 * MB);
    expect(shed).to.deep.equal([]);
    large("third", 10 * MB);
    expect(shed).to.deep.equal(["second"]);
  });

  it("takes another size while requests are in flight", () => {
    const { admit, large, budget, shed } = aBudget();
    large("whole", 50 * MB).complete();
    expect(admit("other", { announced: 20 * MB })).to.equal(null);
    budget.resize(100 * MB);
    expect(admit("other", { announced: 20 * MB })?.add(20 * MB)).to.equal(true);
    budget.resize(60 * MB);
    expect(admit("small", { announced: KB })?.add(KB)).to.equal(true);
    expect(shed).to.deep.equal(["other"]);
  });

  it("drops a request once, and takes no more bytes of it", () => {
    const { admit, large, shed } = aBudget();
    const first = admit("first", { announced: 30 * MB });
    first?.add(30 * MB);
    large("second", 20 * MB);
    expect(shed).to.deep.equal(["first"]);
    expect(first?.add(1)).to.equal(false);
    first?.complete();
    first?.release();
    large("third", 12 * MB);
    expect(shed).to.deep.equal(["first"]);
  });
});
