import { expect } from "chai";
import { evolve, unknownDocument } from "../../src/domain/document.ts";
import { keyOf } from "../../src/domain/draft.ts";
import { meaningOf } from "../../src/domain/event.ts";
import { signerId } from "../../src/domain/identity.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import { verify } from "../../src/inbound/verify.ts";
import { FAULTS, type Fault } from "../../src/simulate/letter.ts";
import { type Post, type ProviderName, postsOf, type Story } from "../../src/simulate/story.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { armed, draftOf, readPost, requestOf, stories } from "./stories.ts";

const CHANNELS = { lumin: ["account", "app"], legalesign: ["upon", "batch", "realtime"] } as const;
const PROVIDER_NAMES = ["lumin", "legalesign"] as const;

const happeningsOf = (all: readonly Story[]) =>
  all.flatMap(({ told }) => told.map(({ happening }) => happening));
const withFault = (posts: readonly Post[], fault: Fault) =>
  posts.filter(({ faults }) => faults.includes(fault));
const bySignature = (type: string, document: string | undefined) => `${type} ${document ?? "?"}`;

async function channelsOf(provider: ProviderName): Promise<Map<string, Channel>> {
  const all = CHANNELS[provider].map(async (name) => [name, await armed(provider, name)] as const);
  return new Map(await Promise.all(all));
}

function channelIn(channels: ReadonlyMap<string, Channel>, { channel }: Post): Channel {
  const found = channels.get(channel);
  if (!found) throw new Error(`no channel ${channel}`);
  return found;
}

for (const provider of PROVIDER_NAMES) {
  describe(`the simulated ${provider}`, () => {
    let channels: Map<string, Channel>;
    before(async () => {
      channels = await channelsOf(provider);
    });
    const all = stories({ provider, channels: CHANNELS[provider], documents: 60 });
    const read = (post: Post) => readPost(post, channelIn(channels, post));

    it("plays the same stories when it is asked for the same, and others by another seed", () => {
      const wish = { provider, faults: FAULTS, documents: 5 };
      expect(stories(wish)).to.deep.equal(stories(wish));
      expect(stories({ ...wish, seed: 2 })).not.to.deep.equal(stories(wish));
    });

    it("tells a document's story alike, however many others there are", () => {
      const few = stories({ provider, documents: 2 }).map(({ told }) =>
        told.map(({ happening }) => happening),
      );
      const many = stories({ provider, documents: 9 }).map(({ told }) =>
        told.map(({ happening }) => happening),
      );
      expect(many.slice(0, 2)).to.deep.equal(few);
    });

    it("posts what our mapping takes for genuine and reads without a problem", () => {
      for (const post of postsOf(all)) expect(read(post).problems, post.body).to.deep.equal([]);
    });

    it("posts of each happening what our mapping reads as its type, document, signer and time", () => {
      for (const post of postsOf(all)) {
        const { drafts } = read(post);
        const types = drafts.map(({ type }) => type);
        expect(types, post.id).to.deep.equal(post.tells.map(({ type }) => type));
        for (const [index, { document, signer, time }] of drafts.entries()) {
          const happening = post.tells[index];
          if (document) expect(document.id).to.equal(happening?.document);
          if (signer) expect(signer.id).to.equal(happening?.signer);
          if (time !== null) expect(time).to.equal(happening?.time);
        }
      }
    });

    it("has every ending, and tells every happening over some channel, after it happened", () => {
      const endings = new Set(all.map(({ state }) => state.status));
      expect([...endings]).to.include.members(["completed", "declined", "canceled"]);
      expect(endings.size).to.be.greaterThan(3);
      for (const { told } of all)
        for (const { happening, posts } of told) {
          expect(posts, happening.type).not.to.have.length(0);
          for (const { at } of posts) expect(at).to.be.greaterThan(happening.time);
        }
    });

    it("ends as its happenings folded by our own rules do", () => {
      for (const { told, state, document } of all) {
        const folded = told.reduce(
          (known, { happening }) => evolve(known, draftOf(happening, provider), happening.time).document,
          unknownDocument(provider, document),
        );
        expect([folded.status, folded.downloadable]).to.deep.equal([state.status, state.downloadable]);
        const known = new Map(folded.signers.map(({ id, status }) => [id, status]));
        for (const { signer, status } of state.signers) {
          const id = provider === "lumin" ? signerId(document, signer) : signer;
          expect(known.get(id) ?? null).to.equal(status);
        }
      }
    });

    it("gives each happening an identity of its own", () => {
      const keys = happeningsOf(all).map((happening) => keyOf(draftOf(happening, provider)));
      expect(new Set(keys).size).to.equal(keys.length);
    });

    for (const fault of FAULTS) {
      it(`spoils some posts when asked to ${fault}, and none otherwise`, () => {
        expect(withFault(postsOf(stories({ provider })), fault)).to.have.length(0);
        expect(withFault(postsOf(stories({ provider, faults: [fault] })), fault)).not.to.have.length(0);
      });
    }

    it("forges posts that are refused, and would speak of documents that never were", () => {
      const spoilt = stories({ provider, channels: CHANNELS[provider], faults: ["forge"] });
      const forged = withFault(postsOf(spoilt), "forge");
      expect(spoilt.flatMap((story) => story.forged)).to.have.length(forged.length);
      const documents = new Set(spoilt.map(({ document }) => document));
      for (const post of forged) {
        const channel = channelIn(channels, post);
        expect(verify(requestOf(post), channel)).to.have.property("refused");
        const { drafts } = readPost(post, { ...channel, checks: [] });
        expect(drafts).not.to.have.length(0);
        for (const { document } of drafts) expect(documents.has(document?.id ?? "")).to.equal(false);
      }
    });

    it("cuts bodies so that they are genuine, and tell nothing but a problem", () => {
      const cut = withFault(postsOf(stories({ provider, documents: 99, faults: ["truncate"] })), "truncate");
      for (const post of cut) {
        const { drafts, problems } = read(post);
        expect([drafts.length, problems.length], post.body).to.deep.equal([0, 1]);
      }
    });

    it("lets a spoilt order differ from the true one only where it says so", () => {
      const posts = postsOf(stories({ provider, faults: ["reorder"] }));
      const lanes = Map.groupBy(posts, ({ lane }) => lane).values();
      const times = [...lanes].map((lane) =>
        lane.filter(({ faults }) => faults.length === 0).map(({ tells }) => tells.at(-1)?.time ?? 0),
      );
      for (const lane of times) expect(lane).to.deep.equal(lane.toSorted((a, b) => a - b));
      for (const { lane, at, tells } of withFault(posts, "reorder")) {
        const overtakers = posts.filter((one) => one.lane === lane && one.at < at);
        expect(Math.max(...overtakers.map((one) => one.tells.at(-1)?.time ?? 0))).to.be.at.least(
          tells[0]?.time ?? 0,
        );
      }
    });

    it("sends a burst at one instant", () => {
      const burst = withFault(postsOf(stories({ provider, faults: ["burst"] })), "burst");
      expect(new Set(burst.map(({ at }) => at)).size).to.equal(1);
      expect(burst.length).to.be.greaterThan(2);
    });
  });
}

