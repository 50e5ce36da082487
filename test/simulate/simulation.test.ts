import { expect } from "chai";
import { evolve, unknownDocument } from "../../src/domain/document.ts";
import { dedupeKeyOf } from "../../src/domain/draft.ts";
import { meaningOf } from "../../src/domain/event.ts";
import { signerId } from "../../src/domain/identity.ts";
import type { Channel } from "../../src/inbound/channel.ts";
import { FAULTS, type Fault } from "../../src/simulate/planned-post.ts";
import {
  type ProviderName,
  type ProviderPost,
  postsOf,
  type SimulatedDocument,
} from "../../src/simulate/simulation.ts";
import { verifyRaw } from "../inbound/posts.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { configured, draftOf, readPost, requestOf, simulated } from "./simulated.ts";

const CHANNELS = { lumin: ["account", "app"], legalesign: ["upon", "batch", "realtime"] } as const;
const PROVIDER_NAMES = ["lumin", "legalesign"] as const;

const happeningsOf = (all: readonly SimulatedDocument[]) =>
  all.flatMap(({ happenings }) => happenings.map(({ happening }) => happening));
const withFault = (posts: readonly ProviderPost[], fault: Fault) =>
  posts.filter(({ faults }) => faults.includes(fault));

async function channelsOf(provider: ProviderName): Promise<Map<string, Channel>> {
  const all = CHANNELS[provider].map(async (name) => [name, await configured(provider, name)] as const);
  return new Map(await Promise.all(all));
}

