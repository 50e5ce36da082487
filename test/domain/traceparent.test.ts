import { expect } from "chai";
import { formatTraceparent, parseTraceparent, Traceparent } from "../../src/domain/traceparent.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("a traceparent", () => {
  it("is read as it is written", () => {
    for (const sampled of [true, false]) {
      const text = formatTraceparent({ traceId: TRACE, spanId: SPAN, sampled });
      expect(text).to.equal(`00-${TRACE}-${SPAN}-${sampled ? "01" : "00"}`);
      expect(parseTraceparent(text)).to.deep.equal({ traceId: TRACE, spanId: SPAN, sampled });
      expect(Traceparent.safeParse(text).success).to.equal(true);
    }
  });

  it("may have other flags, and a later version with more parts", () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-03`)).to.include({ sampled: true });
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)).to.include({ sampled: false });
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-comes`)).to.include({
      traceId: TRACE,
      sampled: true,
    });
  });

  for (const text of [
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01.more`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  ])
    it(`is not ${JSON.stringify(text)}`, () => {
      expect(parseTraceparent(text)).to.equal(null);
      expect(Traceparent.safeParse(text).success).to.equal(false);
    });
});