describe("the simulated legalesign over three channels", () => {
  it("tells a happening that happens once under one id, whichever channel tells it", async () => {
    const channels = await channelsOf("legalesign");
    const ids = new Map<string, Set<string>>();
    const over = new Map<string, Set<string>>();
    for (const post of postsOf(stories({ provider: "legalesign", skew: 3_000 }))) {
      for (const draft of readPost(post, channelIn(channels, post)).drafts) {
        if (meaningOf(draft.type)?.happens !== "once") continue;
        const what = bySignature(draft.type, draft.signer?.id ?? draft.document?.id);
        ids.set(what, (ids.get(what) ?? new Set()).add(keyOf(draft)));
        over.set(what, (over.get(what) ?? new Set()).add(post.channel));
      }
    }
    for (const [what, found] of ids) expect(found.size, what).to.equal(1);
    expect(Math.max(...[...over.values()].map(({ size }) => size))).to.equal(3);
  });

  it("lets the realtime clock differ by no more than was asked for", async () => {
    const channel = await armed("legalesign", "realtime");
    const posts = postsOf(stories({ provider: "legalesign", channels: ["realtime"], skew: 3_000 }));
    const lags = posts.map(
      (post) => (readPost(post, channel).drafts[0]?.time ?? 0) - (post.tells[0]?.time ?? 0),
    );
    expect([Math.min(...lags), Math.max(...lags)]).to.deep.equal([0, 3_000]);
  });

  it("puts documents together into batches, in order, with ties, whose signers name no document", async () => {
    const channel = await armed("legalesign", "batch");
    const batches = postsOf(stories({ provider: "legalesign", channels: ["batch"] }));
    expect(Math.max(...batches.map(({ documents }) => documents.length))).to.be.greaterThan(1);
    const drafts = batches.map((post) => readPost(post, channel).drafts);
    for (const items of drafts) {
      const times = items.map(({ time }) => time ?? 0);
      expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    }
    const all = drafts.flat();
    expect(all.some(({ time }, index) => time === all[index + 1]?.time)).to.equal(true);
    expect(all.every(({ document, signer }) => (document === null) !== (signer === null))).to.equal(true);
  });

  it("sends batches every six minutes, or as often as asked", () => {
    for (const every of [360_000, 2_000]) {
      const posts = postsOf(stories({ provider: "legalesign", channels: ["batch"], every }));
      for (const { at, tells } of posts) {
        expect((at - NEW_YEAR) % every).to.be.lessThan(1_000);
        const times = tells.map(({ time }) => time);
        expect(Math.max(...times) - Math.min(...times)).to.be.lessThan(every);
      }
    }
  });
});

describe("the simulated lumin", () => {
  const bodies = postsOf(stories({ documents: 60 })).map(({ body }) => JSON.parse(body));
  const requests = bodies.map((body) => body.signature_request);

  it("shows all signers as they were then, whose signing waits for the others where there is an order", () => {
    for (const body of bodies.filter(({ event }) => event.event_type === "signature_request_created"))
      expect(
        body.signature_request.signers.map((one: { is_approved: boolean }) => one.is_approved),
      ).to.deep.equal([false, false, false]);
    const signers = requests.flatMap((request) => request.signers);
    expect(signers.some((one) => one.status === "WAITING_FOR_OTHERS" && one.is_approved)).to.equal(true);
  });

  it("writes in every way that its pages show", () => {
    expect(requests.some(({ signers }) => "email" in signers[0])).to.equal(true);
    expect(requests.some(({ signers }) => "email_address" in signers[0])).to.equal(true);
    expect(requests.some((request) => "details_url" in request)).to.equal(true);
    expect(bodies.some((body) => "details_url" in body)).to.equal(true);
    expect(new Set(bodies.map(({ event }) => typeof event.event_time))).to.have.all.keys("number", "string");
  });
});