function channelIn(channels: ReadonlyMap<string, Channel>, { channel }: ProviderPost): Channel {
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
    const all = simulated({ provider, channels: CHANNELS[provider], documents: 60 });
    const read = (post: ProviderPost) => readPost(post, channelIn(channels, post));

    it("gives equal documents for equal options, and others for another seed", () => {
      const options = { provider, faults: FAULTS, documents: 5 };
      expect(simulated(options)).to.deep.equal(simulated(options));
      expect(simulated({ ...options, seed: 2 })).not.to.deep.equal(simulated(options));
    });

    it("gives a document the same happenings among any number of others", () => {
      const few = simulated({ provider, documents: 2 }).map(({ happenings }) =>
        happenings.map(({ happening }) => happening),
      );
      const many = simulated({ provider, documents: 9 }).map(({ happenings }) =>
        happenings.map(({ happening }) => happening),
      );
      expect(many.slice(0, 2)).to.deep.equal(few);
    });

    it("makes posts that our mapping verifies and reads without a problem", () => {
      for (const post of postsOf(all)) expect(read(post).problems, post.body).to.deep.equal([]);
    });

    it("makes posts that our mapping reads as the type, document, signer and time of each happening", () => {
      const compared = new Set<string>();
      for (const post of postsOf(all)) {
        const { drafts } = read(post);
        const types = drafts.map(({ type }) => type);
        expect(types, post.id).to.deep.equal(post.happenings.map(({ type }) => type));
        for (const [index, { document, signer, time }] of drafts.entries()) {
          const happening = post.happenings[index];
          const shown = { document: document?.id ?? null, signer: signer?.id ?? null, time };
          for (const [name, value] of Object.entries(shown)) {
            if (value === null) continue;
            compared.add(name);
            expect(value, name).to.equal(happening?.[name as keyof typeof shown]);
          }
        }
      }
      // Lumin's posts list all signers, and name none.
      const named = provider === "lumin" ? ["document", "time"] : ["document", "signer", "time"];
      expect([...compared]).to.have.members(named);
    });

    it("has every ending, and reports every happening over some channel, after it happened", () => {
      const endings = new Set(all.map(({ state }) => state.status));
      expect([...endings]).to.include.members(["completed", "declined", "canceled"]);
      expect(endings.size).to.be.greaterThan(3);
      for (const { happenings } of all)
        for (const { happening, posts } of happenings) {
          expect(posts, happening.type).not.to.have.length(0);
          for (const { at } of posts) expect(at).to.be.greaterThan(happening.time);
        }
    });

    it("ends in the state that our own rules compute from its happenings", () => {
      for (const { happenings, state, document } of all) {
        const folded = happenings.reduce(
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

    it("gives each happening a dedupe key of its own", () => {
      const keys = happeningsOf(all).map((happening) => dedupeKeyOf(draftOf(happening, provider)));
      expect(new Set(keys).size).to.equal(keys.length);
    });

    for (const fault of FAULTS) {
      it(`injects ${fault} into some posts when asked to, and into none otherwise`, () => {
        expect(withFault(postsOf(simulated({ provider })), fault)).to.have.length(0);
        expect(withFault(postsOf(simulated({ provider, faults: [fault] })), fault)).not.to.have.length(0);
      });
    }

    it("forges posts that are refused, and that concern invented documents", () => {
      const documents = simulated({ provider, channels: CHANNELS[provider], faults: ["forge"] });
      const forged = withFault(postsOf(documents), "forge");
      expect(documents.flatMap((document) => document.forged)).to.have.length(forged.length);
      const ids = new Set(documents.map(({ document }) => document));
      for (const post of forged) {
        const channel = channelIn(channels, post);
        expect(verifyRaw(requestOf(post), channel)).to.have.property("refused");
        const { drafts } = readPost(post, { ...channel, checks: [] });
        expect(drafts).not.to.have.length(0);
        for (const { document } of drafts)
          expect(document === null || !ids.has(document.id), document?.id).to.equal(true);
      }
    });

    it("truncates bodies so that they are genuine, and give one problem and no event", () => {
      const cut = withFault(
        postsOf(simulated({ provider, documents: 99, faults: ["truncate"] })),
        "truncate",
      );
      expect(cut).not.to.have.length(0);
      for (const post of cut) {
        const { drafts, problems } = read(post);
        expect([drafts.length, problems.length], post.body).to.deep.equal([0, 1]);
      }
    });

    it("changes the order only of posts that it marks as reordered", () => {
      const posts = postsOf(simulated({ provider, faults: ["reorder"] }));
      const lanes = Map.groupBy(posts, ({ lane }) => lane).values();
      const times = [...lanes].map((lane) =>
        lane
          .filter(({ faults }) => faults.length === 0)
          .map(({ happenings }) => happenings.at(-1)?.time ?? 0),
      );
      for (const lane of times) expect(lane).to.deep.equal(lane.toSorted((a, b) => a - b));
      for (const { lane, at, happenings } of withFault(posts, "reorder")) {
        const overtakers = posts.filter((one) => one.lane === lane && one.at < at);
        expect(Math.max(...overtakers.map((one) => one.happenings.at(-1)?.time ?? 0))).to.be.at.least(
          happenings[0]?.time ?? 0,
        );
      }
    });

    it("sends a burst at one instant", () => {
      const burst = withFault(postsOf(simulated({ provider, faults: ["burst"] })), "burst");
      expect(new Set(burst.map(({ at }) => at)).size).to.equal(1);
      expect(burst.length).to.be.greaterThan(2);
    });
  });
}

describe("the simulated legalesign over three channels", () => {
  it("reports a happening under one dedupe key over every channel", async () => {
    const channels = await channelsOf("legalesign");
    const ids = new Map<string, Set<string>>();
    const over = new Map<string, Set<string>>();
    for (const post of postsOf(simulated({ provider: "legalesign", skew: 3_000 }))) {
      for (const draft of readPost(post, channelIn(channels, post)).drafts) {
        if (meaningOf(draft.type)?.happens !== "once") continue;
        const what = `${draft.type} ${draft.signer?.id ?? draft.document?.id}`;
        ids.set(what, (ids.get(what) ?? new Set()).add(dedupeKeyOf(draft)));
        over.set(what, (over.get(what) ?? new Set()).add(post.channel));
      }
    }
    for (const [what, found] of ids) expect(found.size, what).to.equal(1);
    expect(Math.max(...[...over.values()].map(({ size }) => size))).to.equal(3);
  });

  it("lets the realtime clock lag by no more than the skew", async () => {
    const channel = await configured("legalesign", "realtime");
    const posts = postsOf(simulated({ provider: "legalesign", channels: ["realtime"], skew: 3_000 }));
    const lags = posts.map(
      (post) => (readPost(post, channel).drafts[0]?.time ?? 0) - (post.happenings[0]?.time ?? 0),
    );
    expect([Math.min(...lags), Math.max(...lags)]).to.deep.equal([0, 3_000]);
  });

  it("puts several documents into a batch, in order, with ties, and signers without documents", async () => {
    const channel = await configured("legalesign", "batch");
    const batches = postsOf(simulated({ provider: "legalesign", channels: ["batch"] }));
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

  it("sends batches every six minutes, or at the given interval", () => {
    for (const every of [360_000, 2_000]) {
      const posts = postsOf(simulated({ provider: "legalesign", channels: ["batch"], every }));
      for (const { at, happenings } of posts) {
        expect((at - NEW_YEAR) % every).to.be.lessThan(1_000);
        const times = happenings.map(({ time }) => time);
        expect(Math.max(...times) - Math.min(...times)).to.be.lessThan(every);
      }
    }
  });
});

describe("the simulated lumin", () => {
  const bodies = postsOf(simulated({ documents: 60 })).map(({ body }) => JSON.parse(body));
  const requests = bodies.map((body) => body.signature_request);

  it("shows the state of all signers at that time, some of whom wait for others", () => {
    for (const body of bodies.filter(({ event }) => event.event_type === "signature_request_created"))
      expect(
        body.signature_request.signers.map((one: { is_approved: boolean }) => one.is_approved),
      ).to.deep.equal([false, false, false]);
    const signers = requests.flatMap((request) => request.signers);
    expect(signers.some((one) => one.status === "WAITING_FOR_OTHERS" && one.is_approved)).to.equal(true);
  });

  it("uses every variant that its documentation shows", () => {
    expect(requests.some(({ signers }) => "email" in signers[0])).to.equal(true);
    expect(requests.some(({ signers }) => "email_address" in signers[0])).to.equal(true);
    expect(requests.some((request) => "details_url" in request)).to.equal(true);
    expect(bodies.some((body) => "details_url" in body)).to.equal(true);
    expect(new Set(bodies.map(({ event }) => typeof event.event_time))).to.have.all.keys("number", "string");
  });
});
