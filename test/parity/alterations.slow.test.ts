import { expect } from "chai";
import type { SimulatedHappening } from "../../src/simulate/timeline.ts";
import { alterBatch, alterJson, aWindow, compareWindow, nameOf, toldBy, type Window } from "./window.ts";

const FAULTS = ["repeat", "reorder", "late", "burst"] as const;
const MINUTE = 60_000;

/** Happenings to alter, of which the first shares no document with another. */
function sample(
  window: Window,
  channels: readonly string[],
  k: number,
  isWanted: (one: SimulatedHappening) => boolean,
) {
  const told = toldBy(window, channels).filter(isWanted);
  const byDocument = [...Map.groupBy(told, ({ document }) => document).values()];
  return new Set(window.chance.sample(byDocument, k).flatMap(([first]) => first ?? []));
}

const namesOf = (happenings: Iterable<SimulatedHappening>) => [...happenings].map(nameOf).sort();

describe("a parity report on altered fields of 10,000 documents", function () {
  this.timeout(600_000);

  describe("of Lumin's two channels", () => {
    const channels = ["account", "app"];
    const sides = { provider: "lumin", old: ["account"], new: ["app"] } as const;
    let window: Window;
    before(() => {
      window = aWindow({ provider: "lumin", documents: 10_000, channels, faults: FAULTS });
    });

    for (const k of [0, 1, 17, 500])
      it(`names exactly ${k} altered titles, addresses and states of signers`, async () => {
        const altered = [...sample(window, channels, k, () => true)];
        const alterations: ((request: ReturnType<typeof JSON.parse>) => string)[] = [
          (request) => {
            request.title = "Another contract";
            return "document.title";
          },
          (request) => {
            request.expires_at = Number(request.expires_at) + 86_400_000;
            return "document.expiresAt";
          },
          (request) => {
            const [signer] = request.signers;
            signer.is_approved = !signer.is_approved;
            return "signers.status";
          },
        ];
        const expected: string[] = [];
        let changed = window;
        for (const [index, alter] of alterations.entries()) {
          const mine = new Set(altered.filter((_, n) => n % alterations.length === index));
          let field = "";
          changed = alterJson(
            changed,
            "app",
            (body) => {
              field = alter(body.signature_request);
            },
            mine,
          );
          expected.push(...[...mine].map(({ document, type }) => `${type} ${document} ${field}`));
        }
        const report = await compareWindow(changed, sides);
        const found = report.disagreements
          .filter(({ severity }) => severity === "unsafe")
          .map(
            ({ type, document, fields }) => `${type} ${document} ${fields.map(({ name }) => name).join()}`,
          );
        expect(found.sort()).to.deep.equal(expected.sort());
        expect(report.losses).to.deep.equal([]);
        expect(report.verdict.integrity.passed).to.equal(k === 0);
      });
  });

  describe("of Legalesign's batch and realtime", () => {
    const channels = ["batch", "realtime"];
    const sides = { old: ["batch"], new: ["realtime"] };
    let window: Window;
    before(() => {
      window = aWindow({ documents: 10_000, channels, faults: FAULTS });
    });

    it("names exactly 500 altered codes, as what each side says instead", async () => {
      // One that was viewed in the second of its opening would look like a repeat of that.
      const opened = new Set(
        toldBy(window, channels)
          .filter(({ type }) => type === "signer.email_opened")
          .map(({ signer, time }) => `${signer} ${time}`),
      );
      const altered = sample(
        window,
        channels,
        500,
        ({ type, signer, time }) => type === "signer.viewed" && !opened.has(`${signer} ${time}`),
      );
      const changed = alterBatch(window, altered, (item) => ({ ...item, value: "15" }));
      const report = await compareWindow(changed, sides);
      const found = report.disagreements.filter(({ severity }) => severity === "unsafe");
      const named = found.map(({ document, signer, new: told }) => `${told?.type} ${document} ${signer}`);
      expect(named.sort()).to.deep.equal(namesOf(altered));
      for (const { fields } of found)
        expect(fields).to.deep.equal([{ name: "type", old: "signer.email_opened", new: "signer.viewed" }]);
      expect(report.losses).to.deep.equal([]);
    });

    for (const k of [1, 500])
      it(`names exactly ${k} altered times, and calls those unsafe that change the order`, async () => {
        const altered = sample(window, channels, k, ({ type }) => type === "signer.signed");
        const isEarly = new Map([...altered].map((one, index) => [one, index % 2 === 0]));
        const changed = alterJson(
          window,
          "realtime",
          (body, { happenings: [happening] }) => {
            body.created += happening && isEarly.get(happening) ? -86_400 : 600;
          },
          altered,
        );
        const report = await compareWindow(changed, { ...sides, settings: { tolerance: 2 * MINUTE } });
        const found = report.disagreements.filter(({ fields }) => fields.some(({ name }) => name === "time"));
        expect(found.map(nameOf).sort()).to.deep.equal(namesOf(altered));
        const unsafe = new Set(found.filter(({ severity }) => severity === "unsafe").map(nameOf));
        for (const [happening, early] of isEarly) if (early) expect(unsafe).to.include(nameOf(happening));
        expect(report.losses).to.deep.equal([]);
      });
  });
});
