import { expect } from "chai";
import { groundTruthOf } from "../../src/simulate/ground-truth.ts";
import { FAULTS } from "../../src/simulate/planned-post.ts";
import { type PostResponse, type SendOptions, sendAll } from "../../src/simulate/send.ts";
import { type ProviderPost, postsOf } from "../../src/simulate/simulation.ts";
import { isSuccess, summaryOf } from "../../src/simulate/summary.ts";
import { simulated } from "./simulated.ts";

const OK: PostResponse = {
  status: 200,
  text: '{"receipt":"rcp_1","events":1,"duplicates":0,"problem":null}',
};
const DOWN: PostResponse = { status: 503, text: "" };
const MINUTE = 60_000;

/** Options that wait for nothing, and record all waits and posts. */
function recordingOptions(
  answer: (post: ProviderPost, nth: number) => PostResponse,
  given: Partial<SendOptions> = {},
) {
  const waits: number[] = [];
  const sent: string[] = [];
  const options: SendOptions = {
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
  return { options, waits, sent };
}

describe("sending all posts", () => {
  it("sends every post once, in order, without the dropped ones", async () => {
    const all = simulated({ faults: ["drop", "repeat"] });
    const { options, sent, waits } = recordingOptions(() => OK, { concurrency: 1 });
    await sendAll(all, options);
    const sendable = postsOf(all).filter(({ faults }) => !faults.includes("drop"));
    expect(sent).to.deep.equal(sendable.map(({ id }) => id));
    expect(waits).to.deep.equal([]);
  });

  it("keeps to the concurrency, with one post of a lane at a time", async () => {
    const inFlight: string[] = [];
    let max = 0;
    const { options } = recordingOptions(() => OK, {
      concurrency: 4,
      async post({ lane }) {
        expect(inFlight).not.to.include(lane);
        max = Math.max(max, inFlight.push(lane));
        await new Promise((resolve) => setImmediate(resolve));
        inFlight.splice(inFlight.indexOf(lane), 1);
        return OK;
      },
    });
    await sendAll(simulated({ faults: ["burst"] }), options);
    expect(max).to.equal(4);
  });

  it("keeps to the rate, but sends posts of one instant together", async () => {
    const steady = recordingOptions(() => OK, { rate: 20 });
    await sendAll(simulated({ documents: 3 }), steady.options);
    expect(new Set(steady.waits)).to.deep.equal(new Set([50]));
    expect(steady.waits).to.have.length(steady.sent.length);

    const all = simulated({ documents: 3, faults: ["burst"] });
    const burst = recordingOptions(() => OK, { rate: 20 });
    await sendAll(all, burst.options);
    const together = postsOf(all).filter(({ faults }) => faults.includes("burst")).length;
    expect(burst.waits).to.have.length(burst.sent.length - together + 1);
  });

  it("retries on Lumin's schedule until the post is accepted, while it sends others", async () => {
    const [first = expect.fail("no post")] = postsOf(simulated({ documents: 1 }));
    const { options, waits, sent } = recordingOptions((post, nth) =>
      post.id === first.id && nth < 4 ? DOWN : OK,
    );
    const results = await sendAll(simulated({ documents: 1 }), options);
    expect(waits).to.deep.equal([5 * MINUTE, 15 * MINUTE, 45 * MINUTE]);
    expect(results[0]?.responses.map(({ status }) => status)).to.deep.equal([503, 503, 503, 200]);
    expect(sent.lastIndexOf(first.id)).to.be.greaterThan(1);
  });

  it("gives up at the end of the schedule, with delays divided by `hurry`", async () => {
    const one = simulated({ documents: 1 });
    const { options, waits } = recordingOptions(() => ({ status: null, text: "refused" }), { hurry: 1_000 });
    const results = await sendAll(one, options);
    expect(results.every(({ responses }) => responses.length === 7)).to.equal(true);
    expect(Math.max(...waits)).to.equal((1_215 * MINUTE) / 1_000);
    const truth = groundTruthOf(one, results);
    expect(truth.filter((line) => line.kind === "happening" && line.reported)).to.deep.equal([]);
    expect(isSuccess(summaryOf(truth, results))).to.equal(false);
  });

  it("stops when the signal is aborted, and counts the unsent posts", async () => {
    const stop = new AbortController();
    const { options, sent } = recordingOptions(
      () => {
        if (sent.length === 3) stop.abort();
        return OK;
      },
      { signal: stop.signal, concurrency: 1 },
    );
    const all = simulated();
    const results = await sendAll(all, options);
    expect(sent).to.have.length(3);
    const { posts } = summaryOf(groundTruthOf(all, results), results);
    expect(posts.unsent).to.equal(posts.all - 3);
  });

  it("does not retry a forged post, and counts one that is accepted", async () => {
    const all = simulated({ faults: ["forge"] });
    const refusing = recordingOptions(({ faults }) => (faults.length > 0 ? { status: 401, text: "" } : OK));
    const refused = await sendAll(all, refusing.options);
    expect(refusing.waits).to.deep.equal([]);
    expect(isSuccess(summaryOf(groundTruthOf(all, refused), refused))).to.equal(true);

    const results = await sendAll(all, recordingOptions(() => OK).options);
    const summary = summaryOf(groundTruthOf(all, results), results);
    expect(summary.posts.forged.accepted).to.be.greaterThan(0);
    expect(isSuccess(summary)).to.equal(false);
  });
});

describe("the ground truth", () => {
  it("marks each happening as reported, dropped or truncated, and names the posts", async () => {
    const all = simulated({ documents: 60, faults: FAULTS });
    const results = await sendAll(
      all,
      recordingOptions(({ faults }) => (faults.includes("forge") ? DOWN : OK)).options,
    );
    const lines = groundTruthOf(all, results).filter((line) => line.kind === "happening");
    for (const { reported, dropped, truncated } of lines)
      expect([reported, dropped, truncated].filter(Boolean)).to.have.length(1);
    for (const flag of ["reported", "dropped", "truncated"] as const)
      expect(lines.some((line) => line[flag])).to.equal(true);
    const posts = new Map(results.map(({ post }) => [post.id, post]));
    for (const line of lines.filter(({ reported }) => reported)) {
      const [post = expect.fail(`no post reported ${line.type}`)] = line.posts;
      expect(posts.get(post)?.documents).to.deep.equal([line.document]);
    }
  });

  it("counts the happenings that the chosen channels do not report", async () => {
    const all = simulated({ provider: "legalesign", channels: ["upon"] });
    const results = await sendAll(all, recordingOptions(() => OK).options);
    const truth = groundTruthOf(all, results);
    const { happenings } = summaryOf(truth, results);
    expect(happenings.unreportable).to.be.greaterThan(0);
    expect(happenings.reported + happenings.unreportable).to.equal(happenings.all);
  });

  it("has the receipt's id and the status of every attempt of a post", async () => {
    const all = simulated({ documents: 1 });
    const results = await sendAll(all, recordingOptions((_post, nth) => (nth === 1 ? DOWN : OK)).options);
    const posts = groundTruthOf(all, results).filter((line) => line.kind === "post");
    expect(posts[0]).to.deep.include({ outcome: "accepted", statuses: [503, 200], receipt: "rcp_1" });
  });
});
