import { expect } from "chai";
import { createTurns } from "../../../src/store/lowdb/turns.ts";

describe("reads and writes by turns", () => {
  it("let a write wait for the reads under way, and later reads wait for the write", async () => {
    const turns = createTurns();
    const told: string[] = [];
    const [first, write] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const tell =
      (word: string, end: Promise<void> = Promise.resolve()) =>
      async () => {
        told.push(`${word} begins`);
        await end;
        told.push(`${word} ends`);
      };
    const all = [
      turns.read(tell("a read", first.promise)),
      turns.read(tell("another")),
      turns.write(tell("the write", write.promise)),
      turns.read(tell("a later read")),
    ];
    await new Promise(setImmediate);
    expect(told).to.deep.equal(["a read begins", "another begins", "another ends"]);
    first.resolve();
    await new Promise(setImmediate);
    expect(told.slice(3)).to.deep.equal(["a read ends", "the write begins"]);
    write.resolve();
    await Promise.all(all);
    expect(told.slice(5)).to.deep.equal(["the write ends", "a later read begins", "a later read ends"]);
  });

  it("let a write begin although a read failed, and give the failure to its caller alone", async () => {
    const turns = createTurns();
    const failing = turns.read(() => Promise.reject(new Error("no such table"))).catch(String);
    let written = false;
    await turns.write(async () => {
      written = true;
    });
    expect(written).to.equal(true);
    expect(await failing).to.equal("Error: no such table");
  });
});
