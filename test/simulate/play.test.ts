import { expect } from "chai";
import { FAULTS } from "../../src/simulate/letter.ts";
import { type Answer, play, type Stage } from "../../src/simulate/play.ts";
import { type Post, postsOf } from "../../src/simulate/story.ts";
import { summarize, wentWell } from "../../src/simulate/summary.ts";
import { tellTruth } from "../../src/simulate/truth.ts";
import { stories } from "./stories.ts";

const OK: Answer = { status: 200, text: '{"receipt":"rcp_1","events":1,"duplicates":0,"problem":null}' };
const DOWN: Answer = { status: 503, text: "" };
const MINUTE = 60_000;

/** A world in which no time passes, that notes what is asked of it. */
function aStage(answer: (post: Post, nth: number) => Answer, given: Partial<Stage> = {}) {
  const waits: number[] = [];
  const sent: string[] = [];
  const stage: Stage = {
    signal: new AbortController().signal,
    async wait(ms) {
      waits.push(ms);
    },
    async post(post) {
      sent.push(post.id);
      return answer(post, sent.filter((id) => id === post.id).length);
    },
    ...given,
  };
  return { stage, waits, sent };
}

describe("a play", () => {
  it("sends every post once, in order, and nothing that is dropped", async () => {
    const all = stories({ faults: ["drop", "repeat"] });
    const { stage, sent, waits } = aStage(() => OK, { concurrency: 1 });
    await play(all, stage);
    const kept = postsOf(all).filter(({ faults }) => !faults.includes("drop"));
    expect(sent).to.deep.equal(kept.map(({ id }) => id));
    expect(waits).to.deep.equal([]);
  });

  it("has no more under way than it may, and of one lane one at a time", async () => {
    const flying: string[] = [];
    let most = 0;
    const { stage } = aStage(() => OK, {
      concurrency: 4,
      async post({ lane }) {
        expect(flying).not.to.include(lane);
        most = Math.max(most, flying.push(lane));
        await new Promise((resolve) => setImmediate(resolve));
        flying.splice(flying.indexOf(lane), 1);
        return OK;
      },
    });
    await play(stories({ faults: ["burst"] }), stage);
    expect(most).to.equal(4);
  });

  it("keeps to the rate, but sends at once what belongs to one instant", async () => {
    const steady = aStage(() => OK, { rate: 20 });
    await play(stories({ documents: 3 }), steady.stage);
    expect(new Set(steady.waits)).to.deep.equal(new Set([50]));
    expect(steady.waits).to.have.length(steady.sent.length);

    const all = stories({ documents: 3, faults: ["burst"] });
    const burst = aStage(() => OK, { rate: 20 });
    await play(all, burst.stage);
    const together = postsOf(all).filter(({ faults }) => faults.includes("burst")).length;
    expect(burst.waits).to.have.length(burst.sent.length - together + 1);
  });

  it("tries again on Lumin's schedule until it is taken, while the others go on", async () => {
    const [first] = postsOf(stories({ documents: 1 }));
    const { stage, waits, sent } = aStage((post, nth) => (post.id === first?.id && nth < 4 ? DOWN : OK));
    const played = await play(stories({ documents: 1 }), stage);
    expect(waits).to.deep.equal([5 * MINUTE, 15 * MINUTE, 45 * MINUTE]);
    expect(played[0]?.answers.map(({ status }) => status)).to.deep.equal([503, 503, 503, 200]);
    expect(sent.lastIndexOf(first?.id ?? "")).to.be.greaterThan(1);
  });

  it("gives up when the schedule has run out; in a hurry the waits are shorter", async () => {
    const one = stories({ documents: 1 });
    const { stage, waits } = aStage(() => ({ status: null, text: "refused" }), { hurry: 1_000 });
    const played = await play(one, stage);
    expect(played.every(({ answers }) => answers.length === 7)).to.equal(true);
    expect(Math.max(...waits)).to.equal((1_215 * MINUTE) / 1_000);
    const truth = tellTruth(one, played);
    expect(truth.filter((line) => line.kind === "happening" && line.told)).to.deep.equal([]);
    expect(wentWell(summarize(truth, played))).to.equal(false);
  });

  it("stops when it is told to, and says what was not sent", async () => {
    const stop = new AbortController();
    const { stage, sent } = aStage(
      () => {
        if (sent.length === 3) stop.abort();
        return OK;
      },
      { signal: stop.signal, concurrency: 1 },
    );
    const all = stories();
    const played = await play(all, stage);
    expect(sent).to.have.length(3);
    const { posts } = summarize(tellTruth(all, played), played);
    expect(posts.unsent).to.equal(posts.all - 3);
  });

  it("does not try a forged post again, and counts one that is taken", async () => {
    const all = stories({ faults: ["forge"] });
    const refusing = aStage(({ faults }) => (faults.length > 0 ? { status: 401, text: "" } : OK));
    const refused = await play(all, refusing.stage);
    expect(refusing.waits).to.deep.equal([]);
    expect(wentWell(summarize(tellTruth(all, refused), refused))).to.equal(true);

    const played = await play(all, aStage(() => OK).stage);
    const summary = summarize(tellTruth(all, played), played);
    expect(summary.posts.forged.taken).to.be.greaterThan(0);
    expect(wentWell(summary)).to.equal(false);
  });
});

describe("the truth about a play", () => {
  it("says of each happening whether it was told, dropped or cut, and by which posts", async () => {
    const all = stories({ documents: 60, faults: FAULTS });
    const played = await play(all, aStage(({ faults }) => (faults.includes("forge") ? DOWN : OK)).stage);
    const lines = tellTruth(all, played).filter((line) => line.kind === "happening");
    for (const { told, dropped, truncated } of lines)
      expect([told, dropped, truncated].filter(Boolean)).to.have.length(1);
    for (const what of ["told", "dropped", "truncated"] as const)
      expect(lines.some((line) => line[what])).to.equal(true);
    const posts = new Map(played.map(({ post }) => [post.id, post]));
    for (const line of lines.filter(({ told }) => told))
      expect(posts.get(line.posts[0] ?? "")?.documents).to.deep.equal([line.document]);
  });

  it("says which happenings the chosen channels have no word for", async () => {
    const all = stories({ provider: "legalesign", channels: ["upon"] });
    const played = await play(all, aStage(() => OK).stage);
    const truth = tellTruth(all, played);
    const { happenings } = summarize(truth, played);
    expect(happenings.untellable).to.be.greaterThan(0);
    expect(happenings.told + happenings.untellable).to.equal(happenings.all);
  });

  it("keeps the receipt's id and every answer of a post", async () => {
    const all = stories({ documents: 1 });
    const played = await play(all, aStage((_post, nth) => (nth === 1 ? DOWN : OK)).stage);
    const posts = tellTruth(all, played).filter((line) => line.kind === "post");
    expect(posts[0]).to.deep.include({ outcome: "taken", answers: [503, 200], receipt: "rcp_1" });
  });
});
